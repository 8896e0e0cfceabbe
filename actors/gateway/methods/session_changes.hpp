#pragma once

#include "actors/gateway/client.hpp"

#include <caf/error.hpp>

#include <string>

/// What the methods that change a session have in common.
namespace troupe::gateway {

/// Tells a refusal because of an active run from other trouble.
protocol_error mutation_failure(client_self self, const std::string& key,
                                const caf::error& failure);

} // namespace troupe::gateway
