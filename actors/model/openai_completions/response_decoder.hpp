#pragma once

#include "actors/model/openai_completions/chunk.hpp"
#include "actors/model/stream_decoder.hpp"
#include "actors/model/tool_calls.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::model::openai_completions {

/// Reads a stream of `chat.completion.chunk`. Its last event is `[DONE]`; the model says why it
/// stopped by `finish_reason`.
class response_decoder final : public stream_decoder {
public:
  explicit response_decoder(const config::provider_settings& provider) : stream_decoder(provider) {}

private:
  void take_event(std::string_view data, std::vector<model_event>& events) override;
  bool stopped() const override { return !finish_reason_.empty(); }
  void finish() override;
  void take_chunk(std::string_view json, std::vector<model_event>& events);

  std::string padded_; // simdjson reads past the end of what it parses.
  chunk chunk_;
  tool_call_assembler tools_;
  std::string finish_reason_;
};

} // namespace troupe::model::openai_completions
