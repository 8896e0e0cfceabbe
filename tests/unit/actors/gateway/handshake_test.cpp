#include "actors/gateway/handshake.hpp"
#include "tests/support/test_device.hpp"
#include "tests/support/test_log.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include <string>

/// The scenarios of the reference's handshake recordings, as far as they are built.
namespace troupe::gateway {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

json::object connect_params_of(std::string_view id = "cli", std::string_view mode = "cli") {
  return {{"minProtocol", 4},
          {"maxProtocol", 4},
          {"client", {{"id", id}, {"version", "1.0.0"}, {"platform", "linux"}, {"mode", mode}}},
          {"role", "operator"},
          {"scopes", {"operator.read", "operator.write"}},
          {"caps", json::array{}},
          {"auth", {{"token", "secret"}}}};
}

std::string frame_of(const json::object& params) {
  return json::serialize(
      json::object{{"type", "req"}, {"id", "c1"}, {"method", "connect"}, {"params", params}});
}

constexpr std::string_view challenge = "7fc7e86a-a729-4e04-ae80-974277fc4a37";
constexpr wall_ms wall = 1'700'000'000'000;

/// A device whose signature fits what `params` says now.
void add_device(json::object& params, unsigned char seed = 1) {
  test::test_device{seed}.sign(params, challenge, wall);
}

/// A gateway at the door, with token "secret".
struct door {
  config::gateway_settings settings;
  auth_limiter limiter;
  connection_origin from;
  test::test_log log;
  handshake_facts facts;

  door() {
    settings.auth.token = secret{"secret"};
    come_from("127.0.0.1", true);
    from.host = "127.0.0.1:18789";
    facts.settings = &settings;
    facts.started = true;
    facts.now = 1h;
    facts.wall = wall;
    facts.challenge = challenge;
    facts.rows = &log.rows();
    log.lead_all(epoch{1});
  }
  void come_from(const std::string& ip, bool loopback = false) {
    from.peer = {ip, 1, loopback};
    from.ip = ip;
  }
  handshake_outcome knock(const json::object& params) { return say(frame_of(params)); }
  handshake_outcome say(std::string_view text) {
    return judge_first_frame(text, from, facts, limiter);
  }
  welcome welcomed(const json::object& params) {
    auto outcome = knock(params);
    if (const auto* refused = std::get_if<refusal>(&outcome))
      FAIL(refused->failure.message);
    return std::get<welcome>(outcome);
  }
  /// What the writer of devices is asked for.
  admission asks(const json::object& params) {
    auto outcome = knock(params);
    if (const auto* refused = std::get_if<refusal>(&outcome))
      FAIL(refused->failure.message);
    REQUIRE(std::holds_alternative<admission>(outcome));
    return std::get<admission>(outcome);
  }
  /// Lets a device in as the writer does.
  std::variant<welcome, refusal> let_in(const admission& asked) {
    device_rows rows{log.rows()};
    device_ledger ledger{rows, wall};
    const auto decided = ledger.admit(asked.ask, true);
    log.propose(meta_shard, epoch{1}, rows.batch(), [](proposal_result) {});
    return admitted(asked, decided);
  }
  refusal refused(const json::object& params) {
    auto outcome = knock(params);
    REQUIRE(std::holds_alternative<refusal>(outcome));
    return std::get<refusal>(outcome);
  }
};

std::string code_of(const refusal& refused) {
  const auto details = json::parse(refused.failure.details);
  return std::string{details.at("code").as_string()};
}

std::size_t scopes_of(const welcome& granted) {
  return granted.scopes.list().size();
}

} // namespace

TEST_CASE_METHOD(door, "handshake: cli with the token keeps its scopes, in its order",
                 "[gateway]") {
  const auto granted = welcomed(connect_params_of());
  CHECK(granted.request_id == "c1");
  CHECK(granted.scopes.list() == std::vector{scope::read, scope::write});
  CHECK(granted.params.token.empty());
}

TEST_CASE_METHOD(door, "handshake: unknown scopes are not granted", "[gateway]") {
  auto params = connect_params_of();
  params["scopes"] = {"operator.read", "operator.god", "operator.read"};
  CHECK(scopes_of(welcomed(params)) == 1);
}

TEST_CASE_METHOD(door, "handshake: the token may come as the password", "[gateway]") {
  auto params = connect_params_of();
  params["auth"] = {{"password", "secret"}};
  CHECK(scopes_of(welcomed(params)) == 2);
}

TEST_CASE_METHOD(door, "handshake: password mode takes the password, not the token", "[gateway]") {
  settings.auth.mode = config::auth_mode::password;
  settings.auth.password = secret{"word"};
  CHECK(code_of(refused(connect_params_of())) == "AUTH_PASSWORD_MISMATCH");
  auto params = connect_params_of();
  params["auth"] = {{"password", "word"}};
  CHECK(scopes_of(welcomed(params)) == 2);
}

TEST_CASE_METHOD(door, "handshake: a probe is welcome without scopes", "[gateway]") {
  auto params = connect_params_of("cli", "probe");
  params["minProtocol"] = 3;
  CHECK(scopes_of(welcomed(params)) == 0);
  params["maxProtocol"] = 3;
  CHECK(scopes_of(welcomed(params)) == 0);
}

TEST_CASE_METHOD(door, "handshake: a backend keeps its scopes, with and without a device",
                 "[gateway]") {
  auto params = connect_params_of("gateway-client", "backend");
  CHECK(scopes_of(welcomed(params)) == 2);
  add_device(params);
  const auto granted = welcomed(params);
  CHECK(scopes_of(granted) == 2);
  CHECK_FALSE(granted.device); // No record of it is made.
}

TEST_CASE_METHOD(door, "handshake: other clients with the token get no scopes", "[gateway]") {
  auto params = connect_params_of("openclaw-tui", "ui");
  CHECK(scopes_of(welcomed(params)) == 0);
}

TEST_CASE_METHOD(door, "handshake: a device of this machine is paired, and has its scopes",
                 "[devices]") {
  auto params = connect_params_of("openclaw-tui", "ui");
  add_device(params);
  const auto asked = asks(params);
  CHECK(asked.ask.silent.local);
  CHECK(asked.ask.silent.scope_upgrades);
  CHECK(asked.granted.request_id == "c1");
  const auto granted = std::get<welcome>(let_in(asked));
  CHECK(scopes_of(granted) == 2);
  CHECK(granted.method == "token");
  REQUIRE(granted.device);

  params["auth"] = {{"deviceToken", granted.device->token}};
  add_device(params);
  const auto again = welcomed(params);
  CHECK(again.method == "device-token");
  CHECK(again.device->token == granted.device->token);
  CHECK(again.params.device_token.empty());
  params.erase("auth");
  params["auth"] = {{"token", granted.device->token}};
  test::test_device{1}.sign(params, challenge, wall, 2);
  CHECK(welcomed(params).method == "device-token");
  params["scopes"] = {"operator.admin"};
  add_device(params);
  CHECK(code_of(refused(params)) == "AUTH_SCOPE_MISMATCH");
}

TEST_CASE_METHOD(door, "handshake: a device token opens the door for its own device only",
                 "[devices]") {
  auto params = connect_params_of("openclaw-tui", "ui");
  add_device(params);
  const auto owner = std::get<welcome>(let_in(asks(params)));
  params["auth"] = {{"deviceToken", owner.device->token}};
  SECTION("another device") {
    add_device(params, 2);
  }
  SECTION("another role") {
    params["role"] = "node";
    add_device(params);
  }
  SECTION("another token") {
    params["auth"] = {{"deviceToken", "nope"}};
    add_device(params);
  }
  const auto answer = refused(params);
  CHECK(code_of(answer) == "AUTH_DEVICE_TOKEN_MISMATCH");
  CHECK(answer.failure.message ==
        "unauthorized: device token mismatch (rotate/reissue device token)");
  CHECK(answer.delay == 250ms);
}

TEST_CASE_METHOD(door, "handshake: what is not this machine waits for approval", "[devices]") {
  auto params = connect_params_of("openclaw-linux", "ui");
  SECTION("another machine") {
    come_from("10.0.0.1");
  }
  SECTION("a proxy") {
    from.forwarded = true;
  }
  SECTION("a page that is not the control page") {
    from.origin = "http://localhost:1";
  }
  SECTION("the operator wants to be asked") {
    settings.approve_local_devices = false;
  }
  add_device(params);
  const auto asked = asks(params);
  CHECK_FALSE(asked.ask.silent.local);
  const auto answer = std::get<refusal>(let_in(asked));
  CHECK(answer.response_id == "c1");
  CHECK(answer.failure.code == "NOT_PAIRED");
  CHECK(answer.failure.message == "pairing required: device is not approved yet");
  const auto told = json::parse(answer.failure.details).as_object();
  CHECK(told.at("code") == "PAIRING_REQUIRED");
  CHECK(told.at("reason") == "not-paired");
  CHECK(told.at("requestedRole") == "operator");
  CHECK(told.at("requestedScopes").as_array().size() == 2);
  CHECK_FALSE(told.contains("retryable"));
  CHECK(answer.close_reason == "pairing required: device is not approved yet (requestId: " +
                                   std::string{told.at("requestId").as_string()} + ")");
}

TEST_CASE_METHOD(door, "handshake: the control page is told to ask again", "[devices]") {
  settings.approve_local_devices = false;
  from.origin = "http://127.0.0.1:18789";
  auto params = connect_params_of("openclaw-control-ui", "webchat");
  add_device(params);
  const auto answer = std::get<refusal>(let_in(asks(params)));
  const auto told = json::parse(answer.failure.details).as_object();
  CHECK(told.at("recommendedNextStep") == "wait_then_retry");
  CHECK(told.at("retryable") == true);
  CHECK(told.at("pauseReconnect") == false);
}

TEST_CASE_METHOD(door, "handshake: the control page of this machine is paired in silence",
                 "[devices]") {
  from.origin = "http://127.0.0.1:18789";
  auto params = connect_params_of("openclaw-control-ui", "webchat");
  add_device(params);
  CHECK(asks(params).ask.silent.local);
}

TEST_CASE_METHOD(door, "handshake: a node has no scopes, whatever it asks", "[devices]") {
  auto params = connect_params_of("node-host", "node");
  params["role"] = "node";
  add_device(params);
  const auto granted = std::get<welcome>(let_in(asks(params)));
  CHECK(scopes_of(granted) == 0);
  CHECK(granted.params.role == "node");
}

TEST_CASE_METHOD(door, "handshake: a trusted proxy names the user", "[devices]") {
  settings.auth.mode = config::auth_mode::trusted_proxy;
  settings.auth.proxy.user_header = "x-user";
  come_from("10.0.0.9");
  from.user = proxy_identity{"ada", ""};
  auto params = connect_params_of("openclaw-tui", "ui");
  params.erase("auth");
  SECTION("who is somebody only with a device") {
    CHECK(scopes_of(welcomed(params)) == 0);
    add_device(params);
    const auto asked = asks(params);
    CHECK_FALSE(asked.ask.silent.local);
    CHECK_FALSE(asked.ask.silent.by_proxy);
    CHECK(asked.granted.method == "trusted-proxy");
  }
  SECTION("whose devices the config approves") {
    settings.auth.proxy.approve_devices = true;
    add_device(params);
    CHECK(scopes_of(std::get<welcome>(let_in(asks(params)))) == 2);
  }
  SECTION("who may do what the config says") {
    settings.auth.identity_scopes.emplace();
    CHECK(scopes_of(welcomed(params)) == 0);
    settings.auth.identity_scopes->emplace("ada", std::vector<std::string>{"operator.read"});
    CHECK(welcomed(params).scopes.list() == std::vector{scope::read});
  }
  SECTION("and nobody else does") {
    from.user = proxy_identity{"", "trusted_proxy_untrusted_source"};
    params["auth"] = {{"token", "secret"}}; // The secret is for this machine.
    const auto answer = refused(params);
    CHECK(code_of(answer) == "AUTH_UNAUTHORIZED");
    CHECK(json::parse(answer.failure.details).at("authReason") == "trusted_proxy_untrusted_source");
    come_from("127.0.0.1", true);
    CHECK(scopes_of(welcomed(params)) == 0);
  }
}

TEST_CASE_METHOD(door, "handshake: a device token is no way around what a trusted proxy says",
                 "[devices]") {
  auto params = connect_params_of("openclaw-tui", "ui");
  add_device(params);
  const auto token = std::get<welcome>(let_in(asks(params))).device->token;
  params["auth"] = {{"deviceToken", token}};
  add_device(params);
  settings.auth.mode = config::auth_mode::trusted_proxy;
  settings.auth.proxy.user_header = "x-user";
  come_from("10.0.0.9");
  for (const auto* why : {"trusted_proxy_user_not_allowed", "trusted_proxy_user_missing",
                          "trusted_proxy_missing_header"}) {
    from.user = proxy_identity{"mallory", why};
    const auto answer = refused(params);
    CHECK(json::parse(answer.failure.details).at("authReason") == why);
  }
  from.user = proxy_identity{"", std::string{untrusted_proxy}}; // It does not come from the proxy.
  CHECK(welcomed(params).method == "device-token");
}

TEST_CASE_METHOD(door, "handshake: scopes are lost off this machine, behind a proxy, in a page",
                 "[gateway]") {
  SECTION("another machine") {
    come_from("10.0.0.1");
  }
  SECTION("a proxy") {
    from.forwarded = true;
  }
  SECTION("a page") {
    from.origin = "http://localhost:1";
  }
  CHECK(scopes_of(welcomed(connect_params_of())) == 0);
}

TEST_CASE_METHOD(door, "handshake: a wrong token is answered late and says so", "[gateway]") {
  auto params = connect_params_of();
  params["auth"] = {{"token", "wrong"}};
  const auto first = refused(params);
  CHECK(first.failure.code == "INVALID_REQUEST");
  CHECK(first.failure.message == "unauthorized: gateway token mismatch (use this gateway's "
                                 "gateway.auth.token or pair the device)");
  CHECK(first.failure.details ==
        R"({"code":"AUTH_TOKEN_MISMATCH","authReason":"token_mismatch",)"
        R"("canRetryWithDeviceToken":false,"recommendedNextStep":"update_auth_credentials"})");
  CHECK(first.close_code == 1008);
  CHECK(first.close_reason == first.failure.message);
  CHECK(first.response_id == "c1");
  CHECK(first.delay == 250ms);
  CHECK(refused(params).delay == 500ms);
}

TEST_CASE_METHOD(door, "handshake: with a device a wrong token may be retried by its own",
                 "[gateway]") {
  auto params = connect_params_of();
  params["auth"] = {{"token", "wrong"}};
  add_device(params);
  const auto details = json::parse(refused(params).failure.details);
  CHECK(details.at("canRetryWithDeviceToken").as_bool());
  CHECK(details.at("recommendedNextStep") == "retry_with_device_token");
}

TEST_CASE_METHOD(door, "handshake: the backend client gets its own hint", "[gateway]") {
  auto params = connect_params_of("gateway-client", "backend");
  params["auth"] = {{"token", "wrong"}};
  CHECK(refused(params).failure.message ==
        "unauthorized: gateway token mismatch (provide gateway auth token)");
}

TEST_CASE_METHOD(door, "handshake: without secret and device a device is asked for", "[gateway]") {
  auto params = connect_params_of();
  params.erase("auth");
  const auto answer = refused(params);
  CHECK(answer.failure.code == "NOT_PAIRED");
  CHECK(answer.failure.message == "device identity required");
  CHECK(code_of(answer) == "DEVICE_IDENTITY_REQUIRED");
  CHECK(answer.delay == 0ms);
}

TEST_CASE_METHOD(door, "handshake: with a device and no secret the secret is missing",
                 "[gateway]") {
  auto params = connect_params_of();
  params["auth"] = json::object{};
  add_device(params);
  const auto answer = refused(params);
  CHECK(code_of(answer) == "AUTH_TOKEN_MISSING");
  CHECK(json::parse(answer.failure.details).at("recommendedNextStep") ==
        "update_auth_configuration");
}

TEST_CASE_METHOD(door, "handshake: bootstrap tokens are known to nobody", "[gateway]") {
  auto params = connect_params_of("openclaw-tui", "ui");
  params["auth"] = {{"bootstrapToken", "nope"}};
  add_device(params);
  CHECK(code_of(refused(params)) == "AUTH_BOOTSTRAP_TOKEN_INVALID");
}

TEST_CASE_METHOD(door, "handshake: a device that is not believed is refused before its secret",
                 "[devices]") {
  auto params = connect_params_of();
  params["auth"] = {{"token", "wrong"}};
  add_device(params);
  params["device"].as_object()["nonce"] = "another";
  const auto answer = refused(params);
  CHECK(answer.failure.code == "INVALID_REQUEST");
  CHECK(answer.failure.message == "device nonce mismatch");
  CHECK(answer.failure.details ==
        R"({"code":"DEVICE_AUTH_NONCE_MISMATCH","reason":"device-nonce-mismatch"})");
  CHECK(answer.close_reason == "device nonce mismatch");
}

TEST_CASE_METHOD(door, "handshake: a token that is not configured opens nothing", "[gateway]") {
  settings.auth.token = secret{};
  auto params = connect_params_of();
  params["auth"] = {{"token", ""}, {"password", "x"}};
  CHECK(code_of(refused(params)) == "AUTH_TOKEN_NOT_CONFIGURED");
}

TEST_CASE_METHOD(door, "handshake: ten wrong tokens lock another machine out", "[gateway]") {
  come_from("10.0.0.1");
  auto params = connect_params_of();
  params["auth"] = {{"token", "wrong"}};
  for (int i = 0; i < 10; ++i)
    CHECK(code_of(refused(params)) == "AUTH_TOKEN_MISMATCH");
  const auto answer = refused(connect_params_of()); // The right one now comes too late.
  CHECK(code_of(answer) == "AUTH_RATE_LIMITED");
  CHECK(answer.failure.retryable);
  CHECK(answer.failure.retry_after_ms == 300'000);
}

TEST_CASE_METHOD(door, "handshake: mode none is for the backend on this machine only",
                 "[gateway]") {
  settings.auth.mode = config::auth_mode::none;
  auto params = connect_params_of("gateway-client", "backend");
  params.erase("auth");
  CHECK(scopes_of(welcomed(params)) == 2);
  auto cli = connect_params_of();
  cli.erase("auth");
  CHECK(refused(cli).failure.code == "NOT_PAIRED");
  add_device(cli);
  CHECK(asks(cli).ask.silent.local);
  from.host = "rebound.example:18789";
  CHECK_FALSE(asks(cli).ask.silent.local);
  CHECK(refused(params).failure.code == "NOT_PAIRED");
  from.host = "127.0.0.1";
  from.forwarded = true;
  CHECK(refused(params).failure.code == "NOT_PAIRED");
}

TEST_CASE_METHOD(door, "handshake: the control page needs an origin, then a device", "[gateway]") {
  auto params = connect_params_of("openclaw-control-ui", "webchat");
  CHECK(refused(params).failure.details ==
        R"({"code":"CONTROL_UI_ORIGIN_NOT_ALLOWED","reason":"origin missing or invalid"})");
  from.origin = "http://127.0.0.1:18789";
  const auto answer = refused(params);
  CHECK(answer.failure.code == "INVALID_REQUEST");
  CHECK(code_of(answer) == "CONTROL_UI_DEVICE_IDENTITY_REQUIRED");
}

TEST_CASE_METHOD(door, "handshake: a foreign page is refused whoever it claims to be",
                 "[gateway]") {
  from.origin = "http://evil.example";
  const auto answer = refused(connect_params_of());
  CHECK(answer.failure.message ==
        "origin not allowed (open the Control UI from the gateway host or allow it in "
        "gateway.controlUi.allowedOrigins)");
  CHECK(answer.failure.details ==
        R"({"code":"CONTROL_UI_ORIGIN_NOT_ALLOWED","reason":"origin not allowed"})");
}

TEST_CASE_METHOD(door, "handshake: nodes must be paired", "[gateway]") {
  auto params = connect_params_of("node-host", "node");
  params["role"] = "node";
  params["scopes"] = json::array{};
  CHECK(refused(params).failure.code == "NOT_PAIRED");
}

TEST_CASE_METHOD(door, "handshake: version ranges around ours are accepted", "[gateway]") {
  auto params = connect_params_of();
  params["minProtocol"] = 3;
  params["maxProtocol"] = 9;
  CHECK(scopes_of(welcomed(params)) == 2);
}

TEST_CASE_METHOD(door, "handshake: another version is a protocol mismatch", "[gateway]") {
  auto params = connect_params_of();
  params["minProtocol"] = 1;
  params["maxProtocol"] = 3;
  const auto answer = refused(params);
  CHECK(answer.close_code == 1002);
  CHECK(answer.close_reason == "protocol mismatch");
  CHECK(answer.failure.details ==
        R"({"code":"PROTOCOL_MISMATCH","clientMinProtocol":1,"clientMaxProtocol":3,)"
        R"("expectedProtocol":4,"minimumProbeProtocol":3})");
}

TEST_CASE_METHOD(door, "handshake: parameters are closed and checked in the reference's words",
                 "[gateway]") {
  auto params = connect_params_of();
  std::string expected;
  SECTION("unknown client") {
    params = connect_params_of("my-app");
    expected = "at /client/id: must be equal to one of the allowed values";
  }
  SECTION("unknown mode") {
    params = connect_params_of("cli", "operator");
    expected = "at /client/mode: must be equal to one of the allowed values";
  }
  SECTION("unknown parameter") {
    params["zzz"] = 1;
    expected = "at root: unexpected property 'zzz'";
  }
  SECTION("unknown client property") {
    params["client"].as_object()["shoe"] = 44;
    expected = "at /client: unexpected property 'shoe'";
  }
  SECTION("missing device nonce") {
    add_device(params);
    params["device"].as_object().erase("nonce");
    expected = "at /device: must have required property 'nonce'";
  }
  SECTION("missing version") {
    params.erase("minProtocol");
    expected = "must have required property 'minProtocol'";
  }
  SECTION("a version that is no number") {
    params["minProtocol"] = "4";
    expected = "at /minProtocol: must be integer";
  }
  SECTION("version below one") {
    params["minProtocol"] = 0;
    expected = "at /minProtocol: must be >= 1";
  }
  SECTION("a scope that is no text") {
    params["scopes"] = {1};
    expected = "at /scopes/0: must be string";
  }
  SECTION("an empty client version") {
    params["client"].as_object()["version"] = "";
    expected = "at /client/version: must not have fewer than 1 characters";
  }
  const auto answer = refused(params);
  CHECK(answer.failure.message == "invalid connect params: " + expected);
  CHECK(answer.close_code == 1008);
  CHECK(answer.close_reason == answer.failure.message);
}

TEST_CASE_METHOD(door, "handshake: unknown roles are refused", "[gateway]") {
  auto params = connect_params_of();
  params["role"] = "boss";
  CHECK(refused(params).failure.message == "invalid role");
}

TEST_CASE_METHOD(door, "handshake: only connect may come first", "[gateway]") {
  auto outcome = say(R"({"type":"req","id":"x","method":"health"})");
  const auto& answer = std::get<refusal>(outcome);
  CHECK(answer.response_id == "x");
  CHECK(answer.failure.message == "invalid handshake: first request must be connect");
  CHECK(answer.close_reason == "invalid handshake: first request must be connect");
}

TEST_CASE_METHOD(door, "handshake: what is no request is closed without an answer", "[gateway]") {
  auto outcome = say(R"({"type":"event","event":"x"})");
  const auto& event = std::get<refusal>(outcome);
  CHECK(event.response_id.empty());
  CHECK(event.close_code == 1008);
  CHECK(event.close_reason == "invalid request frame");
  auto junk = say("hello{");
  CHECK(std::get<refusal>(junk).close_code == 1000);
  CHECK(std::get<refusal>(junk).close_reason.empty());
}

TEST_CASE_METHOD(door, "handshake: a gateway that starts or stops asks to come again",
                 "[gateway]") {
  facts.started = false;
  const auto starting = refused(connect_params_of());
  CHECK(starting.failure.code == "UNAVAILABLE");
  CHECK(starting.failure.message == "gateway starting; retry shortly");
  CHECK(starting.failure.details == R"({"reason":"startup-sidecars"})");
  CHECK(starting.failure.retryable);
  CHECK(starting.failure.retry_after_ms == 500);
  CHECK(starting.close_code == 1013);
  CHECK(starting.close_reason == "gateway starting");
  facts.draining = true;
  CHECK(refused(connect_params_of()).close_reason == "gateway draining");
}

TEST_CASE("scopes: admin implies everything, write implies read and talk", "[gateway]") {
  scope_set admin;
  admin.grant(scope::admin);
  CHECK(admin.allows(scope::pairing));
  scope_set write;
  write.grant(scope::write);
  CHECK(write.allows(scope::read));
  CHECK(write.allows(scope::talk));
  CHECK_FALSE(write.allows(scope::admin));
  CHECK_FALSE(write.allows(scope::talk_secrets));
  scope_set none;
  CHECK(none.allows(scope::none));
  CHECK_FALSE(none.allows(scope::read));
}

} // namespace troupe::gateway
