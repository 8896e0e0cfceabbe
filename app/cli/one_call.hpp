#pragma once

#include "app/cli/gateway_link.hpp"
#include "app/cli/verbs.hpp"

/// For verbs that ask one thing and leave.
namespace troupe::cli {

/// What `gateway` verbs wait at most when --timeout does not say.
inline constexpr std::chrono::seconds asking_default{10};

/// When the verb must be done.
time_point deadline_of(const global_options& global, std::chrono::seconds otherwise);

/// Opens a link with `scopes` to the gateway that the command line names.
outcome<std::unique_ptr<gateway_link>> open_link(const verb_context& with, const introduction& as,
                                                 time_point deadline);

/// The scope to ask for when calling `method`: the smallest that suffices, admin when the method is
/// not known here. Source: protocol-methods.md.
std::vector<std::string> scopes_for(std::string_view method, const boost::json::value& params);

} // namespace troupe::cli
