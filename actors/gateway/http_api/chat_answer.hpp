#pragma once

#include "actors/gateway/http_api/answer_writer.hpp"

#include <string>

namespace troupe::gateway::http_api {

/// Answers of POST /v1/chat/completions: a chat.completion, or chat.completion.chunk events.
class chat_answer final : public answer_writer {
public:
  struct facts {
    std::string id;    ///< "chatcmpl_<uuid>"
    std::string model; ///< As the caller wrote it.
    std::int64_t created_s = 0;
    bool include_usage = false;
  };
  explicit chat_answer(facts about) : about_(std::move(about)) {}

  net::http_response whole(const run_outcome& outcome) override;
  net::http_response failed(const api_error& why) override;
  std::string begin() override;
  std::string text(std::string_view piece) override;
  std::string end(const run_outcome& outcome) override;
  std::string broken(const api_error& why) override;

private:
  /// One chunk with this delta (JSON) and finish reason; empty: null.
  std::string chunk(std::string_view delta, std::string_view finish_reason) const;

  facts about_;
};

} // namespace troupe::gateway::http_api
