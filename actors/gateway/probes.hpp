#pragma once

#include "actors/gateway/shared.hpp"
#include "net/http/server.hpp"

#include <optional>

namespace troupe::gateway {

/// Answers `/health`, `/ready`, `/startup` (and their z forms) from what is known without asking
/// any actor, so that a busy gateway still answers. nullopt: another path. Thread: any; never
/// blocks. Source: protocol.md section 14, "Probes".
std::optional<net::http_response> answer_probe(const gateway_shared& shared,
                                               const net::http_request& request);

net::http_response text_response(unsigned status, std::string body);
net::http_response json_response(unsigned status, std::string body);
/// 405 with `Allow: allowed`.
net::http_response method_not_allowed(std::string allowed);

} // namespace troupe::gateway
