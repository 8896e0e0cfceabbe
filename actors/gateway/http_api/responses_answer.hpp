#pragma once

#include "actors/gateway/http_api/answer_writer.hpp"
#include "actors/gateway/json_writer.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::gateway::http_api {

/// Answers of POST /v1/responses: a response, or its events.
class responses_answer final : public answer_writer {
public:
  struct facts {
    std::string id;         ///< "resp_<uuid>"
    std::string message_id; ///< "msg_<uuid>"
    std::string model;      ///< As the caller wrote it.
    std::int64_t created_s = 0;
  };
  explicit responses_answer(facts about) : about_(std::move(about)) {}

  net::http_response whole(const run_outcome& outcome) override;
  net::http_response failed(const api_error& why) override;
  std::string begin() override;
  std::string text(std::string_view piece) override;
  std::string end(const run_outcome& outcome) override;
  std::string broken(const api_error& why) override;

private:
  enum class state { in_progress, completed, incomplete, failed };
  /// The response as it stands: `output` is a JSON array.
  std::string response(state now, std::string_view output, const run_outcome& outcome,
                       const api_error* why = nullptr) const;
  std::string message_item(std::string_view text) const;
  std::string call_item(std::size_t index, const tables::tool_call& call) const;
  std::string output_of(std::string_view text, const run_outcome& outcome) const;
  std::string begin_message();
  std::string end_message() const;
  std::string tell_call(std::size_t output_index, std::size_t index,
                        const tables::tool_call& call) const;
  /// Opens an event of the message's text: what follows is up to the caller.
  json_writer text_event(std::string_view type) const;

  facts about_;
  std::string told_; ///< Text in events so far.
  bool message_begun_ = false;
};

} // namespace troupe::gateway::http_api
