#include "actors/gateway/schema.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::gateway {
namespace {

namespace json = boost::json;

constexpr std::size_t findings_max = 5;

class checker {
public:
  explicit checker(unknown_properties unknown) : unknown_(unknown) {}

  void object(const json::object& value, std::span<const field> fields, const std::string& path) {
    for (const auto& declared : fields) {
      if (!declared.required || value.contains(declared.name))
        continue;
      // Only the first missing one is told, as the reference does.
      add(path, "must have required property '" + std::string{declared.name} + "'", true);
      break;
    }
    // Tolerated alone, but named beside what makes the whole invalid.
    if (unknown_ == unknown_properties::refused || (path.empty() && !findings_.empty()))
      for (const auto& member : value)
        if (find(fields, member.key()) == nullptr)
          add(path, "unexpected property '" + std::string{member.key()} + "'", false);
    for (const auto& declared : fields)
      if (const auto* found = value.if_contains(declared.name))
        property(*found, declared, path + "/" + std::string{declared.name});
  }

  std::vector<std::string> take() { return std::move(findings_); }

private:
  static const field* find(std::span<const field> fields, std::string_view name) {
    const auto found = std::ranges::find(fields, name, &field::name);
    return found == fields.end() ? nullptr : &*found;
  }

  void add(const std::string& path, const std::string& what, bool bare_at_root) {
    if (path.empty())
      findings_.push_back(bare_at_root ? what : "at root: " + what);
    else
      findings_.push_back("at " + path + ": " + what);
  }

  void property(const json::value& value, const field& declared, const std::string& path) {
    switch (declared.kind) {
    case json_kind::any:
      return;
    case json_kind::nullable_string:
      if (!value.is_null())
        string(value, declared, path);
      return;
    case json_kind::string:
      return string(value, declared, path);
    case json_kind::integer:
    case json_kind::number:
      return number(value, declared, path);
    case json_kind::boolean:
      if (!value.is_bool())
        add(path, "must be boolean", false);
      return;
    case json_kind::object:
      if (!value.is_object())
        add(path, "must be object", false);
      else if (!declared.members.empty())
        object(value.get_object(), declared.members, path);
      return;
    case json_kind::array:
      return array(value, declared, path);
    }
  }

  void string(const json::value& value, const field& declared, const std::string& path) {
    if (!value.is_string())
      return add(path, "must be string", false);
    const auto& text = value.get_string();
    if (!declared.choices.empty()) {
      if (std::ranges::find(declared.choices, std::string_view{text}) == declared.choices.end())
        add(path, "must be equal to one of the allowed values", false);
      return;
    }
    // Characters, not bytes: continuation bytes don't count.
    const auto length = std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; });
    bounds(length, declared, path, "must not have fewer than ", "must not have more than ",
           " characters");
  }

  void number(const json::value& value, const field& declared, const std::string& path) {
    if (declared.kind == json_kind::number) {
      if (!value.is_number())
        add(path, "must be number", false);
      return;
    }
    std::int64_t whole = 0;
    if (!as_integer(value, whole))
      return add(path, "must be integer", false);
    bounds(whole, declared, path, "must be >= ", "must be <= ", "");
  }

  void array(const json::value& value, const field& declared, const std::string& path) {
    if (!value.is_array())
      return add(path, "must be array", false);
    const auto& items = value.get_array();
    bounds(static_cast<std::int64_t>(items.size()), declared, path, "must not have fewer than ",
           "must not have more than ", " items");
    if (declared.items != json_kind::string)
      return;
    for (std::size_t i = 0; i < items.size(); ++i)
      if (!items[i].is_string())
        return add(path + "/" + std::to_string(i), "must be string", false);
  }

  void bounds(std::int64_t size, const field& declared, const std::string& path, const char* below,
              const char* above, const char* unit) {
    if (size < declared.min)
      add(path, below + std::to_string(declared.min) + unit, false);
    else if (size > declared.max)
      add(path, above + std::to_string(declared.max) + unit, false);
  }

  /// JavaScript clients may write whole numbers as 4.0 or 1e3.
  static bool as_integer(const json::value& value, std::int64_t& whole) {
    if (value.is_int64()) {
      whole = value.get_int64();
      return true;
    }
    if (!value.is_double())
      return false;
    const auto real = value.get_double();
    if (std::floor(real) != real || std::fabs(real) > 9'007'199'254'740'991.0)
      return false;
    whole = static_cast<std::int64_t>(real);
    return true;
  }

  unknown_properties unknown_;
  std::vector<std::string> findings_;
};

} // namespace

std::vector<std::string> check(const json::object& value, std::span<const field> fields,
                               unknown_properties unknown) {
  checker looking{unknown};
  looking.object(value, fields, {});
  return looking.take();
}

std::string join_findings(const std::vector<std::string>& findings) {
  std::string text;
  for (std::size_t i = 0; i < findings.size() && i < findings_max; ++i) {
    if (i > 0)
      text += "; ";
    text += findings[i];
  }
  return text;
}

std::string_view text_of(const json::object& from, std::string_view name) {
  const auto* found = from.if_contains(name);
  return found != nullptr && found->is_string() ? std::string_view{found->get_string()}
                                                : std::string_view{};
}

std::int64_t integer_of(const json::object& from, std::string_view name, std::int64_t otherwise) {
  const auto* found = from.if_contains(name);
  if (found == nullptr)
    return otherwise;
  if (found->is_int64())
    return found->get_int64();
  return found->is_double() ? static_cast<std::int64_t>(found->get_double()) : otherwise;
}

bool flag_of(const json::object& from, std::string_view name) {
  const auto* found = from.if_contains(name);
  return found != nullptr && found->is_bool() && found->get_bool();
}

} // namespace troupe::gateway
