#pragma once

#include "actors/gateway/auth_limiter.hpp"
#include "actors/gateway/handshake.hpp"
#include "net/http/server.hpp"
#include "persistence/journal/row_store.hpp"

#include <chrono>
#include <optional>

namespace troupe::gateway {

/// The request carries the shared secret as `Authorization: Bearer …`, and comes from where that
/// counts: in mode trusted-proxy only this machine itself.
bool bears_secret(const config::gateway_settings& settings, const connection_origin& from,
                  const net::http_request& request);

/// The request carries, in the same place, the token of a device that may look at things, and comes
/// out of no foreign page. For what a page of ours reads once it has been let in; a device's token
/// opens nothing else over HTTP, because nothing here proves that the device sent it.
bool bears_device_token(const config::gateway_settings& settings, const row_store& rows,
                        const net::http_request& request);

/// Why an HTTP request for operators is refused, and how long the answer is held back.
struct http_refusal {
  net::http_response response;
  std::chrono::milliseconds delay{0};
};

/// Whether `refuse_stranger` would let it pass now. Counts nothing: for a look at the head before
/// the body is read.
bool may_pass(const config::gateway_settings& settings, const net::http_request& request,
              auth_limiter& limiter, std::chrono::nanoseconds now);

/// Lets operators pass: by the shared secret, or in auth mode none directly from this machine,
/// addressed by a loopback name (a page that rebinds a DNS name to us is kept out) and not out of
/// another page. Source: protocol.md section 14.
std::optional<http_refusal> refuse_stranger(const config::gateway_settings& settings,
                                            const net::http_request& request, auth_limiter& limiter,
                                            std::chrono::nanoseconds now);

} // namespace troupe::gateway
