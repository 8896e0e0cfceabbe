#include "actors/gateway/handshake.hpp"

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

json::object a_device() {
  return {{"id", "d"}, {"publicKey", "k"}, {"signature", "s"}, {"signedAt", 1}, {"nonce", "n"}};
}

/// A gateway at the door, with token "secret".
struct door {
  config::gateway_settings settings;
  auth_limiter limiter;
  connection_origin from;
  handshake_facts facts;

  door() {
    settings.auth.token = secret{"secret"};
    from.peer = {"127.0.0.1", 1, true};
    from.host = "127.0.0.1:18789";
    facts.settings = &settings;
    facts.started = true;
    facts.now = 1h;
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
  params["device"] = a_device();
  CHECK(scopes_of(welcomed(params)) == 2);
}

TEST_CASE_METHOD(door, "handshake: other clients with the token get no scopes", "[gateway]") {
  auto params = connect_params_of("openclaw-tui", "ui");
  CHECK(scopes_of(welcomed(params)) == 0);
  params["device"] = a_device(); // Not verified, so it changes nothing.
  CHECK(scopes_of(welcomed(params)) == 0);
}

TEST_CASE_METHOD(door, "handshake: scopes are lost off this machine, behind a proxy, in a page",
                 "[gateway]") {
  SECTION("another machine") {
    from.peer = {"10.0.0.1", 1, false};
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
  params["device"] = a_device();
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
  params["device"] = a_device();
  const auto answer = refused(params);
  CHECK(code_of(answer) == "AUTH_TOKEN_MISSING");
  CHECK(json::parse(answer.failure.details).at("recommendedNextStep") ==
        "update_auth_configuration");
}

TEST_CASE_METHOD(door, "handshake: device and bootstrap tokens are known to nobody", "[gateway]") {
  auto params = connect_params_of("openclaw-tui", "ui");
  params["device"] = a_device();
  params["auth"] = {{"deviceToken", "nope"}};
  const auto answer = refused(params);
  CHECK(code_of(answer) == "AUTH_DEVICE_TOKEN_MISMATCH");
  CHECK(answer.failure.message ==
        "unauthorized: device token mismatch (rotate/reissue device token)");
  params["auth"] = {{"bootstrapToken", "nope"}};
  CHECK(code_of(refused(params)) == "AUTH_BOOTSTRAP_TOKEN_INVALID");
}

TEST_CASE_METHOD(door, "handshake: a token that is not configured opens nothing", "[gateway]") {
  settings.auth.token = secret{};
  auto params = connect_params_of();
  params["auth"] = {{"token", ""}, {"password", "x"}};
  CHECK(code_of(refused(params)) == "AUTH_TOKEN_NOT_CONFIGURED");
}

TEST_CASE_METHOD(door, "handshake: ten wrong tokens lock another machine out", "[gateway]") {
  from.peer = {"10.0.0.1", 1, false};
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
  cli["device"] = a_device();
  CHECK(refused(cli).failure.code == "NOT_PAIRED");
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
    params["device"] = a_device();
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
    expected = "at /client/version: must NOT have fewer than 1 characters";
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
