#pragma once

#include "config/settings.hpp"
#include "net/http/messages.hpp"

#include <string_view>

namespace troupe::gateway::http_api {

/// GET /v1/models and /v1/models/{id}: what callers may name as `model`: the default agent twice,
/// then each configured one. `rest`: what follows "/v1/models", percent-coded. Source: protocol.md
/// section 14.
net::http_response models_response(std::string_view rest, const config::settings& settings);

} // namespace troupe::gateway::http_api
