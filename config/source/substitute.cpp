#include "config/source/substitute.hpp"

#include <algorithm>

namespace troupe::config {
namespace {

constexpr std::size_t secret_id_chars_max = 128;

bool starts_name(char c) {
  return (c >= 'A' && c <= 'Z') || c == '_';
}
bool continues_name(char c) {
  return starts_name(c) || (c >= '0' && c <= '9');
}

/// The name in a text that begins with `{NAME}`, else empty.
std::string_view braced_name(std::string_view text) {
  if (text.size() < 3 || text.front() != '{' || !starts_name(text[1]))
    return {};
  std::size_t end = 2;
  while (end < text.size() && continues_name(text[end]))
    ++end;
  return end < text.size() && text[end] == '}' ? text.substr(1, end - 1) : std::string_view{};
}

} // namespace

substituted substitute(std::string_view text, const environment& variables) {
  substituted out;
  while (!text.empty()) {
    const auto dollar = text.find('$');
    out.text += text.substr(0, dollar);
    if (dollar == std::string_view::npos)
      break;
    text.remove_prefix(dollar);
    const bool escaped = text.starts_with("$$");
    const auto name = braced_name(text.substr(escaped ? 2 : 1));
    if (name.empty()) {
      out.text += '$';
      text.remove_prefix(1);
      continue;
    }
    const auto reference = text.substr(escaped ? 1 : 0, name.size() + 3);
    text.remove_prefix(reference.size() + (escaped ? 1 : 0));
    const auto value = escaped ? std::nullopt : variables.find(std::string(name));
    out.text += value ? std::string_view(*value) : reference;
    if (!escaped && !value)
      out.missing.emplace_back(name);
  }
  return out;
}

std::string_view whole_reference(std::string_view text) {
  if (!text.starts_with('$'))
    return {};
  text.remove_prefix(1);
  if (text.starts_with('{') && text.ends_with('}'))
    text = text.substr(1, text.size() - 2);
  return is_env_secret_id(text) ? text : std::string_view{};
}

bool is_env_secret_id(std::string_view id) {
  return !id.empty() && id.size() <= secret_id_chars_max && id.front() != '_' &&
         starts_name(id.front()) && std::ranges::all_of(id, continues_name);
}

} // namespace troupe::config
