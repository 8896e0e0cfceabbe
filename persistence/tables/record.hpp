#pragma once

#include "base/result.hpp"

#include <concepts>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

/// Versioned records as msgpack arrays: `[version, field, field, …]` (docs/formats/tables.md).
/// A writer lists the fields in order; a reader reads them in the same order, and asks once at the
/// end whether all was well. msgpack itself stays in record.cpp: its header is dear to compile.
namespace troupe {

class record_writer {
public:
  explicit record_writer(unsigned version);

  record_writer& add(bool value);
  record_writer& add(double value);
  record_writer& add(std::string_view text);
  record_writer& add(const char* text) { return add(std::string_view{text}); }
  record_writer& add(const std::string& text) { return add(std::string_view{text}); }
  template <std::integral Integer>
  record_writer& add(Integer value) {
    if constexpr (std::is_signed_v<Integer>)
      return add_signed(value);
    else
      return add_unsigned(value);
  }
  /// Read back with `read_enum`.
  template <class Enum>
  requires std::is_enum_v<Enum> record_writer& add(Enum value) {
    return add(static_cast<std::underlying_type_t<Enum>>(value));
  }
  /// Nothing, or the value: read back with `read_optional`.
  template <class T>
  record_writer& add(const std::optional<T>& value) {
    return value ? add(*value) : add_nil();
  }
  /// A record as one field: read back with `read_record`.
  record_writer& add(const record_writer& nested);
  /// What is not text.
  record_writer& add_bytes(std::string_view bytes);
  record_writer& add_nil();
  /// A list as one field. `write(writer, item)` adds exactly one value per item; a nested record
  /// counts as one.
  template <class Range, class Write>
  record_writer& add_list(const Range& items, Write write) {
    record_writer list{list_tag{}};
    for (const auto& item : items)
      write(list, item);
    return add(list);
  }
  record_writer& add_list(const std::vector<std::string>& texts);

  /// The record's bytes.
  std::string take() const;

private:
  struct list_tag {};
  explicit record_writer(list_tag) {}
  record_writer& add_signed(std::int64_t value);
  record_writer& add_unsigned(std::uint64_t value);

  std::string body_;
  std::uint32_t fields_ = 0;
};

/// Reads one record. The bytes must outlive the reader and every `string_view` it gave.
/// Failures stick: after the first wrong field every read returns a default value, and `finish`
/// says what was wrong. Fields behind those that were read are ignored: a newer writer added them.
class record_reader {
public:
  /// Accepts the versions `version_max` and `version_max - 1` (from 1 on).
  /// Errors: `corrupt` (no record, other version, too deep, too many elements, bytes behind it).
  static result<record_reader> open(std::string_view bytes, unsigned version_max);

  static constexpr std::size_t depth_max = 8;
  /// In one list. Checked before memory is taken for it.
  static constexpr std::size_t elements_max = 16384;

  unsigned version() const { return version_; }
  /// Whether there is another field: in a record of an older writer the last ones are missing.
  bool more() const;

  /// T: bool, double, an integer (checked for its range), std::string, std::string_view (a view
  /// into the bytes). Text and bytes are both read as strings.
  template <class T>
  T read() {
    if constexpr (std::is_same_v<T, bool>)
      return read_bool();
    else if constexpr (std::is_same_v<T, double>)
      return read_double();
    else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>)
      return static_cast<T>(
          read_signed(std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
    else if constexpr (std::is_integral_v<T>)
      return static_cast<T>(read_unsigned(std::numeric_limits<T>::max()));
    else
      return T{read_text()};
  }
  /// For fields that were added later within one version.
  template <class T>
  T read_or(T otherwise) {
    return more() ? read<T>() : otherwise;
  }
  /// The values 0 … `last` are known; any other is `corrupt`.
  template <class Enum>
  Enum read_enum(Enum last) {
    return static_cast<Enum>(read_unsigned(static_cast<std::uint64_t>(last)));
  }
  template <class T>
  std::optional<T> read_optional() {
    return skip_nil() ? std::nullopt : std::optional<T>{read<T>()};
  }
  /// `read(reader)` reads one element of the list; it is called once per element.
  template <class T, class Read>
  std::vector<T> read_list(Read read_element) {
    std::vector<T> out;
    auto list = read_array();
    while (list.more() && !list.failed())
      out.push_back(read_element(list));
    absorb(list);
    return out;
  }
  std::vector<std::string> read_texts() {
    return read_list<std::string>([](record_reader& list) { return list.read<std::string>(); });
  }
  /// A nested record; give it to `absorb` when it is read. After a failure: a reader without
  /// fields that has failed too.
  record_reader read_record(unsigned version_max);
  /// Nothing when the field is nil or missing, because an older writer did not know it.
  std::optional<record_reader> read_optional_record(unsigned version_max);
  /// Takes over the failure, if any, of a nested reader.
  void absorb(const record_reader& nested);
  /// Marks the record as wrong, for checks of meaning: "run: attempt is 0".
  void fail(std::string what);

  bool failed() const { return failure_ != nullptr; }
  /// `what` names the record: "run". Errors: `corrupt`.
  result<void> finish(std::string_view what) const;

private:
  struct document;
  record_reader() = default;
  /// The next field, or nullptr after marking the failure.
  const void* next(std::string_view wanted);
  void mismatch(std::string_view wanted);
  bool take_version(unsigned version_max);

  bool read_bool();
  double read_double();
  std::int64_t read_signed(std::int64_t least, std::int64_t most);
  std::uint64_t read_unsigned(std::uint64_t most);
  std::string_view read_text();
  bool skip_nil();
  record_reader read_array();

  std::shared_ptr<const document> document_; ///< Shared with nested readers.
  const void* fields_ = nullptr;             ///< msgpack's array of this record or list.
  std::uint32_t next_ = 0;
  unsigned version_ = 0;
  std::shared_ptr<const std::string> failure_; ///< The first one.
};

} // namespace troupe
