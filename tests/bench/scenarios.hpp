#pragma once

#include "tests/bench/report.hpp"
#include "tests/bench/world.hpp"

/// Each starts the gateway, measures, adds its figures and stops it.
namespace troupe::bench {

/// From exec to a gateway that answers.
void measure_start(world& in, report& out);
/// Memory of an idle gateway, and of each idle WebSocket.
void measure_idle(world& in, report& out);
/// From a TCP connection to `hello-ok`.
void measure_handshakes(world& in, report& out);
/// From `chat.send` to `chat` final.
void measure_turns(world& in, report& out);
/// POST /v1/chat/completions of callers that name no session: each is a conversation of its own
/// and one commit.
void measure_completions(world& in, report& out);
/// Many runs that stream to the same watchers.
void measure_fanout(world& in, report& out);
/// `chat.history` of a long conversation.
void measure_history(world& in, report& out);

} // namespace troupe::bench
