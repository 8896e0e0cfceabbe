#include "actors/gateway/limits.hpp"
#include "actors/gateway/methods/method.hpp"
#include "tests/component/actors/gateway/client_world.hpp"
#include "tests/support/test_device.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {

using namespace std::chrono_literals;

namespace {

const test_device phone{1};

/// Devices at the door of a gateway, and operators inside.
struct devices_world : client_world {
  json::object params_of(json::object auth = {{"token", "secret"}},
                         json::array scopes = {"operator.read", "operator.write"}) const {
    return {{"minProtocol", 4},
            {"maxProtocol", 4},
            {"client",
             {{"id", "openclaw-tui"}, {"version", "1"}, {"platform", "linux"}, {"mode", "ui"}}},
            {"role", "operator"},
            {"scopes", std::move(scopes)},
            {"auth", std::move(auth)}};
  }
  std::string challenge_of(peer& of) {
    return std::string{frame(of).at("payload").at("nonce").as_string()};
  }
  /// Opens a connection and sends `connect`, signed by `device`.
  peer knock(const test_device& device, json::object params, net::header_list headers = local()) {
    auto made = open(std::move(headers));
    device.sign(params, challenge_of(made), facts.time.now_wall_ms());
    request(made, "c1", "connect", params);
    return made;
  }
  static net::header_list local() { return {{"host", "127.0.0.1"}}; }
  /// Through a proxy: not this machine.
  static net::header_list remote() {
    return {{"host", "127.0.0.1"}, {"x-forwarded-for", "203.0.113.5"}};
  }
  json::object hello(peer& of) {
    const auto all = frames(of);
    REQUIRE(!all.empty());
    REQUIRE(all.front().at("ok") == true);
    return all.front().at("payload").as_object();
  }
  json::object failure_of(peer& of) {
    const auto told = frame(of);
    return error_of(told);
  }
  std::string token_of(const json::object& welcomed) {
    return std::string{welcomed.at("auth").at("deviceToken").as_string()};
  }
  test_log& log() { return facts.log; }
  peer admin() { return connect({"operator.admin"}); }
  json::object order(peer& by, std::string_view method, json::object params) {
    request(by, "o", method, params);
    return answer_among(by);
  }
};

} // namespace

TEST_CASE_METHOD(devices_world, "devices: the first hello waits for the commit", "[devices]") {
  log().complete(completion::manual);
  auto tui = knock(phone, params_of());
  CHECK(frames(tui).empty());
  CHECK_FALSE(tui.connection->greeted);
  request(tui, "h", "health"); // Runs after the hello.
  CHECK(frames(tui).empty());
  log().complete(completion::at_once);
  log().finish_all();
  run();
  const auto told = frames(tui);
  REQUIRE(told.size() >= 2);
  CHECK(told[0].at("id") == "c1");
  const auto& auth = told[0].at("payload").at("auth").as_object();
  CHECK(auth.at("method") == "token");
  CHECK(auth.at("deviceToken").as_string().size() == 43);
  CHECK(auth.at("scopes").as_array().size() == 2);
  CHECK(told[1].at("id") == "h");
}

TEST_CASE_METHOD(devices_world, "devices: an outcome that is not known is told as such",
                 "[devices]") {
  log().answer(1, proposal_status::unknown, fate::lost);
  auto tui = knock(phone, params_of());
  const auto failure = failure_of(tui);
  CHECK(failure.at("code") == "UNAVAILABLE");
  CHECK(failure.at("retryable") == true);
  CHECK(tui.connection->closed);

  auto again = knock(phone, params_of()); // Nothing is decided in the old term.
  CHECK(error_of(frame(again)).at("code") == "UNAVAILABLE");
  log().depose(meta_shard);
  log().lead(meta_shard, epoch{2});
  auto later = knock(phone, params_of());
  CHECK_FALSE(token_of(hello(later)).empty());
}

TEST_CASE_METHOD(devices_world, "devices: one that is known needs no leader", "[devices]") {
  auto first = knock(phone, params_of());
  const auto token = token_of(hello(first));
  log().depose(meta_shard);
  auto second = knock(phone, params_of({{"deviceToken", token}}));
  const auto welcomed = hello(second);
  CHECK(welcomed.at("auth").at("method") == "device-token");
  CHECK(token_of(welcomed) == token);
}

TEST_CASE_METHOD(devices_world, "devices: asks, is approved by an operator, comes in",
                 "[devices]") {
  auto operators = admin();
  auto tui = knock(phone, params_of(), remote());
  const auto failure = failure_of(tui);
  CHECK(failure.at("code") == "NOT_PAIRED");
  const auto id = failure.at("details").at("requestId");
  REQUIRE(tui.connection->closed);
  CHECK(tui.connection->closed->first == 1008);
  const auto event = frame(operators);
  CHECK(event.at("event") == "device.pair.requested");
  CHECK(event.at("payload").at("requestId") == id);
  CHECK(event.at("payload").at("remoteIp") == "127.0.0.1");

  const auto list = order(operators, "device.pair.list", {});
  CHECK(list.at("payload").at("pending").as_array().size() == 1);
  CHECK(order(operators, "device.pair.approve", {{"requestId", id}}).at("ok") == true);
  auto again = knock(phone, params_of(), remote());
  CHECK(hello(again).at("auth").at("scopes").as_array().size() == 2);
  const auto paired = order(operators, "device.pair.list", {}).at("payload").at("paired").at(0);
  CHECK(paired.at("connected") == true);
  CHECK(paired.at("approvedVia") == "owner");
  CHECK(paired.at("lastSeenAtMs") == facts.time.now_wall_ms());
}

TEST_CASE_METHOD(devices_world, "devices: what is revoked is closed at once, and stays out",
                 "[devices]") {
  auto operators = admin();
  auto tui = knock(phone, params_of());
  const auto token = token_of(hello(tui));
  const auto told =
      order(operators, "device.token.revoke", {{"deviceId", phone.id}, {"role", "operator"}});
  CHECK(told.at("ok") == true);
  REQUIRE(tui.connection->closed);
  CHECK(tui.connection->closed->first == 1008);
  CHECK_FALSE(operators.connection->closed);
  auto again = knock(phone, params_of({{"deviceToken", token}}));
  advance(10s);
  CHECK(error_of(frame(again)).at("details").at("code") == "AUTH_DEVICE_TOKEN_MISMATCH");
}

TEST_CASE_METHOD(devices_world, "devices: a device is present under its id, once", "[devices]") {
  auto params = params_of();
  params["client"].as_object()["instanceId"] = "i1";
  auto first = knock(phone, params);
  hello(first);
  params["client"].as_object()["instanceId"] = "i2";
  auto second = knock(phone, params);
  hello(second);
  auto posing = params_of(); // Says of itself that it is the device.
  posing["client"].as_object()["instanceId"] = phone.id;
  auto other = knock(test_device{2}, posing);
  hello(other);
  auto operators = admin();
  const auto list = order(operators, "system-presence", {}).at("payload").as_array();
  REQUIRE(list.size() == 3); // With the gateway itself.
  CHECK(list.at(1).at("deviceId") == test_device{2}.id.c_str());
  CHECK(list.at(2).at("deviceId") == phone.id.c_str());
  CHECK(list.at(2).at("instanceId") == "i2");
}

TEST_CASE_METHOD(devices_world, "devices: a removed device loses its connections and its record",
                 "[devices]") {
  auto operators = admin();
  auto tui = knock(phone, params_of());
  hello(tui);
  CHECK(order(operators, "device.pair.remove", {{"deviceId", phone.id}}).at("ok") == true);
  REQUIRE(tui.connection->closed);
  CHECK(tui.connection->closed->first == 4001);
  const auto left = order(operators, "device.pair.list", {}).at("payload");
  CHECK(left.at("paired").as_array().empty());
}

TEST_CASE_METHOD(devices_world, "devices: whoever rotates its own token is told the new one first",
                 "[devices]") {
  auto first = knock(phone, params_of({{"token", "secret"}}, {"operator.pairing"}));
  const auto old = token_of(hello(first));
  auto tui = knock(phone, params_of({{"deviceToken", old}}, {"operator.pairing"}));
  hello(tui);
  frames(tui);
  const auto told =
      order(tui, "device.token.rotate", {{"deviceId", phone.id}, {"role", "operator"}});
  const auto& payload = told.at("payload").as_object();
  CHECK(payload.at("tokenDelivery") == "in-band");
  CHECK(payload.at("token") != old.c_str());
  CHECK(tui.connection->closed);
  auto again =
      knock(phone, params_of({{"deviceToken", payload.at("token")}}, {"operator.pairing"}));
  CHECK(hello(again).at("auth").at("method") == "device-token");
}

TEST_CASE_METHOD(devices_world, "devices: a node may call nothing, and is put out when it insists",
                 "[devices]") {
  auto params = params_of();
  params["role"] = "node";
  params["client"] = {{"id", "node-host"}, {"version", "1"}, {"platform", "x"}, {"mode", "node"}};
  auto node = knock(phone, params);
  CHECK(hello(node).at("auth").at("role") == "node");
  for (unsigned i = 0; i <= gateway::unauthorized_calls_max; ++i) {
    CHECK_FALSE(node.connection->closed);
    request(node, "n", "chat.history", {{"sessionKey", "main"}});
    CHECK(error_of(answer_among(node)).at("message") == "unauthorized role: node");
  }
  REQUIRE(node.connection->closed);
  CHECK(node.connection->closed->second == "repeated unauthorized calls");
}

TEST_CASE_METHOD(devices_world, "devices: only operators who pair see requests", "[devices]") {
  auto reader = connect({"operator.read"});
  auto pairing = connect({"operator.pairing"});
  knock(phone, params_of(), remote());
  CHECK(frames(reader).empty());
  CHECK(frame(pairing).at("event") == "device.pair.requested");
}

TEST_CASE_METHOD(devices_world, "devices: sixteen frames wait for the hello, not one more",
                 "[devices]") {
  log().complete(completion::manual);
  auto tui = knock(phone, params_of());
  for (std::size_t i = 0; i < gateway::handshake_frames_max; ++i)
    request(tui, "x", "health");
  CHECK_FALSE(tui.connection->closed);
  request(tui, "x", "health");
  REQUIRE(tui.connection->closed);
  CHECK(tui.connection->closed->second == "too many pending handshake frames");
  log().finish_all();
  run();
}

// ---- rows of the table of incidents
// --------------------------------------------------------------

TEST_CASE_METHOD(devices_world, "security row 4: a request of a revoked device is not served",
                 "[security]") {
  auto tui = knock(phone, params_of());
  hello(tui);
  frames(tui);
  // The commit is there; the front has not heard of it.
  gateway::device_rows rows{log().rows()};
  gateway::device_ledger ledger{rows, facts.time.now_wall_ms()};
  ledger.revoke(phone.id, "operator");
  log().propose(meta_shard, epoch{1}, rows.batch(), [](proposal_result) {});
  shared->note_device_change();
  request(tui, "x", "chat.send",
          {{"sessionKey", "main"}, {"message", "m"}, {"idempotencyKey", "k"}});
  CHECK(frames(tui).empty());
  CHECK(conversations.inputs.empty());
  CHECK(tui.connection->closed);
}

TEST_CASE_METHOD(devices_world, "security row 6: no method is served before connect",
                 "[security]") {
  for (const auto method : gateway::method_names()) {
    auto stranger = open();
    frames(stranger);
    request(stranger, "x", method, {});
    const auto failure = failure_of(stranger);
    CHECK(failure.at("message") == "invalid handshake: first request must be connect");
    CHECK(stranger.connection->closed);
  }
}

TEST_CASE_METHOD(devices_world, "security row 6: a client without scopes changes nothing",
                 "[security]") {
  auto nobody = connect(json::array{});
  frames(nobody);
  for (const auto name : gateway::method_names()) {
    const auto* method = gateway::find_method(name);
    if (method->needed == gateway::scope::none)
      continue;
    request(nobody, "x", name, {});
    CHECK(error_of(answer_among(nobody)).at("code") == "FORBIDDEN");
  }
}

TEST_CASE_METHOD(devices_world, "security row 6: who only pairs administrates nothing",
                 "[security]") {
  auto pairing = connect({"operator.pairing"});
  frames(pairing);
  for (const auto* name : {"sessions.delete", "sessions.reset", "chat.send"}) {
    request(pairing, "x", name, {});
    CHECK(error_of(answer_among(pairing)).at("code") == "FORBIDDEN");
  }
}

TEST_CASE_METHOD(devices_world, "security row 17: nothing written as a token is more than a text",
                 "[security]") {
  auto tui = knock(phone, params_of());
  hello(tui);
  for (const std::string odd :
       {"' OR 1=1 --", "\"; DROP TABLE devices; --", "../../device", "%00", "\x01\x02",
        "a' UNION SELECT token FROM devices", "$(reboot)", "{\"$ne\":null}"}) {
    auto again = knock(phone, params_of({{"deviceToken", odd}}));
    advance(10s);
    CHECK(error_of(frame(again)).at("details").at("code") == "AUTH_DEVICE_TOKEN_MISMATCH");
  }
}

} // namespace troupe::test
