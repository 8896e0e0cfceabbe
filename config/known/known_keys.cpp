#include "config/known/known_keys.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

extern "C" {
extern const char troupe_known_keys_begin[];
extern const char troupe_known_keys_end[];
}

namespace troupe::config {
namespace {

std::string_view table() {
  return {troupe_known_keys_begin,
          static_cast<std::size_t>(troupe_known_keys_end - troupe_known_keys_begin)};
}

struct row {
  std::string_view path;
  known_key key;
};

/// The row that begins at `offset`.
row row_at(std::size_t offset) {
  auto line = table().substr(offset);
  line = line.substr(0, line.find('\n'));
  const auto first = line.find('\t');
  const auto second = line.find('\t', first + 1);
  return {line.substr(0, first),
          {line.substr(first + 1, second - first - 1), line.substr(second + 1) == "yes"}};
}

std::size_t next_row(std::size_t offset) {
  const auto end = table().find('\n', offset);
  return end == std::string_view::npos ? table().size() : end + 1;
}

/// The first row whose path is not less than `path`; the rows are sorted by path, as bytes.
std::size_t lower_bound(std::string_view path) {
  std::size_t low = 0;
  std::size_t high = table().size();
  while (low < high) {
    auto middle = std::midpoint(low, high);
    const auto line_end = table().rfind('\n', middle == 0 ? 0 : middle - 1);
    middle = middle == 0 || line_end == std::string_view::npos ? 0 : line_end + 1;
    if (row_at(middle).path < path)
      low = next_row(middle);
    else
      high = middle;
  }
  return low;
}

bool is_kind(std::string_view name, const boost::json::value& value) {
  if (name == "any")
    return true;
  if (name == "string")
    return value.is_string();
  if (name == "boolean")
    return value.is_bool();
  if (name == "object")
    return value.is_object();
  if (name == "array")
    return value.is_array();
  if (name == "null")
    return value.is_null();
  if (name == "number")
    return value.is_number();
  if (name == "integer")
    return value.is_int64() || value.is_uint64() ||
           (value.is_double() && std::isfinite(value.get_double()) &&
            std::trunc(value.get_double()) == value.get_double());
  if (name == "true" || name == "false")
    return value.is_bool() && value.get_bool() == (name == "true");
  if (name.starts_with('"'))
    return value.is_string() &&
           (std::string_view(value.get_string()) == name.substr(1, name.size() - 2) ||
            value.get_string().find("${") != boost::json::string::npos);
  return value.is_int64() && std::to_string(value.get_int64()) == name;
}

/// Edit distance with swaps of neighbours; the words are keys, so short.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before, last(b.size() + 1), now(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      now[j] =
          std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = std::min(now[j], before[j - 2] + 1);
    }
    before = last;
    last = now;
  }
  return last[b.size()];
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

} // namespace

std::optional<known_key> find_known_key(std::string_view pattern) {
  const auto offset = lower_bound(pattern);
  if (offset == table().size())
    return std::nullopt;
  const auto found = row_at(offset);
  return found.path == pattern ? std::optional(found.key) : std::nullopt;
}

std::vector<std::string_view> known_children(std::string_view pattern) {
  std::vector<std::string_view> out;
  // Rows below `pattern` are not neighbours of it: "a-b" sorts between "a" and "a.b".
  for (const std::string_view separator : {".", "[]"}) {
    const auto prefix =
        pattern.empty() ? std::string() : std::string(pattern) + std::string(separator);
    if (pattern.empty() && separator == "[]")
      break;
    for (auto at = lower_bound(prefix); at < table().size(); at = next_row(at)) {
      const auto path = row_at(at).path;
      if (!path.starts_with(prefix))
        break;
      if (separator == "[]") {
        out.emplace_back("[]");
        break;
      }
      const auto name = path.substr(prefix.size());
      if (name.find('.') == std::string_view::npos && !name.ends_with("[]"))
        out.push_back(name);
    }
  }
  return out;
}

bool type_accepts(std::string_view type, const boost::json::value& value) {
  // The table's source cuts long lists of alternatives; such a row only says "some string".
  if (std::ranges::count(type, '"') % 2 != 0)
    return value.is_string();
  while (!type.empty()) {
    const auto bar = type.find('|');
    if (is_kind(type.substr(0, bar), value))
      return true;
    type = bar == std::string_view::npos ? std::string_view{} : type.substr(bar + 1);
  }
  return false;
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr std::size_t word_chars_max = 64;
  if (word.size() > word_chars_max)
    return {};
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    // A word that shares no letter with a short candidate is not a slip of the finger.
    const auto apart = distance(lower(word), lower(candidate));
    if (apart < best_distance && apart < std::max(word.size(), candidate.size())) {
      best = candidate;
      best_distance = apart;
    }
  }
  return best;
}

} // namespace troupe::config
