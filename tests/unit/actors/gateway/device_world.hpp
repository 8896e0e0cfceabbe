#pragma once

#include "actors/gateway/devices/device_ledger.hpp"
#include "actors/gateway/devices/device_token.hpp"
#include "tests/support/memory_journal.hpp"
#include "tests/support/test_device.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::test {

/// The ledger over the rows of a journal in memory: what an operation changes is committed at once.
struct device_world {
  std::shared_ptr<memory_disk> disk = std::make_shared<memory_disk>();
  std::unique_ptr<memory_journal> store = std::make_unique<memory_journal>(disk);
  std::uint64_t index = 0;
  wall_ms now = 1'700'000'000'000;
  gateway::device_news news; ///< Of the newest operation.

  gateway::device_rows rows() const { return gateway::device_rows{store->rows()}; }

  template <class Do>
  auto act(Do operation) {
    auto changed = rows();
    gateway::device_ledger ledger{changed, now};
    auto outcome = operation(ledger);
    news = std::move(ledger.news());
    if (changed.changed()) {
      store->apply(meta_shard, ++index, changed.batch());
      REQUIRE(store->commit_turn());
    }
    return outcome;
  }

  /// What is on disk, read by a new process.
  void restart() { store = std::make_unique<memory_journal>(disk); }

  gateway::device_admission admit(const gateway::device_ask& ask, bool room = true) {
    return act([&](gateway::device_ledger& ledger) { return ledger.admit(ask, room); });
  }
  gateway::device_ledger::answer approve(const std::string& request_id,
                                         const gateway::device_caller& by) {
    return act([&](gateway::device_ledger& ledger) { return ledger.approve(request_id, by); });
  }
  gateway::device_ledger::answer rotate(const std::string& id, const gateway::device_caller& by,
                                        std::optional<std::vector<std::string>> scopes = {},
                                        const std::string& role = "operator") {
    return act([&](gateway::device_ledger& ledger) { return ledger.rotate(id, role, scopes, by); });
  }
  gateway::device_ledger::answer revoke(const std::string& id,
                                        const std::string& role = "operator") {
    return act([&](gateway::device_ledger& ledger) { return ledger.revoke(id, role); });
  }
  gateway::device_ledger::answer remove(const std::string& id) {
    return act([&](gateway::device_ledger& ledger) { return ledger.remove(id); });
  }

  /// A silent pairing of this machine.
  gateway::device_grant paired(const gateway::device_ask& ask) {
    auto local = ask;
    local.silent = {.local = true, .scope_upgrades = true, .by_proxy = {}};
    const auto outcome = admit(local);
    REQUIRE(std::holds_alternative<gateway::device_grant>(outcome));
    return std::get<gateway::device_grant>(outcome);
  }
  gateway::device_waiting waiting(const gateway::device_ask& ask) {
    const auto outcome = admit(ask);
    REQUIRE(std::holds_alternative<gateway::device_waiting>(outcome));
    return std::get<gateway::device_waiting>(outcome);
  }
};

/// A device that nothing is approved for in silence.
inline gateway::device_ask an_ask(const test_device& device, std::vector<std::string> scopes,
                                  std::string role = "operator") {
  gateway::device_ask ask;
  ask.what.device_id = device.id;
  ask.what.public_key = device.public_key;
  ask.what.platform = "linux";
  ask.what.device_family = "Linux";
  ask.what.client_id = "openclaw-tui";
  ask.what.client_mode = "ui";
  ask.role = std::move(role);
  ask.scopes = gateway::scope_set::of(scopes);
  return ask;
}

inline gateway::device_caller an_operator(std::vector<std::string> scopes,
                                          std::string device_id = {}) {
  return {gateway::scope_set::of(scopes), std::move(device_id)};
}

inline boost::json::value payload_of(const gateway::device_ledger::answer& answer) {
  if (const auto* refused = std::get_if<gateway::protocol_error>(&answer))
    FAIL(refused->message);
  return boost::json::parse(std::get<std::string>(answer));
}

inline std::string refusal_of(const gateway::device_ledger::answer& answer) {
  REQUIRE(std::holds_alternative<gateway::protocol_error>(answer));
  return std::get<gateway::protocol_error>(answer).message;
}

} // namespace troupe::test
