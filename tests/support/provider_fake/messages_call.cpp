#include "tests/support/provider_fake/chat_call.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace troupe::test {
namespace {

namespace json = boost::json;

constexpr unsigned cache_marks_max = 4;

std::string text_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{};
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

class messages_reader {
public:
  std::optional<chat_call> read(const std::string& body, std::string& wrong) {
    json::error_code failed;
    const auto parsed = json::parse(body, failed);
    if (failed || !parsed.is_object()) {
      wrong = "not a JSON object";
      return {};
    }
    out_.api = chat_api::anthropic;
    read_top(parsed.get_object());
    wrong = wrong_;
    return wrong_.empty() ? std::optional{std::move(out_)} : std::nullopt;
  }

private:
  void refuse(std::string why) {
    if (wrong_.empty())
      wrong_ = std::move(why);
  }

  void read_top(const json::object& top) {
    out_.model = text_at(top, "model");
    out_.has_tools = top.contains("tools");
    out_.thinks = top.contains("thinking");
    const auto* tokens = top.if_contains("max_tokens");
    if (tokens == nullptr || !tokens->is_int64() || tokens->get_int64() < 1)
      refuse("max_tokens: Field required");
    if (const auto* system = top.if_contains("system"); system != nullptr && system->is_array())
      for (const auto& block : system->get_array())
        count_mark(block.as_object());
    const auto* messages = top.if_contains("messages");
    if (messages == nullptr || !messages->is_array() || messages->get_array().empty())
      return refuse("messages: Field required");
    for (const auto& message : messages->get_array())
      read_message(message.as_object());
    if (!open_.empty())
      refuse("tool_use ids were found without tool_result blocks");
    if (out_.cache_marks > cache_marks_max)
      refuse("a maximum of 4 blocks with cache_control may be provided");
  }

  void count_mark(const json::object& block) {
    out_.cache_marks += block.contains("cache_control") ? 1u : 0u;
  }

  void read_message(const json::object& message) {
    const bool answer = text_at(message, "role") == "assistant";
    if (answer == was_answer_)
      refuse(fmt::format("messages.{}: roles must alternate, beginning with user", out_.messages));
    was_answer_ = answer;
    ++out_.messages;
    const auto* content = message.if_contains("content");
    if (content == nullptr || !content->is_array() || content->get_array().empty())
      return refuse("messages: content must be non-empty");
    results_over_ = false;
    std::string words;
    for (const auto& block : content->get_array())
      read_block(block.as_object(), words);
    if (!answer && !open_.empty())
      refuse("tool_use ids were found without tool_result blocks immediately after");
    if (!answer && !words.empty()) {
      out_.user_text = std::move(words);
      out_.tool_results.clear();
      out_.thoughts.clear();
      out_.rounds = 0;
    }
    out_.rounds += answer && !open_.empty() ? 1u : 0u;
  }

  void read_block(const json::object& block, std::string& words) {
    const auto type = text_at(block, "type");
    count_mark(block);
    if (type == "text") {
      results_over_ = true;
      if (is_blank(text_at(block, "text")))
        refuse("messages: text content blocks must contain non-whitespace text");
      if (!was_answer_)
        words += text_at(block, "text");
    } else if (type == "thinking") {
      out_.thoughts.push_back(text_at(block, "signature"));
    } else if (type == "redacted_thinking") {
      out_.thoughts.push_back(text_at(block, "data"));
    } else if (type == "tool_use" && was_answer_) {
      if (const auto* input = block.if_contains("input"); input == nullptr || !input->is_object())
        refuse("tool_use.input: Input should be a valid dictionary");
      open_.push_back(text_at(block, "id"));
    } else if (type == "tool_result" && !was_answer_) {
      read_result(block);
    } else {
      refuse("messages: unexpected block " + type);
    }
  }

  void read_result(const json::object& block) {
    const auto asked = std::ranges::find(open_, text_at(block, "tool_use_id"));
    if (results_over_ || asked == open_.end())
      return refuse("unexpected tool_use_id found in tool_result blocks");
    open_.erase(asked);
    out_.tool_results.push_back(text_at(block, "content"));
  }

  chat_call out_;
  std::string wrong_;
  std::vector<std::string> open_;
  bool was_answer_ = true;
  bool results_over_ = false;
};

} // namespace

std::optional<chat_call> read_messages_call(const std::string& body, std::string& wrong) {
  return messages_reader{}.read(body, wrong);
}

} // namespace troupe::test
