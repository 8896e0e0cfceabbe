#pragma once

#include "actors/gateway/request.hpp"

namespace troupe::gateway::http_api {

enum class completion_api { chat, responses };

/// Goes on as the actor of a call whose caller may pass: reads the body, has the conversation take
/// up the turn, and tells the answer whole or as it comes. A caller that goes away ends its run.
///
/// Nothing of it is worth restarting: when it fails, the caller's connection shows it. A run in a
/// named session goes on without it.
caf::behavior completion(request_self self, gateway_shared_ptr shared,
                         std::shared_ptr<http_call> call, completion_api api);

} // namespace troupe::gateway::http_api
