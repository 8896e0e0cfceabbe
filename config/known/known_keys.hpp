#pragma once

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Every key that OpenClaw's config knows, embedded from `config/known_keys.tsv`
/// (docs/formats/config.md). Looked up by binary search in the text itself: nothing is built at
/// start, and a config of built keys only never touches its pages. Any thread.
namespace troupe::config {

struct known_key {
  std::string_view type;  ///< `string`, `"a"|"b"`, `array|boolean`, `any`.
  bool restricts = false; ///< It limits who may do what.
};

/// `pattern`: a path with `*` for keys the user chooses and `[]` for elements.
std::optional<known_key> find_known_key(std::string_view pattern);

/// The names directly below `pattern`, `*` and `[]` included. Empty: anything may stand there.
std::vector<std::string_view> known_children(std::string_view pattern);

/// Whether `value` is of `type`; a type that cannot be read accepts everything.
bool type_accepts(std::string_view type, const boost::json::value& value);

/// The candidate closest to `word`, if a typing mistake explains the difference; else empty.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

} // namespace troupe::config
