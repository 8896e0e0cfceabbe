#pragma once

#include "config/json5/reader.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace troupe::config {

/// "gateway" + "port" -> "gateway.port"; a key that is no plain word is quoted: `a["b.c"]`.
std::string member_path(std::string_view parent, std::string_view key);
/// "bindings" + 0 -> "bindings[0]".
std::string element_path(std::string_view parent, std::size_t index);

/// One value of a config on its way into the settings: what it is, where it stands, how it is
/// called. Borrows the value and the places, which must outlive it.
struct cursor {
  const boost::json::value* value = nullptr;
  const json5::places* where = nullptr;
  std::string path;
  /// The rows of the table of known keys that may speak of it: `channels.discord` and, if there is
  /// such a row, `channels.*`.
  std::vector<std::string> patterns;

  /// The member `key` at position `index` of this object.
  cursor member(std::string_view key, std::size_t index) const;
  cursor element(std::size_t index) const;
  /// The member `key`, or a cursor without a value.
  cursor find(std::string_view key) const;
};

} // namespace troupe::config
