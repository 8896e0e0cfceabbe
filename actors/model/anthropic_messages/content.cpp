#include "actors/model/anthropic_messages/content.hpp"

#include "actors/model/anthropic_messages/reasoning.hpp"
#include "actors/model/http_call.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>

namespace troupe::model::anthropic_messages {
namespace {

/// Stands for words that were nothing but white space.
constexpr std::string_view no_words = "(no text)";

bool is_object(std::string_view json) {
  boost::json::error_code failed;
  const auto parsed = boost::json::parse({json.data(), json.size()}, failed);
  return !failed && parsed.is_object();
}

/// Ids and names as the API takes them, [a-zA-Z0-9_-]; other providers are more liberal.
std::string plain_word(std::string_view word) {
  std::string out{word};
  std::ranges::replace_if(
      out,
      [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '_' || c == '-');
      },
      '_');
  return out;
}

/// One message: its role, and its content block by block.
class turn_writer {
public:
  turn_writer(std::string& out, std::string_view role) : out_(out) {
    out_ += R"({"role":")";
    out_ += role;
    out_ += R"(","content":[)";
  }
  /// Opens a block; `close` ends it.
  std::string& open(std::string_view type) {
    begin();
    out_ += R"({"type":")";
    out_ += type;
    out_ += "\",";
    return out_;
  }
  void close() { out_ += '}'; }
  void add_text(std::string_view text) {
    append_field(open("text"), "text", text);
    close();
  }
  void add_raw(std::string_view block) {
    begin();
    out_ += block;
  }
  bool empty() const { return first_; }
  /// Ends the message, marking its last block, which is the end of what is written so far.
  void finish(bool marked) {
    if (marked)
      out_.insert(out_.size() - 1, cache_mark);
    out_ += "]}";
  }

private:
  void begin() {
    if (!first_)
      out_ += ',';
    first_ = false;
  }
  std::string& out_;
  bool first_ = true;
};

void add_call(turn_writer& turn, const tool_call& call) {
  auto& out = turn.open("tool_use");
  append_field(out, "id", plain_word(call.id));
  out += ',';
  append_field(out, "name", plain_word(call.name));
  out += R"(,"input":)";
  if (is_object(call.arguments_json)) {
    out += call.arguments_json;
  } else {
    out += '{';
    append_field(out, "arguments", call.arguments_json);
    out += '}';
  }
  turn.close();
}

void add_result(turn_writer& turn, const prompt_message& message) {
  auto& out = turn.open("tool_result");
  append_field(out, "tool_use_id", plain_word(message.tool_call_id));
  if (!is_blank(message.text)) {
    out += ',';
    append_field(out, "content", message.text);
  }
  if (message.is_error)
    out += R"(,"is_error":true)";
  turn.close();
}

/// Text, thoughts and calls in the order in which the model gave them.
void add_answer(turn_writer& turn, const prompt_message& message, bool with_thoughts) {
  std::size_t text_at = 0;
  std::size_t call_at = 0;
  const auto go_to = [&](std::size_t text_end, std::size_t call_end) {
    text_end = std::min(text_end, message.text.size());
    call_end = std::min(call_end, message.tool_calls.size());
    if (text_at < text_end) {
      const auto piece = std::string_view{message.text}.substr(text_at, text_end - text_at);
      if (!is_blank(piece))
        turn.add_text(piece);
      text_at = text_end;
    }
    for (; call_at < call_end; ++call_at)
      add_call(turn, message.tool_calls[call_at]);
  };
  if (with_thoughts)
    for (const auto& thought : read_reasoning(message.reasoning)) {
      go_to(thought.text_before, thought.calls_before);
      turn.add_raw(thought.block);
    }
  go_to(message.text.size(), message.tool_calls.size());
}

bool is_answer(const prompt_message& message) {
  return message.role == role::assistant;
}

/// An answer without words and calls says nothing; the turns around it are one.
bool is_empty_answer(const prompt_message& message) {
  return is_answer(message) && message.tool_calls.empty() && is_blank(message.text);
}

/// Messages that become one: `begin` to `end`, all of one side.
struct turn_range {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool answer = false;
};

std::vector<turn_range> turns_of(const prompt_messages& messages) {
  std::vector<turn_range> turns;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (is_empty_answer(messages[i]))
      continue;
    const bool answer = is_answer(messages[i]);
    if (turns.empty() || turns.back().answer != answer)
      turns.push_back({i, i + 1, answer});
    turns.back().end = i + 1;
  }
  return turns;
}

void append_turn(std::string& out, const prompt_messages& messages, const turn_range& range,
                 std::size_t thoughts_from, bool marked) {
  turn_writer turn{out, range.answer ? "assistant" : "user"};
  for (auto i = range.begin; i < range.end; ++i) {
    const auto& message = messages[i];
    if (is_answer(message))
      add_answer(turn, message, i >= thoughts_from);
    else if (message.role == role::tool_result)
      add_result(turn, message);
    else if (!is_blank(message.text))
      turn.add_text(message.text);
  }
  if (turn.empty())
    turn.add_text(no_words);
  turn.finish(marked);
}

} // namespace

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

std::size_t round_start(const prompt_messages& messages) {
  std::size_t start = messages.size();
  while (start > 0 && messages[start - 1].role != role::user)
    --start;
  return start;
}

void append_messages(std::string& out, const prompt_messages& messages) {
  const auto turns = turns_of(messages);
  const auto thoughts_from = round_start(messages);
  const auto of_user = std::ranges::count(turns, false, &turn_range::answer);
  std::ptrdiff_t seen = 0;
  out += R"(,"messages":[)";
  for (std::size_t i = 0; i < turns.size(); ++i) {
    if (i > 0)
      out += ',';
    seen += turns[i].answer ? 0 : 1;
    const bool newest = !turns[i].answer && seen + 2 > of_user;
    append_turn(out, messages, turns[i], thoughts_from, newest);
  }
  out += ']';
}

} // namespace troupe::model::anthropic_messages
