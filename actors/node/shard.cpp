#include "actors/node/shard.hpp"

#include "actors/support/reply.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>

#include <utility>

namespace troupe {
namespace {

using self_pointer = typed_self<shard_actor, shard_state>;

/// Messages held for one conversation while it leaves memory.
constexpr std::size_t held_max = 256;
/// Conversations that have expired and are sent away at once.
constexpr std::size_t expired_at_once = 1'024;

bool leading(self_pointer self) {
  return self->state.home.term != epoch{};
}

shard_state::child& ensure(self_pointer self, const std::string& key, takeover_cause cause) {
  auto& state = self->state;
  auto& child = state.conversations[key];
  if (!child.actor) {
    const auto config = state.context->config.get();
    child.leaving = false;
    child.actor = self->spawn(conversation, state.context, state.home, key,
                              agent_of_key(key, config->values.agents.default_id), cause,
                              caf::actor_addr{self->address()});
    self->monitor(child.actor);
    state.by_actor.emplace(child.actor.id(), key);
  }
  return child;
}

/// Gives `request` to its conversation, now or when one that is leaving has gone.
template <class Answer, class Request>
caf::result<Answer> forward(self_pointer self, Request& request) {
  if (!leading(self))
    return to_caf({errc::unavailable, "this shard has no leader here yet; send again"});
  auto& child = ensure(self, request.key, takeover_cause::planned);
  if (!child.leaving)
    return self->delegate(child.actor, std::move(request));
  if (child.held.size() >= held_max)
    return to_caf({errc::overloaded, "too many messages for one session at once; send again"});
  auto promise = self->template make_response_promise<Answer>();
  child.held.push_back(
      [promise, request = std::move(request)](const conversation_actor& to) mutable {
        promise.delegate(to, std::move(request));
      });
  return promise;
}

void release_held(shard_state::child& child) {
  for (const auto& held : std::exchange(child.held, {}))
    held(child.actor);
}

void on_leading(self_pointer self, const shard_leading& lead, takeover_cause cause) {
  auto& state = self->state;
  state.home.term = lead.term;
  state.place.enter("leading");
  std::vector<std::string> busy;
  const auto scanned = state.context->log->rows().snapshot()->scan(
      lead.shard, tables::busy_prefix(), {}, scan_order::ascending,
      [&](std::string_view, std::string_view key) {
        busy.emplace_back(key);
        return scan_step::more;
      });
  if (!scanned)
    log::error("shard", "{}: {}", state.place.path(), scanned.error().detail);
  for (const auto& key : busy)
    ensure(self, key, cause);
}

void on_deposed(self_pointer self, const shard_deposed& gone) {
  auto& state = self->state;
  if (state.home.term != gone.term)
    return;
  state.home.term = epoch{};
  state.place.enter("following");
  for (auto& [key, child] : state.conversations) {
    if (!child.actor)
      continue;
    self->demonitor(child.actor.address());
    self->send_exit(child.actor, caf::exit_reason::user_shutdown);
  }
  state.conversations.clear();
  state.by_actor.clear();
}

void on_idle(self_pointer self, const conversation_idle& idle) {
  auto& state = self->state;
  const auto found = state.conversations.find(idle.key);
  if (found == state.conversations.end() || found->second.leaving)
    return;
  found->second.leaving = true;
  const auto stays = [self, key = idle.key] {
    const auto child = self->state.conversations.find(key);
    if (child == self->state.conversations.end())
      return;
    child->second.leaving = false;
    release_held(child->second);
  };
  // It answers or ends. A deadline's timer would stay behind, and conversations that nobody named
  // leave by the thousand.
  self->request(found->second.actor, caf::infinite, passivate{})
      .then(
          [stays](bool leaves) {
            if (!leaves)
              stays();
          },
          [stays](const caf::error&) { stays(); });
}

/// Conversations that have expired are sent their notice; they erase themselves. Those that could
/// not are found again the next time.
void on_expire(self_pointer self) {
  if (!leading(self))
    return;
  auto& state = self->state;
  const auto now = state.context->time->now_wall_ms();
  std::vector<expire_session> due;
  const auto scanned = state.context->log->rows().snapshot()->scan(
      state.home.shard, tables::ephemeral_prefix(), {}, scan_order::ascending,
      [&](std::string_view key, std::string_view conversation) {
        const auto at = tables::ephemeral_time(key);
        if (at > now || due.size() == expired_at_once)
          return scan_step::stop;
        due.push_back({std::string{conversation}, at});
        return scan_step::more;
      });
  if (!scanned)
    log::error("shard", "{}: {}", state.place.path(), scanned.error().detail);
  for (auto& notice : due)
    if (auto& child = ensure(self, notice.key, takeover_cause::planned); !child.leaving)
      self->send(child.actor, std::move(notice));
}

/// Whether the rows say that the conversation has work to finish.
bool busy(self_pointer self, const std::string& key) {
  const auto found = self->state.context->log->rows().snapshot()->get(
      self->state.home.shard, tables::busy_key(tables::digest_of(key)));
  return found && found.value().has_value();
}

void on_conversation_down(self_pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  const auto known = state.by_actor.extract(down.source.id());
  const auto found = known ? state.conversations.find(known.mapped()) : state.conversations.end();
  if (found == state.conversations.end())
    return;
  const auto key = found->first;
  auto& child = found->second;
  child.actor = nullptr;
  if (!down.reason) { // It left memory.
    if (child.held.empty()) {
      state.conversations.erase(found);
    } else {
      auto& fresh = ensure(self, key, takeover_cause::planned);
      release_held(fresh);
    }
    return;
  }
  const auto path = fmt::format("{}/conversation/{}", state.home.path, key);
  const auto failure = from_caf(down.reason);
  const bool discarded = failure.code == errc::unavailable;
  log::warn("shard", "{} ended: {}", path,
            failure.detail.empty() ? caf::to_string(down.reason) : failure.detail);
  state.context->registry->note_restart(path, caf::to_string(down.reason));
  child.held.clear();
  const auto pause = child.restarts.on_failure(state.context->time->now_boot(), state.random);
  if (!busy(self, key))
    return; // The next message brings it back.
  if (!pause) {
    log::error("shard", "{} failed too often; it is left alone until its next message", path);
    return;
  }
  self->delayed_send(
      self, *pause,
      revive_conversation{key, discarded ? takeover_cause::planned : takeover_cause::actor_failed});
}

} // namespace

std::string agent_of_key(std::string_view key, const std::string& otherwise) {
  constexpr std::string_view prefix = "agent:";
  if (!key.starts_with(prefix))
    return otherwise;
  const auto rest = key.substr(prefix.size());
  return std::string{rest.substr(0, rest.find(':'))};
}

shard_actor::behavior_type shard(self_pointer self, conversation_context_ptr context, shard_id id,
                                 takeover_cause cause) {
  auto& state = self->state;
  state.context = std::move(context);
  state.home = {id, epoch{}, fmt::format("/shard/{}", id.value())};
  state.place = self->observe(state.context->registry, state.home.path, "shard");
  state.place.enter("following");
  self->set_down_handler([self](const caf::down_msg& down) { on_conversation_down(self, down); });
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
      [self, cause](const shard_leading& lead) { on_leading(self, lead, cause); },
      [self](const shard_deposed& gone) { on_deposed(self, gone); },
      [self](const conversation_idle& idle) { on_idle(self, idle); },
      [self](const expire_conversations&) { on_expire(self); },
      [self](const revive_conversation& again) {
        if (leading(self))
          ensure(self, again.key, again.cause);
      },
  };
}

} // namespace troupe
