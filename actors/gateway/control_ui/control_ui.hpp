#pragma once

#include "actors/gateway/request.hpp"

/// The web page of the gateway: an installed bundle of OpenClaw's Control UI as it is, or a small
/// page of our own.
namespace troupe::gateway::control_ui {

/// Answers one request of a route that `route_of` gave.
caf::behavior serve(request_self self, const gateway_shared_ptr& shared,
                    std::shared_ptr<http_call> call);

/// What the page reads about this gateway, as JSON.
std::string page_config(const config::settings& settings, std::string_view version);

} // namespace troupe::gateway::control_ui
