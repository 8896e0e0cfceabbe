#include "net/http/response_text.hpp"

#include "base/log.hpp"
#include "net/http/ascii.hpp"

#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace troupe::net {

namespace beast = boost::beast;

namespace {

struct standing_header {
  std::string_view name;
  std::string_view value;
};
constexpr std::array<standing_header, 3> standing_headers{{
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Permissions-Policy", "camera=(), microphone=(self), geolocation=()"},
}};

bool sets(const http_response& response, std::string_view name) {
  return std::ranges::any_of(response.headers,
                             [&](const auto& header) { return same_word(header.first, name); });
}

bool is_token(std::string_view name) {
  constexpr std::string_view separators = "()<>@,;:\\\"/[]?={} \t";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return c > 0x20 && c < 0x7f && separators.find(c) == std::string_view::npos;
  });
}

bool is_line(std::string_view value) {
  return std::ranges::none_of(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

/// These are ours: a second one would let two readers disagree about where the body ends.
bool is_framing(std::string_view name) {
  return same_word(name, "Content-Length") || same_word(name, "Transfer-Encoding") ||
         same_word(name, "Connection");
}

void append_header(std::string& head, std::string_view name, std::string_view value) {
  head += name;
  head += ": ";
  head += value;
  head += "\r\n";
}

void append_date(std::string& head, std::time_t now) {
  // The text changes once a second, the function runs for every response.
  thread_local std::time_t at = -1;
  thread_local std::array<char, 40> text{};
  if (at != now) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    at = now;
  }
  append_header(head, "Date", text.data());
}

} // namespace

std::string response_head(const http_response& response, after_response then, std::time_t now,
                          body_framing framing) {
  std::string head;
  head.reserve(512);
  const auto reason = beast::http::obsolete_reason(beast::http::int_to_status(response.status));
  fmt::format_to(std::back_inserter(head), "HTTP/1.1 {} {}\r\n", response.status,
                 std::string_view{reason.data(), reason.size()});
  for (const auto& [name, value] : standing_headers)
    if (!sets(response, name))
      append_header(head, name, value);
  for (const auto& [name, value] : response.headers) {
    if (is_token(name) && is_line(value) && !is_framing(name))
      append_header(head, name, value);
    else
      log::warn("http", "left out a response header that cannot be sent: {}", name);
  }
  if (has_body(response.status) && framing == body_framing::length)
    append_header(head, "Content-Length", fmt::format_int{response.body.size()}.c_str());
  if (has_body(response.status) && framing == body_framing::chunked)
    append_header(head, "Transfer-Encoding", "chunked");
  append_date(head, now);
  append_header(head, "Connection", then == after_response::close ? "close" : "keep-alive");
  head += "\r\n";
  return head;
}

bool has_body(unsigned status) {
  return status >= 200 && status != 204 && status != 304;
}

http_response text_response(unsigned status, std::string_view text) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::string{text}};
}

http_response busy_response(unsigned status, std::string_view text) {
  auto response = text_response(status, text);
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

http_response too_large_response() {
  return {413,
          {{"Content-Type", "application/json; charset=utf-8"}},
          R"({"error":{"message":"Payload too large","type":"invalid_request_error"}})"};
}

} // namespace troupe::net
