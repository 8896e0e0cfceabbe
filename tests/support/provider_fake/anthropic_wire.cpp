#include "tests/support/provider_fake/wire.hpp"

#include <fmt/format.h>

namespace troupe::test {
namespace {

std::string_view stop_reason_of(std::string_view finish) {
  if (finish == "stop")
    return "end_turn";
  if (finish == "tool_calls")
    return "tool_use";
  return finish == "length" ? "max_tokens" : finish;
}

std::string_view type_of(unsigned status) {
  switch (status) {
  case 400:
    return "invalid_request_error";
  case 401:
    return "authentication_error";
  case 429:
    return "rate_limit_error";
  case 529:
    return "overloaded_error";
  default:
    return "api_error";
  }
}

class anthropic_wire final : public wire {
public:
  std::string begin(const chat_call& call) override {
    const auto prompt = call.messages * 10;
    return event("message_start",
                 fmt::format(R"({{"type":"message_start","message":{{"id":"msg_fake",)"
                             R"("type":"message","role":"assistant","model":"fake","content":[],)"
                             R"("stop_reason":null,"stop_sequence":null,"usage":{{)"
                             R"("input_tokens":{},"cache_creation_input_tokens":3,)"
                             R"("cache_read_input_tokens":2,"output_tokens":1}}}}}})",
                             prompt)) +
           event("ping", R"({"type":"ping"})");
  }
  std::string text(std::string_view piece) override {
    std::string out;
    if (!in_text_)
      out = start(R"({"type":"text","text":""})");
    in_text_ = true;
    return out + delta(R"({"type":"text_delta","text":)" + quoted(piece) + "}");
  }
  std::string thought(std::string_view text, std::string_view signature) override {
    auto out = close_text();
    out += start(R"({"type":"thinking","thinking":"","signature":""})");
    out += delta(R"({"type":"thinking_delta","thinking":)" + quoted(text) + "}");
    out += delta(R"({"type":"signature_delta","signature":)" + quoted(signature) + "}");
    return out + stop();
  }
  std::string tool_calls(std::string_view name, std::string_view arguments, unsigned count,
                         unsigned round) override {
    auto out = close_text();
    for (unsigned i = 0; i < count; ++i) {
      out += start(fmt::format(R"({{"type":"tool_use","id":"toolu_{}_{}","name":{},"input":{{}}}})",
                               round, i, quoted(name)));
      // In two pieces behind an empty one, as the real service cuts them.
      const auto half = arguments.size() / 2;
      for (const auto piece :
           {std::string_view{}, arguments.substr(0, half), arguments.substr(half)})
        out += delta(R"({"type":"input_json_delta","partial_json":)" + quoted(piece) + "}");
      out += stop();
    }
    return out;
  }
  std::string end(const chat_call&, std::string_view finish, std::size_t output) override {
    return close_text() +
           event("message_delta",
                 fmt::format(R"({{"type":"message_delta","delta":{{"stop_reason":{},)"
                             R"("stop_sequence":null}},"usage":{{"output_tokens":{}}}}})",
                             quoted(stop_reason_of(finish)), output)) +
           event("message_stop", R"({"type":"message_stop"})") + std::string{last_chunk};
  }
  std::string overloaded() override {
    return event("error", refusal(529, "Overloaded")) + std::string{last_chunk};
  }
  std::string refusal(unsigned status, std::string_view message) const override {
    return fmt::format(R"({{"type":"error","error":{{"type":{},"message":{}}},)"
                       R"("request_id":"req_fake"}})",
                       quoted(type_of(status)), quoted(message));
  }

private:
  std::string start(std::string_view block) {
    return event("content_block_start",
                 fmt::format(R"({{"type":"content_block_start","index":{},"content_block":{}}})",
                             ++index_, block));
  }
  std::string delta(std::string_view delta) const {
    return event(
        "content_block_delta",
        fmt::format(R"({{"type":"content_block_delta","index":{},"delta":{}}})", index_, delta));
  }
  std::string stop() const {
    return event("content_block_stop",
                 fmt::format(R"({{"type":"content_block_stop","index":{}}})", index_));
  }
  std::string close_text() {
    const bool open = in_text_;
    in_text_ = false;
    return open ? stop() : std::string{};
  }

  int index_ = -1;
  bool in_text_ = false;
};

} // namespace

std::unique_ptr<wire> make_anthropic_wire() {
  return std::make_unique<anthropic_wire>();
}

} // namespace troupe::test
