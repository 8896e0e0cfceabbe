#include "actors/gateway/devices/devices.hpp"

#include "actors/gateway/limits.hpp"
#include "actors/support/reply.hpp"
#include "base/log.hpp"
#include "cluster/log/replicated_log.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <utility>

namespace troupe::gateway {
namespace {

/// Writes of one turn: at about 2 KB each they stay well below what a proposal may be.
constexpr std::size_t turn_writes_max = 64;

const error not_led{errc::unavailable, "the gateway cannot write about devices now; send again"};

replicated_log& log_of(devices_self self) {
  return *self->state.shared->context().log;
}

/// The term in which decisions may be made; 0: none now.
epoch usable_term(devices_self self) {
  const auto lease = log_of(self).lease(meta_shard);
  const auto now = self->state.shared->context().time->now_boot();
  return lease.valid(lease.term, now) && lease.term > self->state.distrusted ? lease.term : epoch{};
}

/// What changed who may come in. The texts of clients stay out of the log.
void log_news(const device_news& news) {
  for (const auto& [name, payload] : news.events)
    if (name == "device.pair.resolved")
      log::info("gateway", "{} {}", name, payload);
  for (const auto& closing : news.closings)
    log::info("gateway", "device {}: {}", closing.device_id, closing.reason);
}

void publish(devices_self self, device_news news) {
  log_news(news);
  if (!news.closings.empty())
    self->state.shared->note_device_change();
  self->state.news = {};
  if (!news.events.empty())
    self->send(self->state.front, device_news{.events = std::move(news.events), .closings = {}});
  for (const auto& then : std::exchange(self->state.done, {}))
    then();
  self->state.undone.clear();
  // After the answers: whoever rotates its own token is told the new one before it is put out.
  if (!news.closings.empty())
    self->send(self->state.front, device_news{.events = {}, .closings = std::move(news.closings)});
}

void refuse_turn(devices_self self, const error& why) {
  self->state.news = {};
  self->state.done.clear();
  for (const auto& refused : std::exchange(self->state.undone, {}))
    refused(why);
}

void propose(devices_self self, epoch term, write_batch batch) {
  auto& state = self->state;
  state.committing = true;
  state.turn_term = term;
  log_of(self).propose(
      meta_shard, term, std::move(batch),
      [owner = caf::actor_addr{self->address()}, turn = ++state.turn](proposal_result outcome) {
        if (const auto actor = caf::actor_cast<caf::actor>(owner))
          caf::anon_send(actor, proposal_settled{turn, static_cast<int>(outcome.status),
                                                 outcome.index.value()});
      });
}

void take_turns(devices_self self) {
  auto& state = self->state;
  while (!state.committing && !state.queue.empty()) {
    const auto term = usable_term(self);
    if (term == epoch{}) {
      for (const auto& each : std::exchange(state.queue, {}))
        each.refuse(not_led);
      return;
    }
    device_rows rows{log_of(self).rows()};
    device_ledger ledger{rows, state.stamp.next(state.shared->context().time->now_wall_ms())};
    const bool room = log_of(self).pressure() == storage_pressure::none;
    while (!state.queue.empty() && state.done.size() < turn_writes_max) {
      auto next = std::move(state.queue.front());
      state.queue.pop_front();
      state.done.push_back(next.run(ledger, room));
      state.undone.push_back(std::move(next.refuse));
    }
    state.news = std::move(ledger.news());
    if (rows.changed())
      propose(self, term, rows.batch());
    else
      publish(self, std::move(state.news));
  }
}

void settle(devices_self self, const proposal_settled& report) {
  auto& state = self->state;
  if (!state.committing || report.ticket != state.turn)
    return;
  state.committing = false;
  switch (static_cast<proposal_status>(report.status)) {
  case proposal_status::committed:
    publish(self, std::move(state.news));
    break;
  case proposal_status::unknown:
    state.distrusted = state.turn_term;
    log::warn("gateway", "a change of devices has no known outcome; its senders ask again");
    [[fallthrough]];
  case proposal_status::not_leader:
    refuse_turn(self, not_led);
    break;
  }
  take_turns(self);
}

void enqueue(devices_self self, devices_state::waiting write) {
  if (self->state.queue.size() >= device_writes_queued_max)
    return write.refuse({errc::overloaded, "too many changes of devices at once"});
  self->state.queue.push_back(std::move(write));
  take_turns(self);
}

caf::result<device_decision> on_admit(devices_self self, const admit_device& wanted) {
  const troupe::answer<device_decision> answer{self};
  enqueue(self, {[ask = wanted.ask, answer](device_ledger& ledger, bool room) {
                   return [answer, decided = device_decision{ledger.admit(ask, room)}] {
                     answer.give(decided);
                   };
                 },
                 [answer](const error& why) { answer.give(why); }});
  return answer.later();
}

device_ledger::answer carry_out(device_ledger& ledger, const device_order& order) {
  switch (order.wanted) {
  case device_order::what::approve:
    return ledger.approve(order.request_id, order.by);
  case device_order::what::reject:
    return ledger.reject(order.request_id);
  case device_order::what::remove:
    return ledger.remove(order.device_id);
  case device_order::what::rotate:
    return ledger.rotate(order.device_id, order.role, order.scopes, order.by);
  case device_order::what::revoke:
    break;
  }
  return ledger.revoke(order.device_id, order.role);
}

caf::result<device_receipt> on_order(devices_self self, const device_order& order) {
  const troupe::answer<device_receipt> answer{self};
  enqueue(self, {[order, answer](device_ledger& ledger, bool) {
                   return [answer, receipt = device_receipt{carry_out(ledger, order)}] {
                     answer.give(receipt);
                   };
                 },
                 [answer](const error& why) { answer.give(why); }});
  return answer.later();
}

/// What nobody waits for.
void enqueue_quietly(devices_self self, std::function<void(device_ledger&, bool room)> part) {
  enqueue(self, {[part = std::move(part)](device_ledger& ledger, bool room) {
                   part(ledger, room);
                   return std::function<void()>{[] {}};
                 },
                 [](const error&) {}});
}

} // namespace

devices_actor::behavior_type devices(devices_self self, gateway_shared_ptr shared,
                                     front_actor front) {
  self->state.place = self->observe(shared->context().registry, "/devices", "devices");
  self->state.shared = std::move(shared);
  self->state.front = std::move(front);
  self->delayed_send(self, device_upkeep_period, device_upkeep{});
  return {
      [self](const admit_device& wanted) { return on_admit(self, wanted); },
      [self](const device_order& order) { return on_order(self, order); },
      [self](const device_seen& seen) {
        enqueue_quietly(self, [seen](device_ledger& ledger, bool room) {
          if (room)
            ledger.seen(seen.device_id, seen.role, seen.reason);
        });
      },
      [self](device_upkeep) {
        enqueue_quietly(self, [](device_ledger& ledger, bool) { ledger.expire(); });
        self->delayed_send(self, device_upkeep_period, device_upkeep{});
      },
      [self](const proposal_settled& report) { settle(self, report); },
  };
}

} // namespace troupe::gateway
