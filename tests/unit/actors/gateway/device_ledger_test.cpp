#include "tests/unit/actors/gateway/device_world.hpp"

namespace troupe::test {

using namespace gateway;

namespace {

const test_device phone{1};
const test_device laptop{2};
const std::vector<std::string> read_write{"operator.read", "operator.write"};
const device_caller admin = an_operator({"operator.admin"});

} // namespace

TEST_CASE_METHOD(device_world, "devices: a local device is paired in silence and keeps its token",
                 "[devices]") {
  const auto first = paired(an_ask(phone, read_write));
  CHECK(first.token.size() == 43);
  CHECK(first.issued_at == now);
  REQUIRE(news.events.size() == 1);
  CHECK(news.events[0].name == "device.pair.resolved");
  CHECK(boost::json::parse(news.events[0].payload).at("decision") == "approved");
  restart();
  now += 1'000;
  const auto again = standing_grant(rows(), an_ask(phone, read_write));
  REQUIRE(again.value());
  CHECK(again.value()->token == first.token);
  CHECK(again.value()->nonce == first.nonce);
  const auto found = rows().token_of(token_hash(first.token));
  REQUIRE(found.value());
  CHECK(found.value()->device_id == phone.id);
}

TEST_CASE_METHOD(device_world, "devices: a stranger waits, is approved, and then let in",
                 "[devices]") {
  const auto asked = waiting(an_ask(phone, read_write));
  CHECK(asked.reason == pairing_reason::not_paired);
  REQUIRE(news.events.size() == 1);
  const auto shown = boost::json::parse(news.events[0].payload);
  CHECK(news.events[0].name == "device.pair.requested");
  CHECK(shown.at("requestId") == asked.request_id.c_str());
  CHECK(shown.at("deviceId") == phone.id.c_str());
  CHECK(shown.at("isRepair") == false);
  CHECK(waiting(an_ask(phone, read_write)).request_id == asked.request_id);
  CHECK(news.events.empty());

  const auto told = payload_of(approve(asked.request_id, admin));
  CHECK(told.at("device").at("approvedVia") == "owner");
  CHECK(told.at("device").at("tokens").at(0).at("scopes").as_array().size() == 2);
  CHECK(news.events.at(0).name == "device.pair.resolved");
  CHECK(standing_grant(rows(), an_ask(phone, read_write)).value());
  CHECK(refusal_of(approve(asked.request_id, admin)) == "unknown requestId");
}

TEST_CASE_METHOD(device_world, "devices: another request replaces the one that was shown",
                 "[devices]") {
  const auto small = waiting(an_ask(phone, {"operator.read"}));
  const auto large = waiting(an_ask(phone, {"operator.admin"}));
  CHECK(large.request_id != small.request_id);
  CHECK(refusal_of(approve(small.request_id, admin)) == "unknown requestId");
  CHECK(rows().pairings().value().size() == 1);
}

TEST_CASE_METHOD(device_world, "devices: a rejected request is gone", "[devices]") {
  const auto asked = waiting(an_ask(phone, read_write));
  const auto reject = [&] {
    return act([&](device_ledger& ledger) { return ledger.reject(asked.request_id); });
  };
  CHECK(payload_of(reject()).at("deviceId") == phone.id.c_str());
  CHECK(boost::json::parse(news.events.at(0).payload).at("decision") == "rejected");
  CHECK(refusal_of(reject()) == "unknown requestId");
}

TEST_CASE_METHOD(device_world, "devices: more scopes, another role, another platform are asked for",
                 "[devices]") {
  paired(an_ask(phone, read_write));
  auto more = an_ask(phone, {"operator.admin"});
  const auto wider = waiting(more);
  CHECK(wider.reason == pairing_reason::scope_upgrade);
  CHECK(wider.approved_scopes == read_write);
  CHECK(waiting(an_ask(phone, {}, "node")).reason == pairing_reason::role_upgrade);
  auto moved = an_ask(phone, read_write);
  moved.what.platform = "darwin";
  moved.silent = {.local = true, .scope_upgrades = true, .by_proxy = {}};
  CHECK(waiting(moved).reason == pairing_reason::metadata_upgrade);
  moved.scopes = more.scopes; // What is silent alone is not together with it.
  CHECK(waiting(moved).reason == pairing_reason::scope_upgrade);
  CHECK(standing_grant(rows(), an_ask(phone, read_write)).value());
}

TEST_CASE_METHOD(device_world, "devices: silence has its limits", "[devices]") {
  paired(an_ask(phone, {"operator.read"}));
  auto more = an_ask(phone, {"operator.write"});
  more.silent.local = true; // Not for wider scopes.
  CHECK(waiting(more).reason == pairing_reason::scope_upgrade);
  auto vouched = an_ask(laptop, {"operator.read"});
  vouched.silent.by_proxy = scope_set::of(read_write);
  CHECK(std::holds_alternative<device_grant>(admit(vouched)));
  vouched.scopes = scope_set::of(std::vector<std::string>{"operator.admin"});
  CHECK(waiting(vouched).reason == pairing_reason::scope_upgrade);
  auto node = an_ask(test_device{3}, {}, "node");
  node.silent.by_proxy = scope_set::of(read_write);
  CHECK(waiting(node).reason == pairing_reason::not_paired);
}

TEST_CASE_METHOD(device_world, "devices: a rotated token replaces the old one", "[devices]") {
  const auto first = paired(an_ask(phone, read_write));
  const auto told = payload_of(rotate(phone.id, admin));
  CHECK(told.at("tokenDelivery") == "withheld-cross-device");
  CHECK_FALSE(told.as_object().contains("token"));
  REQUIRE(news.closings.size() == 1);
  CHECK(news.closings[0].device_id == phone.id);
  CHECK_FALSE(rows().token_of(token_hash(first.token)).value());
  CHECK_FALSE(still_granted(rows(), first));
  const auto next = standing_grant(rows(), an_ask(phone, read_write)).value();
  REQUIRE(next);
  CHECK(next->token != first.token);
  // An operator who came with the gateway's secret, though on this device.
  CHECK(payload_of(rotate(phone.id, an_operator(read_write, phone.id))).at("tokenDelivery") ==
        "withheld-cross-device");
  auto holder = an_operator(read_write, phone.id);
  holder.by_device_token = true;
  const auto own = payload_of(rotate(phone.id, holder));
  CHECK(own.at("tokenDelivery") == "in-band");
  CHECK(rows().token_of(token_hash(std::string{own.at("token").as_string()})).value());
}

TEST_CASE_METHOD(device_world, "devices: a revoked token is dead, and none follows by itself",
                 "[devices]") {
  const auto first = paired(an_ask(phone, read_write));
  CHECK(payload_of(revoke(phone.id)).at("revokedAtMs") == now);
  CHECK(news.closings.size() == 1);
  CHECK_FALSE(rows().token_of(token_hash(first.token)).value());
  CHECK_FALSE(still_granted(rows(), first));
  const auto next = standing_grant(rows(), an_ask(phone, read_write)).value();
  REQUIRE(next);
  CHECK(next->token.empty());
  payload_of(rotate(phone.id, admin));
  CHECK_FALSE(standing_grant(rows(), an_ask(phone, read_write)).value()->token.empty());
}

TEST_CASE_METHOD(device_world, "devices: what opened the door may not change behind it",
                 "[devices]") {
  auto ask = an_ask(phone, read_write);
  ask.proven_nonce = paired(ask).nonce;
  CHECK(standing_grant(rows(), ask).value());
  payload_of(revoke(phone.id));
  CHECK_FALSE(standing_grant(rows(), ask).value());
  const auto outcome = admit(ask);
  REQUIRE(std::holds_alternative<protocol_error>(outcome));
  CHECK(std::get<protocol_error>(outcome).message ==
        "unauthorized: device token mismatch (rotate/reissue device token)");
}

TEST_CASE_METHOD(device_world, "devices: a removed device leaves nothing and begins anew",
                 "[devices]") {
  const auto first = paired(an_ask(phone, read_write));
  waiting(an_ask(phone, {"operator.admin"}));
  payload_of(remove(phone.id));
  REQUIRE(news.closings.size() == 1);
  CHECK(news.closings[0].role.empty());
  CHECK(rows().devices().value().empty());
  CHECK(rows().pairings().value().empty());
  CHECK_FALSE(rows().token_of(token_hash(first.token)).value());
  CHECK(waiting(an_ask(phone, read_write)).reason == pairing_reason::not_paired);
  paired(an_ask(phone, read_write));
  CHECK_FALSE(still_granted(rows(), first));
  CHECK(refusal_of(remove(laptop.id)) == "unknown deviceId");
  CHECK(refusal_of(remove("no id")) == "unknown deviceId");
}

TEST_CASE_METHOD(device_world, "devices: requests are bounded and forgotten", "[devices]") {
  std::string first;
  for (unsigned i = 0; i < pairings_max; ++i) {
    // One key, many ids: the ledger is given what was verified before.
    auto ask = an_ask(phone, read_write);
    ask.what.device_id.replace(0, 4, std::to_string(1'000 + i));
    const auto asked = waiting(ask);
    if (i == 0)
      first = asked.request_id;
  }
  const auto refused = admit(an_ask(laptop, read_write));
  REQUIRE(std::holds_alternative<protocol_error>(refused));
  CHECK(std::get<protocol_error>(refused).retryable);
  now += pairing_age_max_ms;
  CHECK(refusal_of(approve(first, admin)) == "unknown requestId");
  act([](device_ledger& ledger) {
    ledger.expire();
    return 0;
  });
  CHECK(rows().pairings().value().empty());
  CHECK(news.events.size() == pairings_max);
}

TEST_CASE_METHOD(device_world, "devices: one party leaves places to the others", "[devices]") {
  const auto ask_from = [](unsigned n, const std::string& ip) {
    auto ask = an_ask(phone, read_write);
    ask.what.device_id.replace(0, 4, std::to_string(1'000 + n));
    ask.what.remote_ip = ip;
    return ask;
  };
  for (unsigned i = 0; i < pairings_of_party_max; ++i)
    waiting(ask_from(i, "2001:db8::" + std::to_string(i + 1)));
  CHECK(std::holds_alternative<protocol_error>(admit(ask_from(900, "2001:db8::ffff"))));
  waiting(ask_from(901, "2001:db8:0:1::1"));
  waiting(ask_from(902, "203.0.113.5"));
  waiting(ask_from(903, ""));
  waiting(ask_from(0, "2001:db8::ffff")); // The same request again takes no place.
  CHECK(rows().pairings().value().size() == pairings_of_party_max + 3);
}

TEST_CASE_METHOD(device_world, "devices: nothing new is taken while storage is short",
                 "[devices]") {
  CHECK(std::holds_alternative<protocol_error>(admit(an_ask(phone, read_write), false)));
  const auto held = paired(an_ask(laptop, read_write));
  CHECK(std::holds_alternative<device_grant>(admit(an_ask(laptop, read_write), false)));
}

TEST_CASE_METHOD(device_world, "devices: a visit is noted", "[devices]") {
  paired(an_ask(phone, read_write));
  now += seen_period_ms;
  act([](device_ledger& ledger) {
    ledger.seen(phone.id, "operator", "device-token-auth");
    ledger.seen(laptop.id, "operator", "connect"); // Unknown: nothing.
    return 0;
  });
  CHECK(rows().device(phone.id).value()->last_seen_at == now);
  CHECK(rows().token(phone.id, "operator").value()->last_used_at == now);
  CHECK_FALSE(rows().device(laptop.id).value());
}

// ---- rows of the table of incidents
// --------------------------------------------------------------

TEST_CASE_METHOD(device_world, "security row 4: nobody approves more than they may do themselves",
                 "[security]") {
  const auto asked = waiting(an_ask(phone, {"operator.admin"}));
  const auto refused = approve(asked.request_id, an_operator({"operator.pairing"}));
  CHECK(refusal_of(refused) == "missing scope: operator.admin");
  CHECK(std::get<protocol_error>(refused).code == "FORBIDDEN");
  CHECK_FALSE(rows().device(phone.id).value());
}

TEST_CASE_METHOD(device_world, "security row 4: only an administrator lets a node in",
                 "[security]") {
  const auto asked = waiting(an_ask(phone, {}, "node"));
  const auto refused =
      approve(asked.request_id, an_operator({"operator.pairing", "operator.write"}));
  CHECK(refusal_of(refused) == "device pairing approval denied");
  CHECK(std::get<protocol_error>(refused).code == "INVALID_REQUEST");
  CHECK_FALSE(rows().device(phone.id).value());
  payload_of(approve(asked.request_id, admin));
  CHECK(rows().device(phone.id).value());
}

TEST_CASE_METHOD(device_world, "security row 4: no token is made for more than was approved",
                 "[security]") {
  paired(an_ask(phone, read_write));
  CHECK(refusal_of(rotate(phone.id, admin, std::vector<std::string>{"operator.admin"}))
            .find("not approved") != std::string::npos);
  CHECK(refusal_of(rotate(phone.id, admin, std::vector<std::string>{"operator.god"})) ==
        "unknown scope in scopes");
  CHECK(news.closings.empty());
}

TEST_CASE_METHOD(device_world, "security row 4: no token is made for more than the caller may do",
                 "[security]") {
  paired(an_ask(phone, {"operator.admin"}));
  const auto caller = an_operator({"operator.pairing"}, laptop.id);
  CHECK(refusal_of(rotate(phone.id, caller)) == "missing scope: operator.admin");
  CHECK(payload_of(rotate(phone.id, caller, std::vector<std::string>{"operator.pairing"}))
            .at("scopes")
            .as_array()
            .size() == 1);
}

TEST_CASE_METHOD(device_world, "security row 4: pairing again without scopes gives none",
                 "[security]") {
  paired(an_ask(phone, {"operator.admin"}));
  payload_of(remove(phone.id));
  paired(an_ask(phone, {}));
  CHECK(rows().device(phone.id).value()->scopes.empty());
  CHECK(rows().token(phone.id, "operator").value()->scopes.empty());
  CHECK(waiting(an_ask(phone, {"operator.read"})).reason == pairing_reason::scope_upgrade);
}

TEST_CASE_METHOD(device_world, "security row 16: no row holds the text of a token", "[security]") {
  const auto grant = paired(an_ask(phone, read_write));
  std::string everything;
  const auto scanned = store->rows().snapshot()->scan(
      meta_shard, {}, {}, scan_order::ascending, [&](std::string_view key, std::string_view value) {
        everything.append(key).append(value);
        return scan_step::more;
      });
  REQUIRE(scanned);
  CHECK(everything.size() > 200);
  CHECK(everything.find(grant.token) == std::string::npos);
  const auto raw = from_base64(grant.token);
  REQUIRE(raw);
  CHECK(everything.find(*raw) == std::string::npos);
}

} // namespace troupe::test
