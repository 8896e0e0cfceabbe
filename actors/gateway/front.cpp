#include "actors/gateway/front.hpp"

#include "actors/gateway/devices/device_rows.hpp"
#include "actors/gateway/frames.hpp"
#include "actors/gateway/limits.hpp"
#include "actors/gateway/session_events.hpp"
#include "actors/gateway/sessions.hpp"
#include "actors/support/reply.hpp"
#include "base/log.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace troupe::gateway {
namespace {

void count_clients(front_self self) {
  self->state.shared->context().status->clients.store(
      static_cast<std::uint32_t>(self->state.clients.size()), std::memory_order_relaxed);
}

void deliver_to(front_self self, const front_state::connected& to, const event_batch_ptr& events,
                audience sees) {
  if (to.link->batches_waiting.fetch_add(1, std::memory_order_relaxed) >= batches_waiting_max) {
    to.link->batches_waiting.fetch_sub(1, std::memory_order_relaxed);
    log::warn("gateway", "connection {} does not keep up with events", to.link->conn_id);
    to.link->connection->close(1008, "slow consumer");
    return;
  }
  self->send(to.client, event_delivery{events, sees});
}

event_batch_ptr for_everybody(std::string body, bool droppable) {
  return std::make_shared<const event_batch>(
      event_batch{{std::make_shared<const std::string>(std::move(body)), for_all, droppable}});
}

void broadcast(front_self self, const event_batch_ptr& events) {
  for (const auto& [id, known] : self->state.clients)
    if (known.online)
      deliver_to(self, known, events, for_all);
}

void deliver(front_self self, const std::vector<audience_index::receiver>& receivers,
             event_batch batch) {
  audience told = 0;
  for (const auto& event : batch)
    told = static_cast<audience>(told | event.to);
  const auto events = std::make_shared<const event_batch>(std::move(batch));
  for (const auto& [id, sees] : receivers)
    if ((sees & told) != 0)
      if (const auto known = self->state.clients.find(id); known != self->state.clients.end())
        deliver_to(self, known->second, events, sees);
}

std::string session_row_json(const gateway_shared& shared, std::string_view key) {
  const auto row = find_conversation(*shared.context().log, key);
  if (!row)
    return {};
  json_writer out;
  write_session_row(out, *row, *shared.settings(), shared.context().time->now_wall_ms());
  return out.take();
}

void tell_sightings(front_self self, const run_event& event) {
  auto& waiting = self->state.sightings;
  for (auto& sighting : waiting)
    if (sighting.run_id == event.run_id)
      sighting.asked.give(run_sighting{event.key});
  std::erase_if(waiting, [&](const auto& sighting) { return sighting.run_id == event.run_id; });
}

void on_run_event(front_self self, const run_event_ptr& event) {
  if (!event)
    return;
  auto& state = self->state;
  if (!state.sightings.empty())
    tell_sightings(self, *event);
  const bool finished = std::holds_alternative<run_event::finished>(event->what);
  if (const auto watcher = state.run_watchers.find(event->run_id);
      watcher != state.run_watchers.end()) {
    caf::anon_send(watcher->second, event);
    if (finished)
      state.run_watchers.erase(watcher);
  }
  const auto& receivers = state.audiences.of_run(event->key, event->run_id);
  auto batch = state.projector.project(
      *event, audience_index::union_of(receivers),
      [&](std::string_view key) { return session_row_json(*state.shared, key); });
  if (!batch.empty())
    deliver(self, receivers, std::move(batch));
  if (finished)
    state.audiences.forget_run(event->run_id);
}

void on_session_event(front_self self, const session_event& event) {
  auto& state = self->state;
  const auto& receivers = state.audiences.of_session(event.key);
  if ((audience_index::union_of(receivers) & (for_sessions | for_messages)) == 0)
    return;
  const auto row =
      event.deleted_session_id.empty() ? session_row_json(*state.shared, event.key) : std::string{};
  deliver(self, receivers, project_session_event(event, row));
}

void adopt(front_self self, const adopt_client& opened) {
  auto& state = self->state;
  const auto id = opened.link->id;
  state.clients.emplace(id, front_state::connected{.client = opened.client, .link = opened.link});
  state.by_actor.emplace(opened.client.id(), id);
  // A client that has ended already answers this with its down message at once.
  self->monitor(opened.client);
  count_clients(self);
  if (state.draining)
    self->send(opened.client, close_client{1012, "service restart"});
}

event_batch_ptr health_event(gateway_shared& shared, const std::string& report) {
  return for_everybody(event_body("health", report, shared.state_version()), true);
}

void tell_presence(front_self self) {
  auto& state = self->state;
  auto& shared = *state.shared;
  const auto version = shared.presence_version();
  if (state.presence_resting || version == state.presence_version)
    return;
  state.presence_version = version;
  state.presence_resting = true;
  self->delayed_send(self, presence_interval, front_tell_presence{});
  json_writer payload;
  payload.begin_object().member_raw("presence", shared.presence()).end_object();
  const auto events = std::make_shared<const event_batch>(
      event_batch{{std::make_shared<const std::string>(
                       event_body("presence", payload.take(), shared.state_version())),
                   for_readers, true}});
  for (const auto& [id, known] : state.clients)
    if (known.online && known.reads)
      deliver_to(self, known, events, for_readers);
}

void on_tell_presence(front_self self) {
  self->state.presence_resting = false;
  tell_presence(self);
}

void on_online(front_self self, const client_online& ready) {
  const auto known = self->state.clients.find(ready.id);
  if (known == self->state.clients.end())
    return;
  // Its device may have lost what it was let in for while the client was on its way here.
  if (ready.device &&
      !still_granted(device_rows{self->state.shared->context().log->rows()}, *ready.device))
    return self->send(known->second.client, close_client{1008, "device token revoked"});
  known->second.online = true;
  known->second.reads = ready.reads;
  known->second.present = ready.present;
  known->second.pairs = ready.pairs;
  known->second.device = ready.device;
  self->state.audiences.add(ready.id, {.reads = ready.reads,
                                       .session_scoped = ready.session_scoped,
                                       .tool_events = ready.tool_events});
  if (ready.present)
    tell_presence(self);
  auto& shared = *self->state.shared;
  deliver_to(self, known->second, health_event(shared, *shared.health()), for_all);
}

bool concerns(const device_closing& closing, const front_state::connected& known) {
  return known.device && known.device->device_id == closing.device_id &&
         (closing.role.empty() || known.device->role == closing.role);
}

void on_device_news(front_self self, const device_news& news) {
  for (const auto& [name, payload] : news.events) {
    const auto events = for_everybody(event_body(name, payload), false);
    for (const auto& [id, known] : self->state.clients)
      if (known.online && known.pairs)
        deliver_to(self, known, events, for_all);
  }
  for (const auto& closing : news.closings)
    for (const auto& [id, known] : self->state.clients)
      if (concerns(closing, known))
        self->send(known.client, close_client{closing.code, closing.reason});
}

connected_devices devices_of(const front_state& state) {
  connected_devices out;
  for (const auto& [id, known] : state.clients)
    if (known.online && known.device)
      out.ids.insert(known.device->device_id);
  return out;
}

bool ended_in_order(const caf::error& reason) {
  return !reason || reason == caf::exit_reason::normal || reason == caf::exit_reason::user_shutdown;
}

void on_down(front_self self, const caf::down_msg& down) {
  auto& state = self->state;
  const auto actor = down.source.id();
  auto& registry = *state.shared->context().registry;
  if (const auto request = state.requests.find(actor); request != state.requests.end()) {
    if (!ended_in_order(down.reason))
      log::error("gateway", "{} failed: {}", request->second.path, caf::to_string(down.reason));
    registry.forget(request->second.path);
    state.run_watchers.erase(request->second.run_id);
    state.requests.erase(request);
    return;
  }
  const auto found = state.by_actor.find(actor);
  if (found == state.by_actor.end())
    return;
  const auto known = state.clients.find(found->second);
  if (!ended_in_order(down.reason))
    log::error("gateway", "client {} failed: {}", known->second.link->conn_id,
               caf::to_string(down.reason));
  registry.forget("/front/client/" + known->second.link->conn_id);
  state.audiences.remove(known->first);
  const auto was_present = known->second.present;
  state.clients.erase(known);
  state.by_actor.erase(found);
  count_clients(self);
  if (was_present)
    tell_presence(self);
}

caf::result<watching> on_watch(front_self self, const watch_messages& wanted) {
  auto& audiences = self->state.audiences;
  if (!wanted.on) {
    audiences.unwatch_messages(wanted.id, wanted.key);
    return watching{false};
  }
  if (audiences.watch_messages(wanted.id, wanted.key, watched_sessions_max))
    return watching{true};
  return to_caf({errc::overloaded, "this connection watches as many sessions as it may"});
}

/// Looked up here, after every event that was heard: a run that ended before is in the rows, one
/// that begins later is seen.
caf::result<run_sighting> on_await_sighting(front_self self, const await_sighting& wanted) {
  auto& state = self->state;
  if (const auto key = find_run_conversation(*state.shared->context().log, wanted.run_id))
    return run_sighting{*key};
  if (state.sightings.size() >= sightings_max) {
    // The asker that waits longest gives way.
    state.sightings.front().asked.give(
        error{errc::overloaded, "too many calls wait for unknown runs"});
    state.sightings.pop_front();
  }
  state.sightings.push_back({wanted.run_id, troupe::answer<run_sighting>{self}});
  return state.sightings.back().asked.later();
}

void tick(front_self self) {
  json_writer payload;
  payload.begin_object()
      .member("ts", self->state.shared->context().time->now_wall_ms())
      .end_object();
  broadcast(self, for_everybody(event_body("tick", payload.take()), true));
  self->delayed_send(self, tick_period, front_tick{});
}

void refresh_health(front_self self) {
  if (!self->state.clients.empty()) {
    auto& shared = *self->state.shared;
    broadcast(self, health_event(shared, *shared.refresh_health()));
  }
  self->delayed_send(self, health_period, front_refresh_health{});
}

void broadcast_to_readers(front_self self, const std::string& event, std::string_view payload) {
  const auto events = std::make_shared<const event_batch>(event_batch{
      {std::make_shared<const std::string>(event_body(event, payload)), for_readers, true}});
  for (const auto& [id, known] : self->state.clients)
    if (known.online && known.reads)
      deliver_to(self, known, events, for_readers);
}

void on_config_changed(front_self self, const front_config_changed& change) {
  json_writer payload;
  payload.begin_object()
      .member("path", change.path)
      .member("hash", change.hash)
      .member("ts", self->state.shared->context().time->now_wall_ms())
      .end_object();
  broadcast_to_readers(self, "config.changed", payload.take());
  // 1012, so that honest clients come back at once and prove themselves with what is valid now.
  if (change.credentials)
    for (const auto& [id, known] : self->state.clients)
      self->send(known.client, close_client{1012, "gateway credentials changed"});
}

void drain(front_self self, const front_drain& wanted) {
  auto& state = self->state;
  state.draining = true;
  state.place.enter("draining");
  json_writer payload;
  payload.begin_object().member("reason", wanted.reason);
  if (wanted.restart_expected_ms > 0)
    payload.member("restartExpectedMs", wanted.restart_expected_ms);
  payload.end_object();
  broadcast(self, for_everybody(event_body("shutdown", payload.take()), false));
  for (const auto& [id, known] : state.clients)
    self->send(known.client, close_client{1012, "service restart"});
}

} // namespace

front_actor::behavior_type front(front_self self, gateway_shared_ptr shared) {
  self->state.place = self->observe(shared->context().registry, "/front", "front");
  self->state.shared = std::move(shared);
  self->set_down_handler([self](const caf::down_msg& down) { on_down(self, down); });
  self->delayed_send(self, tick_period, front_tick{});
  self->delayed_send(self, health_period, front_refresh_health{});
  return {
      [self](const run_event_ptr& event) { on_run_event(self, event); },
      [self](const session_event& event) { on_session_event(self, event); },
      [self](const adopt_client& opened) { adopt(self, opened); },
      [self](const adopt_request& begun) {
        self->state.requests[begun.worker.id()].path = begun.path;
        self->monitor(begun.worker);
      },
      [self](const client_online& ready) { on_online(self, ready); },
      [self](const watch_sessions& wanted) {
        self->state.audiences.watch_sessions(wanted.id);
        return watching{true};
      },
      [self](const watch_messages& wanted) { return on_watch(self, wanted); },
      [self](const follow_run& wanted) {
        self->state.audiences.follow_run(wanted.id, wanted.run_id, followed_runs_max);
      },
      [self](const watch_run& wanted) {
        self->state.requests[wanted.watcher.id()].run_id = wanted.run_id;
        self->state.run_watchers.insert_or_assign(wanted.run_id, wanted.watcher);
      },
      [self](const get_in_flight& wanted) {
        auto text = self->state.projector.in_flight(wanted.key);
        return in_flight_run{text.empty() ? nullptr
                                          : std::make_shared<const std::string>(std::move(text))};
      },
      [self](const await_sighting& wanted) { return on_await_sighting(self, wanted); },
      [](catch_up) { return caught_up{}; },
      [self](const device_news& news) { on_device_news(self, news); },
      [self](get_connected_devices) { return devices_of(self->state); },
      [self](const front_drain& wanted) { drain(self, wanted); },
      [self](const front_config_changed& change) { on_config_changed(self, change); },
      [self](front_tick) { tick(self); },
      [self](front_refresh_health) { refresh_health(self); },
      [self](presence_changed) { tell_presence(self); },
      [self](front_tell_presence) { on_tell_presence(self); },
  };
}

} // namespace troupe::gateway
