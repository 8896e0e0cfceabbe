#include "app/cli/json_view.hpp"

namespace troupe::cli {

namespace json = boost::json;

const json::value* find(const json::object& from, std::string_view path) {
  const auto dot = path.find('.');
  const auto* member = from.if_contains(path.substr(0, dot));
  if (!member || dot == std::string_view::npos)
    return member;
  return find(*member, path.substr(dot + 1));
}

const json::value* find(const json::value& from, std::string_view path) {
  const auto* object = from.if_object();
  return object ? find(*object, path) : nullptr;
}

std::string_view text_at(const json::object& from, std::string_view path) {
  const auto* found = find(from, path);
  const auto* text = found ? found->if_string() : nullptr;
  return text ? std::string_view{*text} : std::string_view{};
}

std::string_view text_at(const json::value& from, std::string_view path) {
  const auto* object = from.if_object();
  return object ? text_at(*object, path) : std::string_view{};
}

bool flag_at(const json::value& from, std::string_view path) {
  const auto* found = find(from, path);
  return found && found->is_bool() && found->get_bool();
}

std::int64_t number_at(const json::value& from, std::string_view path, std::int64_t otherwise) {
  const auto* found = find(from, path);
  if (!found || !found->is_number())
    return otherwise;
  boost::system::error_code not_whole;
  const auto number = found->to_number<std::int64_t>(not_whole);
  return not_whole ? otherwise : number;
}

const json::object& object_at(const json::value& from, std::string_view path) {
  static const json::object none;
  const auto* found = find(from, path);
  const auto* object = found ? found->if_object() : nullptr;
  return object ? *object : none;
}

std::string content_text(const json::value& content) {
  if (const auto* text = content.if_string())
    return std::string{*text};
  std::string joined;
  if (const auto* blocks = content.if_array())
    for (const auto& block : *blocks)
      if (text_at(block, "type") == "text")
        joined += text_at(block, "text");
  return joined;
}

} // namespace troupe::cli
