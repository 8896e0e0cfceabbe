#pragma once

#include "actors/model/types.hpp"
#include "config/settings.hpp"
#include "net/client/outbound.hpp"

/// The request side of the "anthropic-messages" API: Anthropic's Messages, which several other
/// providers speak too. Pure. Source: Anthropic's API documentation, "Messages", "Prompt caching"
/// and "Extended thinking".
namespace troupe::model::anthropic_messages {

/// Where the calls go: `base_url`, "/v1" where it is missing, and "/messages", as Anthropic's own
/// clients do. A query stays at the end.
std::string endpoint(std::string_view base_url);

/// POST of one streaming call. Texts are repaired to valid UTF-8; `schema_json` of the tools must
/// already be valid JSON.
///
/// - Turns alternate: what follows itself from one side becomes one message, so that several tool
///   results and the words behind them are one. Empty texts, which the API refuses, are left out.
/// - Three cache marks: behind the system text (with it the tools), and behind the two newest
///   messages of the user, so that a call finds what the one before it has written.
/// - A model that is configured as reasoning thinks: as much as it wants where it can decide that
///   itself, else within half of its answer's tokens. The thoughts of the open round (since the
///   last words of the user) go back as they came. When they are missing, a model with a budget
///   does not think in this call: the API would refuse.
/// - Arguments that are no JSON object are sent inside of one.
net::outbound_request build_request(const model_request& request,
                                    const config::provider_settings& provider,
                                    const config::model_settings& model);

} // namespace troupe::model::anthropic_messages
