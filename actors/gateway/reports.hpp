#pragma once

#include "actors/gateway/context.hpp"
#include "actors/gateway/json_writer.hpp"

#include <string>
#include <string_view>

/// What the gateway says about itself. Source: protocol.md sections 2 and 13.
namespace troupe::gateway {

/// The result of `health`. Cost: one scan of all conversation rows.
std::string health_report(const gateway_context& context);
/// The result of `status`.
std::string status_report(const gateway_context& context);
/// The gateway's own presence entry.
void write_self_presence(json_writer& out, const gateway_context& context, std::string_view host,
                         std::string_view boot_id);

} // namespace troupe::gateway
