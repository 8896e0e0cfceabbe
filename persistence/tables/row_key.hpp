#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// Row keys whose byte order is the order of their components: docs/formats/tables.md, "Row keys".
namespace troupe {

/// Builds a key, or the prefix of a scan (the same with fewer components).
///
///     row_key{table}.text(conversation).number(seq).take()
class row_key {
public:
  explicit row_key(char table) : key_(1, table) {}

  /// Any bytes; 0x00 is escaped, the end is marked.
  row_key& text(std::string_view value);
  /// Ordered numerically.
  row_key& number(std::uint64_t value);
  /// As it is: only for components of one fixed size, or the beginning of a scan.
  row_key& raw(std::string_view bytes);

  std::string take() { return std::move(key_); }

private:
  std::string key_;
};

/// Takes a key apart in the same order. Failures stick, as with `record_reader`.
class row_key_reader {
public:
  explicit row_key_reader(std::string_view key) : rest_(key) {}

  /// The table byte must be the first thing read.
  bool table(char expected);
  std::string text();
  std::uint64_t number();
  /// A view into the key.
  std::string_view raw(std::size_t size);

  /// Errors: `corrupt` when a component was not there, or when something is left.
  result<void> finish(std::string_view what) const;

private:
  std::string_view rest_;
  bool failed_ = false;
};

} // namespace troupe
