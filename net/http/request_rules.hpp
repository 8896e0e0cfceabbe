#pragma once

#include "net/http/server.hpp"

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include <optional>
#include <string>

/// What a request's head must be beyond what `head_scanner` and Beast's parser insist on. Pure.
namespace troupe::net {

using request_head = boost::beast::http::request_header<boost::beast::http::fields>;

/// The answer to a head that is refused. Two readers that disagree about where a request ends are
/// how requests are smuggled (RFC 9112, section 11.2): every ambiguity ends the connection.
std::optional<http_response> refuse_head(const request_head& head);

/// The target of a head that was not refused as path and query, also where the client named our
/// host in it (absolute form); "*" stays.
std::string origin_form(const request_head& head);

/// The answer to an upgrade to WebSocket that is not a proper one (RFC 6455, section 4.2.1).
std::optional<http_response> refuse_upgrade(const request_head& head);

/// Whether the client waits for "100 Continue" before it sends the body.
bool expects_continue(const request_head& head);

/// Lower-case names, repeated headers kept, in order.
header_list headers_of(const request_head& head);

} // namespace troupe::net
