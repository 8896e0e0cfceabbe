#pragma once

#include "net/http/counted_body.hpp"
#include "net/http/http_session.hpp"
#include "net/http/request_rules.hpp"

#include <boost/beast/http/parser.hpp>

#include <cstdint>
#include <limits>

namespace troupe::net {

/// A body that nobody wants is read and dropped up to here, so that the connection can go on.
inline constexpr std::size_t skipped_bytes_max = 64u << 10;
/// How bodies are read; smaller pieces cost a system call each.
inline constexpr std::size_t body_piece_bytes = 32u << 10;

/// Stands for a refusal that is not worth sending: the client has gone.
inline http_response nobody_reads() {
  return {0, {}, {}};
}
inline bool is_for_nobody(const std::optional<http_response>& refusal) {
  return refusal && refusal->status == 0;
}

/// One request while it is being read.
struct http_session::incoming {
  explicit incoming(server_core& core) {
    parser.get().body().core = &core;
    // Looked at before, as exactly as we want it.
    parser.header_limit(std::numeric_limits<std::uint32_t>::max());
    // Whether a body is too long is asked after its head.
    parser.body_limit(boost::none);
  }
  boost::beast::http::request_parser<counted_body> parser;
  const request_head& head() const { return parser.get(); }
  bool is_head() const { return head().method() == boost::beast::http::verb::head; }
  counted_body::value_type& body() { return parser.get().body(); }
  bool announces_length() const { return parser.content_length().has_value(); }
  bool announces_more_than(std::uint64_t bytes) const {
    const auto length = parser.content_length();
    return length && *length > bytes;
  }
};

} // namespace troupe::net
