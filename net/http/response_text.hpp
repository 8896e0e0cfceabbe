#pragma once

#include "net/http/server.hpp"

#include <ctime>
#include <string>
#include <string_view>

/// What an HTTP/1.1 response looks like on the wire. Pure.
namespace troupe::net {

enum class after_response { keep_alive, close };
/// How the receiver knows where the body ends.
enum class body_framing { length, chunked, until_close };

/// Status line and headers with the empty line. Content-Length is the body's, also for HEAD.
/// The standing security headers (protocol.md section 14) are added where `response` has not set
/// its own. A header whose name or value could break out of its line is left out.
std::string response_head(const http_response& response, after_response then, std::time_t now,
                          body_framing framing = body_framing::length);

/// Whether a body may follow the head at all.
bool has_body(unsigned status);

/// A plain text answer of the server itself: "Not Found".
http_response text_response(unsigned status, std::string_view text);
/// 503 or 429: come again in a second.
http_response busy_response(unsigned status, std::string_view text);
/// 413 as API clients expect it.
http_response too_large_response();

} // namespace troupe::net
