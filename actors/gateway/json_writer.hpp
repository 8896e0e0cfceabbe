#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::gateway {

/// Builds compact JSON text by appending. Payloads are written in the order of the protocol's
/// examples and never read back, so no tree is built for them.
///
/// Text is made valid: bytes that are not UTF-8 become U+FFFD, because one bad byte would make the
/// receiver close the WebSocket. Thread: one owner.
class json_writer {
public:
  json_writer& begin_object() { return open('{'); }
  json_writer& end_object() { return close('}'); }
  json_writer& begin_array() { return open('['); }
  json_writer& end_array() { return close(']'); }

  json_writer& key(std::string_view name);
  json_writer& value(std::string_view text);
  json_writer& value(const std::string& text) { return value(std::string_view{text}); }
  json_writer& value(const char* text) { return value(std::string_view{text}); }
  template <std::same_as<bool> Bool>
  json_writer& value(Bool yes) {
    return raw(yes ? "true" : "false");
  }
  template <std::integral Int>
  requires(!std::same_as<Int, bool>) json_writer& value(Int number) {
    return raw(std::to_string(number));
  }
  json_writer& null() { return raw("null"); }
  /// `json` is one complete JSON value.
  json_writer& raw(std::string_view json);

  template <class T>
  json_writer& member(std::string_view name, const T& content) {
    key(name);
    return value(content);
  }
  json_writer& member_raw(std::string_view name, std::string_view json) {
    key(name);
    return raw(json);
  }
  json_writer& member_null(std::string_view name) {
    key(name);
    return null();
  }
  /// Left out when empty.
  json_writer& member_if(std::string_view name, std::string_view text) {
    return text.empty() ? *this : member(name, text);
  }

  std::size_t size() const { return out_.size(); }
  void reserve(std::size_t bytes) { out_.reserve(bytes); }
  std::string take() { return std::move(out_); }

private:
  json_writer& open(char bracket);
  json_writer& close(char bracket);
  void separate();

  std::string out_;
  bool comma_ = false; ///< The next value or key follows another one.
};

/// Appends `text` as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

/// Bytes of `text` that end at a whole UTF-8 sequence; an unfinished one at the end is left out.
std::size_t whole_utf8_prefix(std::string_view text);
/// At most `bytes_max` bytes of `text`, never cut inside a sequence.
std::string_view cut_utf8(std::string_view text, std::size_t bytes_max);

} // namespace troupe::gateway
