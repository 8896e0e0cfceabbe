#pragma once

#include "net/frames/json_text.hpp"

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::gateway {

/// Builds compact JSON text by appending. Payloads are written in the order of the protocol's
/// examples and never read back, so no tree is built for them.
///
/// Text is made valid as in net/frames/json_text.hpp, because one bad byte would make the receiver
/// close the WebSocket. Thread: one owner.
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

// Text that is built around a writer is cut and quoted by the same rules.
using net::frames::append_json_string;
using net::frames::cut_utf8;
using net::frames::whole_utf8_prefix;

} // namespace troupe::gateway
