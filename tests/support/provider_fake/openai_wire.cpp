#include "tests/support/provider_fake/wire.hpp"

#include <fmt/format.h>

namespace troupe::test {
namespace {

std::string delta(std::string_view members, std::string_view finish = "null") {
  return event(fmt::format(R"({{"id":"chatcmpl-fake","object":"chat.completion.chunk",)"
                           R"("created":1,"model":"fake","choices":[{{"index":0,"delta":{{{}}},)"
                           R"("finish_reason":{}}}]}})",
                           members, finish));
}

std::string usage_event(std::size_t prompt, std::size_t output) {
  return event(fmt::format(R"({{"id":"chatcmpl-fake","object":"chat.completion.chunk",)"
                           R"("created":1,"model":"fake","choices":[],"usage":{{)"
                           R"("prompt_tokens":{},"completion_tokens":{},"total_tokens":{}}}}})",
                           prompt, output, prompt + output));
}

class openai_wire final : public wire {
public:
  std::string begin(const chat_call&) override {
    return delta(R"("role":"assistant","content":"")");
  }
  std::string text(std::string_view piece) override {
    return delta("\"content\":" + quoted(piece));
  }
  std::string thought(std::string_view, std::string_view) override { return {}; }
  std::string tool_calls(std::string_view name, std::string_view arguments, unsigned count,
                         unsigned round) override {
    std::string out;
    for (unsigned i = 0; i < count; ++i) {
      out += delta(fmt::format(R"("tool_calls":[{{"index":{},"id":"call_{}_{}","type":"function",)"
                               R"("function":{{"name":{},"arguments":""}}}}])",
                               i, round, i, quoted(name)));
      // In two pieces, as real providers cut them.
      const auto half = arguments.size() / 2;
      for (const auto piece : {arguments.substr(0, half), arguments.substr(half)})
        out += delta(fmt::format(R"("tool_calls":[{{"index":{},"function":{{"arguments":{}}}}}])",
                                 i, quoted(piece)));
    }
    return out;
  }
  std::string end(const chat_call& call, std::string_view finish, std::size_t output) override {
    return delta("", quoted(finish)) + usage_event(call.messages * 10, output) + event("[DONE]") +
           std::string{last_chunk};
  }
  std::string overloaded() override {
    return event(R"({"error":{"message":"Overloaded","code":503}})") + std::string{last_chunk};
  }
  std::string refusal(unsigned, std::string_view message) const override {
    return fmt::format(R"({{"error":{{"message":{},"type":"fake","code":null}}}})",
                       quoted(message));
  }
};

} // namespace

std::unique_ptr<wire> make_openai_wire() {
  return std::make_unique<openai_wire>();
}

} // namespace troupe::test
