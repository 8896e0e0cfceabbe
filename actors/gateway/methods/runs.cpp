#include "actors/gateway/methods/runs.hpp"

#include "actors/conversation/limits.hpp"
#include "actors/gateway/limits.hpp"
#include "actors/gateway/methods/session_changes.hpp"
#include "actors/gateway/run_result.hpp"
#include "actors/gateway/sessions.hpp"
#include "actors/support/reply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace troupe::gateway {
namespace {

using std::chrono::milliseconds;

milliseconds time_left(client_self self, const awaited_run& awaited) {
  const auto left = awaited.deadline - self->state.shared->context().time->now_boot();
  return std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(left));
}

void give_up(client_self self, const awaited_run& awaited, const error& why) {
  if (awaited.asked_by == awaited_run::kind::wait)
    return answer(self, awaited.request_id, agent_wait_timeout(awaited.run_id));
  json_writer payload;
  payload.begin_object()
      .member("runId", awaited.run_id)
      .member("status", "error")
      .member("summary", why.detail)
      .end_object();
  fail(self, awaited.request_id, from_failure(why), payload.take());
}

/// The conversation went away (a crash, a new leader): it will be there again, and the run with it.
bool may_come_back(const error& failure) {
  return failure.code == errc::unavailable || failure.code == errc::connection_lost ||
         failure.code == errc::internal || failure.code == errc::overloaded;
}

void on_await_failed(client_self self, awaited_run awaited, const error& failure) {
  if (!may_come_back(failure) || awaited.retries >= await_retries_max ||
      time_left(self, awaited).count() == 0)
    return give_up(self, awaited, failure);
  const auto full = std::min<milliseconds>(
      await_retry_delay_min * (1 << std::min(awaited.retries, 10u)), await_retry_delay_max);
  const auto jitter = self->state.random.below(static_cast<std::uint64_t>(full.count() / 2) + 1);
  ++awaited.retries;
  const auto ticket = ++self->state.next_ticket;
  self->state.retrying.emplace(ticket, std::move(awaited));
  self->delayed_send(self, full / 2 + milliseconds{jitter}, await_again{ticket});
}

/// Long inputs take more of the node's places, so that those bound the memory too.
std::uint32_t places_of(std::string_view text) {
  return static_cast<std::uint32_t>(1 + text.size() / input_bytes_per_place);
}

} // namespace

void submit(const call& request, submit_input input,
            std::function<void(const input_receipt&)> then) {
  const auto self = request.self;
  const auto id = request.id;
  const auto key = input.key;
  const auto resets = input.command && !input.command->resets.empty();
  input.client_id = self->state.client_id;
  input.client_mode = self->state.client_mode;
  if (input.text.size() > input_text_bytes_max)
    return fail(self, id,
                invalid_request(fmt::format("the message has {} bytes, at most {} are accepted; "
                                            "shorten it",
                                            input.text.size(), input_text_bytes_max)));
  input.place = request.context().inputs->take(places_of(input.text));
  if (!input.place)
    return fail(self, id, unavailable("the gateway has too many inputs in hand; retry shortly"));
  // Before the input, so that the front knows it when the run begins to speak.
  if (self->state.tool_events)
    self->send(self->state.front, follow_run{self->state.link->id, input.run_id});
  self->request(request.context().router, submit_timeout, std::move(input))
      .then([then = std::move(then)](const input_receipt& receipt) { then(receipt); },
            [self, id, key, resets](const caf::error& failure) {
              fail(self, id,
                   resets ? mutation_failure(self, key, failure) : from_failure(from_caf(failure)));
            });
}

bool obey(const call& request, const spoken_command& spoken, const session_key& key,
          submit_input& input) {
  const auto& context = request.context();
  const auto row = find_conversation(*context.log, key.text);
  const command_facts facts{.settings = &request.settings(),
                            .row = row ? &*row : nullptr,
                            .agent_id = key.agent_id,
                            .version = context.version,
                            .now = context.time->now_wall_ms(),
                            .uptime_ms = request.self->state.shared->uptime_ms()};
  auto effect = effect_of(spoken, input.text, facts);
  input.text = std::move(effect.text);
  input.command = std::move(effect.for_conversation);
  return effect.stops;
}

std::uint32_t seconds_of_ms(std::int64_t ms) {
  constexpr std::int64_t seconds_max = 10LL * 365 * 24 * 3600;
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(ms / 1000 + (ms % 1000 > 0 ? 1 : 0), 0, seconds_max));
}

void answer_outcome(client_self self, const awaited_run& awaited, const run_outcome& outcome) {
  if (awaited.asked_by == awaited_run::kind::wait)
    return answer(self, awaited.request_id, agent_wait_result(outcome));
  // Clients end their stream with this answer, so the last events go first.
  after_events(self, [self, id = awaited.request_id, told = agent_result_of(outcome)] {
    if (!told.failed)
      return answer(self, id, told.payload);
    const protocol_error failure{"UNAVAILABLE", told.error, {}, false, 0};
    fail(self, id, failure, told.payload);
  });
}

void await_outcome(client_self self, const awaited_run& awaited) {
  const auto left = time_left(self, awaited);
  if (left.count() == 0)
    return give_up(self, awaited, {errc::timeout, "the run has not ended in time"});
  self->request(self->state.shared->context().router, left,
                await_run{.key = awaited.key, .run_id = awaited.run_id})
      .then([self, awaited](const run_outcome& outcome) { answer_outcome(self, awaited, outcome); },
            [self, awaited](const caf::error& failure) {
              on_await_failed(self, awaited, from_caf(failure));
            });
}

void resume_awaiting(client_self self, std::uint64_t ticket) {
  const auto found = self->state.retrying.find(ticket);
  if (found == self->state.retrying.end())
    return;
  const auto awaited = std::move(found->second);
  self->state.retrying.erase(found);
  await_outcome(self, awaited);
}

} // namespace troupe::gateway
