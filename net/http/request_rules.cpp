#include "net/http/request_rules.hpp"

#include "base/text.hpp"
#include "net/http/ascii.hpp"
#include "net/http/response_text.hpp"

#include <algorithm>
#include <iterator>

namespace troupe::net {

namespace beast = boost::beast;
namespace http = beast::http;

namespace {

std::size_t count(const request_head& head, http::field name) {
  return head.count(name);
}

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

http_response bad(std::string_view why) {
  return text_response(400, why);
}

/// What a name, an address and a port are written with; no list, no path, no user.
bool is_host(std::string_view text) {
  constexpr std::string_view marks = "-._~%:[]";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
  });
}

std::optional<http_response> refuse_host(const request_head& head) {
  const auto hosts = count(head, http::field::host);
  if (hosts > 1 || (hosts == 0 && head.version() == 11))
    return bad("Bad Request: exactly one Host header is needed");
  if (hosts == 1 && !is_host(view(head[http::field::host])))
    return bad("Bad Request: Host is not a host");
  return {};
}

/// "http://host" in front of `target`; 0 where it is not in absolute form.
std::size_t scheme_and_host_bytes(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (target.size() > scheme.size() && same_word(target.substr(0, scheme.size()), scheme))
      return std::min(target.find_first_of("/?", scheme.size()), target.size());
  return 0;
}

bool must_be_escaped(char c) {
  const auto code = static_cast<unsigned char>(c);
  return code <= 0x20 || code >= 0x7f || c == '#';
}

std::optional<http_response> refuse_target(const request_head& head) {
  const auto target = view(head.target());
  if (head.method() == http::verb::connect) {
    auto response = text_response(405, "Method Not Allowed");
    response.headers.emplace_back("Allow", "GET, HEAD, POST");
    return response;
  }
  if (std::ranges::any_of(target, must_be_escaped))
    return bad("Bad Request: the target has bytes that must be escaped");
  if (target.starts_with('/') || (target == "*" && head.method() == http::verb::options))
    return {};
  const auto before = target.substr(0, scheme_and_host_bytes(target));
  const auto host = before.substr(std::min(before.find("//"), before.size()));
  if (host.size() <= 2 || !same_word(host.substr(2), view(head[http::field::host])))
    return bad("Bad Request: the target is neither a path nor on this host");
  return {};
}

std::optional<http_response> refuse_framing(const request_head& head) {
  const auto lengths = count(head, http::field::content_length);
  const auto codings = count(head, http::field::transfer_encoding);
  if (lengths > 1)
    return bad("Bad Request: repeated Content-Length");
  if (lengths == 1 && codings > 0)
    return bad("Bad Request: both Content-Length and Transfer-Encoding");
  if (lengths == 1 && !is_number(view(head[http::field::content_length])))
    return bad("Bad Request: Content-Length is not a number");
  if (codings == 0)
    return {};
  if (head.version() < 11)
    return bad("Bad Request: Transfer-Encoding needs HTTP/1.1");
  if (codings > 1 || !same_word(view(head[http::field::transfer_encoding]), "chunked"))
    return text_response(501, "Not Implemented: only Transfer-Encoding: chunked");
  return {};
}

/// Sixteen bytes in base64.
bool is_key(std::string_view key) {
  return key.size() == 24 && key.ends_with("==") &&
         std::ranges::all_of(key.substr(0, 22), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '+' || c == '/';
         });
}

} // namespace

std::optional<http_response> refuse_head(const request_head& head) {
  for (auto* const refuse : {refuse_host, refuse_target, refuse_framing})
    if (auto refusal = refuse(head))
      return refusal;
  const auto expectation = view(head[http::field::expect]);
  if (!expectation.empty() && !same_word(expectation, "100-continue"))
    return text_response(417, "Expectation Failed");
  return {};
}

std::string origin_form(const request_head& head) {
  const auto target = view(head.target());
  std::string form{target.substr(scheme_and_host_bytes(target))};
  if (form != "*" && !form.starts_with('/'))
    form.insert(0, 1, '/');
  return form;
}

std::optional<http_response> refuse_upgrade(const request_head& head) {
  if (head[http::field::sec_websocket_version] != "13") {
    auto response = text_response(426, "Upgrade Required: WebSocket version 13");
    response.headers.emplace_back("Sec-WebSocket-Version", "13");
    return response;
  }
  if (count(head, http::field::sec_websocket_key) != 1 ||
      !is_key(view(head[http::field::sec_websocket_key])))
    return bad("Bad Request: Sec-WebSocket-Key");
  return {};
}

bool expects_continue(const request_head& head) {
  return head.version() == 11 && same_word(view(head[http::field::expect]), "100-continue");
}

header_list headers_of(const request_head& head) {
  header_list list;
  for (const auto& field : head)
    list.emplace_back(to_lower(view(field.name_string())), std::string{view(field.value())});
  return list;
}

} // namespace troupe::net
