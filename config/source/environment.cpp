#include "config/source/environment.hpp"

#include "base/text.hpp"

#include <cstdlib>

namespace troupe::config {
namespace {

std::optional<std::string> from_process(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

bool is_variable_name(std::string_view name) {
  const auto starts = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  };
  if (name.empty() || !starts(name.front()))
    return false;
  for (const char c : name)
    if (!starts(c) && !(c >= '0' && c <= '9'))
      return false;
  return true;
}

/// The text of a double-quoted value from behind its opening quote; nothing if it does not close.
std::optional<std::string> double_quoted(std::string_view text) {
  constexpr std::string_view letters = "nrt";
  constexpr std::string_view meanings = "\n\r\t";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"')
      return out;
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char escaped = text[++i];
    const auto known = letters.find(escaped);
    out += known == std::string_view::npos ? escaped : meanings[known];
  }
  return std::nullopt;
}

std::optional<std::string> value_of(std::string_view text) {
  if (text.starts_with('"'))
    return double_quoted(text.substr(1));
  if (text.starts_with('\'')) {
    const auto end = text.find('\'', 1);
    if (end == std::string_view::npos)
      return std::nullopt;
    return std::string(text.substr(1, end - 1));
  }
  if (text.starts_with('#'))
    return std::string();
  return std::string(trimmed(text.substr(0, text.find(" #"))));
}

bool parse_line(std::string_view line, environment::variables& out) {
  constexpr std::string_view export_word = "export ";
  if (line.starts_with(export_word))
    line = trimmed(line.substr(export_word.size()));
  const auto equals = line.find('=');
  if (equals == std::string_view::npos)
    return false;
  const auto name = trimmed(line.substr(0, equals));
  auto value = value_of(trimmed(line.substr(equals + 1)));
  if (!is_variable_name(name) || !value)
    return false;
  out.insert_or_assign(std::string(name), std::move(*value));
  return true;
}

} // namespace

environment::environment(lookup process) : process_(process ? std::move(process) : from_process) {}

void environment::add_layer(variables layer) {
  layers_.push_back(std::move(layer));
}

std::optional<std::string> environment::find(const std::string& name) const {
  auto value = process_(name);
  for (auto layer = layers_.begin(); !value && layer != layers_.end(); ++layer)
    if (const auto found = layer->find(name); found != layer->end())
      value = found->second;
  return value && !value->empty() ? value : std::nullopt;
}

std::optional<environment::named> environment::ours(std::string_view suffix) const {
  for (const std::string_view prefix : {"TROUPE_", "OPENCLAW_"}) {
    auto name = std::string(prefix) + std::string(suffix);
    if (auto value = find(name))
      return named{std::move(name), std::move(*value)};
  }
  return std::nullopt;
}

dotenv parse_dotenv(std::string_view text) {
  dotenv out;
  for (unsigned number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto line = trimmed(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (!line.empty() && !line.starts_with('#') && !parse_line(line, out.variables))
      out.bad_lines.push_back(number);
  }
  return out;
}

} // namespace troupe::config
