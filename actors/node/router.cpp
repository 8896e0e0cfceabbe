#include "actors/node/router.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <utility>

namespace troupe {
namespace {

using self_pointer = typed_self<shard_router_actor, router_state>;

void start_shard(self_pointer self, std::size_t index, takeover_cause cause) {
  auto& state = self->state;
  const shard_id id{static_cast<std::uint16_t>(index)};
  state.shards[index] = self->spawn(shard, state.context, id, cause);
  self->monitor(state.shards[index]);
  if (state.terms[index] != epoch{})
    self->send(state.shards[index], shard_leading{id, state.terms[index]});
}

void on_shard_down(self_pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  const auto found = std::ranges::find_if(
      state.shards, [&](const auto& shard) { return shard && shard.address() == down.source; });
  if (found == state.shards.end())
    return;
  const auto index = static_cast<std::size_t>(found - state.shards.begin());
  *found = nullptr;
  if (!state.stopping.empty()) {
    if (--state.shards_open == 0)
      for (const auto& waiter : std::exchange(state.stopping, {}))
        waiter.give(true);
    return;
  }
  log::error("router", "shard {} failed: {}", index, caf::to_string(down.reason));
  if (!state.restarts.on_failure(state.context->time->now_boot(), state.random)) {
    self->quit(down.reason);
    return;
  }
  start_shard(self, index, takeover_cause::actor_failed);
}

/// One shard after the other, so that they do not all do it at once.
constexpr std::chrono::milliseconds expire_interval{250};

void on_expire_next(self_pointer self) {
  auto& state = self->state;
  self->delayed_send(self, expire_interval, expire_next_shard{});
  if (const auto& shard = state.shards[state.next_to_expire])
    self->send(shard, expire_conversations{});
  state.next_to_expire = (state.next_to_expire + 1) % state.shards.size();
}

template <class Answer, class Request>
caf::result<Answer> forward(self_pointer self, Request& request) {
  const auto& target = self->state.shards[self->state.context->log->shard_of(request.key).value()];
  if (!target)
    return to_caf({errc::unavailable, "the gateway is stopping"});
  return self->delegate(target, std::move(request));
}

void on_leadership(self_pointer self, const shard_leading& lead) {
  const std::size_t index = lead.shard.value();
  if (index >= self->state.shards.size())
    return; // The meta group has no conversations.
  self->state.terms[index] = lead.term;
  if (self->state.shards[index])
    self->send(self->state.shards[index], lead);
}

caf::result<bool> on_stop(self_pointer self) {
  auto& state = self->state;
  const answer<bool> stopped{self};
  state.shards_open = 0;
  for (const auto& shard : state.shards) {
    if (!shard)
      continue;
    ++state.shards_open;
    self->send_exit(shard, caf::exit_reason::user_shutdown);
  }
  if (state.shards_open == 0)
    stopped.give(true);
  else
    state.stopping.push_back(stopped);
  return stopped.later();
}

} // namespace

shard_router_actor::behavior_type router(self_pointer self, conversation_context_ptr context) {
  auto& state = self->state;
  state.place = self->observe(context->registry, "/router", "router");
  state.context = std::move(context);
  state.shards.resize(state.context->log->shards());
  state.terms.resize(state.shards.size());
  self->set_down_handler([self](const caf::down_msg& down) { on_shard_down(self, down); });
  for (std::size_t index = 0; index < state.shards.size(); ++index)
    start_shard(self, index, takeover_cause::new_leader);
  self->delayed_send(self, expire_interval, expire_next_shard{});
  return {
      [self](submit_input& request) { return forward<input_receipt>(self, request); },
      [self](await_run& request) { return forward<run_outcome>(self, request); },
      [self](abort_runs& request) { return forward<aborted_runs>(self, request); },
      [self](create_session& request) { return forward<session_written>(self, request); },
      [self](reset_session& request) { return forward<session_written>(self, request); },
      [self](patch_session& request) { return forward<session_written>(self, request); },
      [self](compact_session& request) { return forward<session_compacted>(self, request); },
      [self](delete_session& request) { return forward<session_deleted>(self, request); },
      [self](release_session& request) { return forward<session_written>(self, request); },
      [self](const shard_leading& lead) { on_leadership(self, lead); },
      [self](const shard_deposed& gone) {
        const std::size_t index = gone.shard.value();
        if (index >= self->state.shards.size())
          return;
        if (self->state.terms[index] == gone.term)
          self->state.terms[index] = epoch{};
        if (self->state.shards[index])
          self->send(self->state.shards[index], gone);
      },
      [self](const stop_shards&) { return on_stop(self); },
      [self](const expire_next_shard&) { on_expire_next(self); },
  };
}

} // namespace troupe
