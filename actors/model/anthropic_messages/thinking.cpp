#include "actors/model/anthropic_messages/thinking.hpp"

#include "actors/model/anthropic_messages/content.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace troupe::model::anthropic_messages {
namespace {

constexpr std::uint32_t budget_min = 1'024; // The API's.
constexpr std::uint32_t budget_max = 16'384;
constexpr unsigned version_number_max = 99; // What is larger is the date of a model.

/// Takes the next number of an id's "-3-7-sonnet-20250219"; words are skipped. False: no more.
bool take_number(std::string_view& rest, unsigned& out) {
  while (!rest.empty()) {
    const auto digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    if (digits > 0 && std::from_chars(rest.data(), rest.data() + digits, out).ec == std::errc{}) {
      rest.remove_prefix(digits);
      return out <= version_number_max;
    }
    rest.remove_prefix(std::max<std::size_t>(digits, 1));
  }
  return false;
}

/// Calls of the open round whose thoughts are gone: of another provider, or too long to be kept.
bool lacks_thoughts(const model_request& request) {
  const auto& messages = request.messages;
  return std::any_of(messages.begin() + static_cast<std::ptrdiff_t>(round_start(messages)),
                     messages.end(), [](const prompt_message& message) {
                       return !message.tool_calls.empty() && message.reasoning.empty();
                     });
}

} // namespace

bool thinks_as_it_likes(std::string_view model_id) {
  constexpr std::string_view family = "claude-";
  const auto at = model_id.find(family);
  if (at == std::string_view::npos)
    return false;
  auto rest = model_id.substr(at + family.size());
  unsigned major = 0;
  unsigned minor = 0;
  if (!take_number(rest, major))
    return true; // Without a number: newer than the rule that says where it stands.
  if (rest.empty() || (rest.front() != '-' && rest.front() != '.') || !take_number(rest, minor))
    minor = 0;
  return major > 4 || (major == 4 && minor >= 6);
}

void append_thinking(std::string& out, const model_request& request,
                     const config::model_settings& model, std::uint32_t answer_tokens) {
  if (!model.reasoning)
    return;
  if (thinks_as_it_likes(request.model)) {
    out += R"(,"thinking":{"type":"adaptive"})";
    return;
  }
  const auto budget = std::min(answer_tokens / 2, budget_max);
  if (budget >= budget_min && !lacks_thoughts(request))
    fmt::format_to(std::back_inserter(out),
                   R"(,"thinking":{{"type":"enabled","budget_tokens":{}}})", budget);
}

} // namespace troupe::model::anthropic_messages
