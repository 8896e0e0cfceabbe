#pragma once

#include "config/sections/sections.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The two services that need nothing but a key: a provider with their id knows its address and
/// API, takes its key from their variable, and is made from the variable alone.
/// Source: features section 16; the default models are those that OpenClaw's own pages begin with.
namespace troupe::config {

struct service {
  std::string_view id;
  provider_api api;
  std::string_view base_url;
  std::string_view key_variable;
  model_settings default_model;
};

/// The first one whose key is known answers when no model is configured.
const std::vector<service>& services();
const service* find_service(std::string_view id);

/// The service's key, if its variable has one that fits into a header; else a warning.
std::optional<secret> key_of(reading& r, const service& which);

/// Adds what the environment makes possible. A service without a list of models has its default
/// one, and those that the agents name.
void add_services(reading& r, const agents_raw& agents,
                  std::map<std::string, provider_settings>& providers);

/// What answers when agents.defaults.model is not set; the demo if nothing else can.
struct usual_model {
  model_ref ref{"demo", "demo"};
  std::string reason; ///< For the operator; empty: it is the demo.
};
usual_model choose_usual_model(const std::map<std::string, provider_settings>& providers);

} // namespace troupe::config
