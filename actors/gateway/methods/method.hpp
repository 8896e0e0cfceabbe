#pragma once

#include "actors/gateway/client.hpp"
#include "actors/gateway/schema.hpp"
#include "actors/gateway/session_key.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace troupe::gateway {

/// One request being served. `params` is valid only during the call: what is needed later, is
/// copied.
struct call {
  client_self self;
  std::string id;
  const boost::json::object& params;
  /// The same during the whole call.
  std::shared_ptr<const config::loaded> config = self->state.shared->context().config.get();

  const gateway_context& context() const { return self->state.shared->context(); }
  const config::settings& settings() const { return config->values; }
};

/// One RPC method. `serve` answers or fails exactly once, now or later.
struct method {
  std::string_view name;
  scope needed = scope::read;
  std::span<const field> params; ///< Undeclared properties are tolerated (protocol.md 16.2).
  void (*serve)(const call&) = nullptr;
  /// Raises what is needed for some parameters; may be null.
  bool (*needs_admin)(const boost::json::object&) = nullptr;

  scope needs(const boost::json::object& given) const {
    return needs_admin != nullptr && needs_admin(given) ? scope::admin : needed;
  }
};

/// The families, one file each.
std::span<const method> system_methods();
std::span<const method> chat_methods();
std::span<const method> agent_methods();
std::span<const method> session_methods();
std::span<const method> session_change_methods();
std::span<const method> catalog_methods();
std::span<const method> presence_methods();
std::span<const method> automation_methods();
std::span<const method> config_methods();
std::span<const method> operation_methods();
std::span<const method> device_methods();

const method* find_method(std::string_view name);
/// Everything that works, for hello-ok; sorted.
std::span<const std::string_view> method_names();

/// The canonical key of `params[name]` and `agentId`; answers the error itself when there is none.
std::optional<session_key> key_of(const call& request, std::string_view name);

} // namespace troupe::gateway
