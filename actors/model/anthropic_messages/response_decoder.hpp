#pragma once

#include "actors/model/anthropic_messages/reasoning.hpp"
#include "actors/model/anthropic_messages/stream_event.hpp"
#include "actors/model/stream_decoder.hpp"
#include "actors/model/tool_calls.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::model::anthropic_messages {

/// Reads the stream of one message. Its last event is `message_stop`; the model says why it stopped
/// by `message_delta`.
///
///     message_start, (content_block_start, content_block_delta …, content_block_stop) …,
///     message_delta, message_stop; `ping` anywhere; `error` ends it
///
/// One block is open at a time. Blocks, deltas and events that we don't know are skipped, as the
/// API asks of its clients. Source: Anthropic's API documentation, "Streaming messages".
class response_decoder final : public stream_decoder {
public:
  explicit response_decoder(const config::provider_settings& provider) : stream_decoder(provider) {}

private:
  enum class block { none, text, thinking, redacted, tool, other };

  void take_event(std::string_view data, std::vector<model_event>& events) override;
  bool stopped() const override { return !stop_reason_.empty(); }
  void finish() override;

  void start_block();
  void add_delta(std::vector<model_event>& events);
  void add_thinking(std::vector<model_event>& events);
  void add_arguments(std::string_view piece);
  void close_block();
  void note_usage();

  std::string padded_; // simdjson reads past the end of what it parses.
  stream_event event_;
  std::string stop_reason_;
  tool_call_assembler tools_;
  reasoning_writer reasoning_;

  // The open block.
  block block_ = block::none;
  std::int64_t index_ = -1;
  std::string thinking_;
  std::string signature_; // Or the data of redacted thinking.
  std::string input_;     // What a tool call began with; counts when nothing follows.

  std::int64_t tool_number_ = -1; // Of the newest tool call.
  bool has_arguments_ = false;
};

} // namespace troupe::model::anthropic_messages
