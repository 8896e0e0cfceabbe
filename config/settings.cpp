#include "config/settings.hpp"

#include <algorithm>

namespace troupe::config {

std::string_view to_string(provider_api api) {
  switch (api) {
  case provider_api::openai_completions:
    return "openai-completions";
  case provider_api::anthropic_messages:
    return "anthropic-messages";
  case provider_api::demo:
    break;
  }
  return "demo";
}

bool gateway_settings::loopback_only() const {
  if (bind != bind_mode::custom)
    return bind == bind_mode::loopback;
  return custom_bind_host.starts_with("127.") || custom_bind_host == "::1";
}

const agent_settings* agents_settings::find(std::string_view id) const {
  const auto found = std::ranges::find(entries, id, &agent_settings::id);
  return found == entries.end() ? nullptr : &*found;
}

} // namespace troupe::config
