#include "actors/model/demo/demo.hpp"

#include "base/text.hpp"
#include "net/frames/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace troupe::model::demo {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds word_delay{20};
constexpr milliseconds slow_word_delay{250};
constexpr milliseconds slow_default{10'000};
constexpr std::size_t quote_bytes_max = 2'000;
constexpr std::string_view blank = " \t\r\n";
constexpr std::string_view introduction =
    "I am Troupe's built-in demo model: no provider key is configured, so I do not understand "
    "what you write. Try \"what time is it?\", \"list files\", \"read <file>\", \"what did I "
    "say?\" or \"/slow 10s\"; to talk to a real model, add one under models.providers in the "
    "configuration.";

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Cut between UTF-8 sequences, and said so.
std::string excerpt(std::string_view text) {
  if (text.size() <= quote_bytes_max)
    return std::string{text};
  auto end = quote_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
    --end;
  return fmt::format("{}… ({} bytes in all)", text.substr(0, end), text.size());
}

// Each piece is a word with the blanks behind it, so that the pieces joined are the text.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    auto end = std::min(text.find_first_of(blank), text.size());
    end = std::min(text.find_first_not_of(blank, end), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

std::string_view next_word(std::string_view text) {
  const auto begin = std::min(text.find_first_not_of(blank), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_first_of(blank));
}

// The text behind `word`, where it stands as a word of its own.
std::optional<std::string_view> behind_word(std::string_view text, std::string_view word) {
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const auto end = at + word.size();
    if ((at == 0 || contains(blank, text.substr(at - 1, 1))) &&
        (end == text.size() || contains(blank, text.substr(end, 1))))
      return text.substr(end);
  }
  return {};
}

std::optional<milliseconds> slow_wish(std::string_view text) {
  const auto behind = behind_word(text, "/slow");
  if (!behind)
    return {};
  const auto word = next_word(*behind);
  std::uint32_t count = 0;
  const auto [unit, failed] = std::from_chars(word.data(), word.data() + word.size(), count);
  if (failed != std::errc{})
    return slow_default;
  const auto suffix = word.substr(static_cast<std::size_t>(unit - word.data()));
  const milliseconds wish = suffix == "ms"  ? milliseconds{count}
                            : suffix == "m" ? std::chrono::minutes{count}
                                            : milliseconds{std::chrono::seconds{count}};
  return std::min(wish, slow_max);
}

// "read notes.md", "could you read ./notes.md?"; not "I read a book".
std::string file_wish(std::string_view text) {
  const auto behind = behind_word(to_lower(text), "read");
  if (!behind)
    return {};
  const auto begin = text.size() - behind->size();
  auto word = next_word(text.substr(begin));
  while (!word.empty() && contains("\"'`", word.substr(0, 1)))
    word.remove_prefix(1);
  while (!word.empty() && contains("\"'`?!.,;:", word.substr(word.size() - 1)))
    word.remove_suffix(1);
  const bool command = to_lower(next_word(text)) == "read";
  return command || contains(word, ".") ? std::string{word} : std::string{};
}

struct tool_wish {
  std::string name;
  std::string arguments_json = "{}";
};

std::string path_argument(std::string_view path) {
  return "{\"path\":" + net::frames::json_string(path) + "}";
}

std::optional<tool_wish> tool_wish_of(std::string_view text) {
  const auto plain = to_lower(text);
  if (contains(plain, "what time") || contains(plain, "the time"))
    return tool_wish{"session_status"};
  if (contains(plain, "list") && contains(plain, "file"))
    return tool_wish{"ls", path_argument(".")};
  if (const auto file = file_wish(text); !file.empty())
    return tool_wish{"read", path_argument(file)};
  return {};
}

class planner {
public:
  explicit planner(const model_request& request) : request_(request) {}

  demo_plan run() {
    const auto last = request_.messages.empty() ? prompt_message{} : request_.messages.back();
    if (last.role == role::tool_result)
      say(tell_tool_results());
    else if (const auto slow = slow_wish(last.text))
      count_out(*slow);
    else if (const auto wish = tool_wish_of(last.text))
      use_tool(*wish);
    else if (contains(to_lower(last.text), "what did i say"))
      say(recall());
    else
      say(fmt::format("You said: \"{}\". {}", excerpt(last.text), introduction));
    close();
    return std::move(plan_);
  }

private:
  std::string name_of(std::string_view call_id) const {
    for (auto after = request_.messages.size(); after > 0; --after)
      for (const auto& call : request_.messages[after - 1].tool_calls)
        if (call.id == call_id)
          return call.name;
    return "the tool";
  }

  std::string tell_tool_results() const {
    auto first = request_.messages.end();
    while (first != request_.messages.begin() && std::prev(first)->role == role::tool_result)
      --first;
    std::string out = "I asked, and here is the answer.";
    for (; first != request_.messages.end(); ++first)
      out += fmt::format("\n\n{} {}:\n{}", name_of(first->tool_call_id),
                         first->is_error ? "failed" : "says", excerpt(first->text));
    return out;
  }

  std::string recall() const {
    bool current = true;
    for (auto after = request_.messages.size(); after > 0; --after) {
      const auto& message = request_.messages[after - 1];
      if (message.role != role::user)
        continue;
      if (!current)
        return fmt::format("Before this you said: \"{}\". (I am the demo model: I quote, I do not "
                           "understand.)",
                           excerpt(message.text));
      current = false;
    }
    return "This is the first thing you said to me in this conversation.";
  }

  void say(const std::string& text) {
    for (auto& word : words_of(text))
      plan_.steps.push_back({word_delay, text_delta{std::move(word)}});
    plan_.result.text = text;
  }

  // The delays add up to exactly `total`.
  void count_out(milliseconds total) {
    const auto count = std::max<milliseconds::rep>(1, total / slow_word_delay);
    for (milliseconds::rep i = 1; i <= count; ++i) {
      auto word = fmt::format("{}{}", i, i == count ? ". Done, slowly." : " ");
      plan_.result.text += word;
      plan_.steps.push_back(
          {total * i / count - total * (i - 1) / count, text_delta{std::move(word)}});
    }
  }

  void use_tool(const tool_wish& wish) {
    const bool offered =
        std::any_of(request_.tools.begin(), request_.tools.end(),
                    [&](const tool_definition& tool) { return tool.name == wish.name; });
    if (!offered)
      return say(fmt::format("For that I would need the tool \"{}\", which I was not given. {}",
                             wish.name, introduction));
    // The place in the conversation makes the id unique in it and the same on a second attempt.
    const tool_call call{fmt::format("demo_call_{}", request_.messages.size()), wish.name,
                         wish.arguments_json};
    plan_.result.tool_calls.push_back(call);
    plan_.steps.push_back({word_delay, tool_call_complete{call}});
  }

  // There is no tokenizer: four bytes are about one token.
  void close() {
    auto& result = plan_.result;
    std::size_t prompt_bytes = request_.system.size();
    for (const auto& message : request_.messages)
      prompt_bytes += message.text.size();
    result.usage.input = prompt_bytes / 4 + 1;
    result.usage.output = result.text.size() / 4 + 1;
    result.stop_reason = result.tool_calls.empty() ? stop_reason::stop : stop_reason::tool_use;
    plan_.steps.push_back({milliseconds{0}, result.usage});
    plan_.steps.push_back({milliseconds{0}, finished{result.stop_reason}});
  }

  const model_request& request_;
  demo_plan plan_;
};

} // namespace

demo_plan plan(const model_request& request) {
  return planner{request}.run();
}

} // namespace troupe::model::demo
