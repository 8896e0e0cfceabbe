#pragma once

#include "actors/gateway/methods/method.hpp"
#include "actors/gateway/slash_commands.hpp"

#include <cstdint>
#include <functional>
#include <string>

/// What the methods that start or await runs have in common.
namespace troupe::gateway {

/// Sends an input to its conversation and calls `then` with the receipt. Fails the request itself
/// when the gateway is full or the conversation refuses.
void submit(const call& request, submit_input input,
            std::function<void(const input_receipt&)> then);

/// Makes `input` what the command asks for. True: the session's runs are to be stopped once the
/// input is accepted.
bool obey(const call& request, const spoken_command& spoken, const session_key& key,
          submit_input& input);

/// A client's milliseconds as whole seconds, rounded up.
std::uint32_t seconds_of_ms(std::int64_t ms);

/// Answers the request when the run ends, across restarts of its conversation, or at the deadline.
void await_outcome(client_self self, const awaited_run& awaited);
/// Takes up waiting again after a pause.
void resume_awaiting(client_self self, std::uint64_t ticket);
/// The request's final answer from a run that has ended.
void answer_outcome(client_self self, const awaited_run& awaited, const run_outcome& outcome);

} // namespace troupe::gateway
