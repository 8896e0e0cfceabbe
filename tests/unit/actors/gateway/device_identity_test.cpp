#include "actors/gateway/devices/base64.hpp"
#include "actors/gateway/devices/identity.hpp"
#include "tests/support/test_device.hpp"

#include <catch2/catch.hpp>

/// What OpenClaw's own client signed (reference recordings, throw-away key): the payload is right
/// when these signatures hold.
namespace troupe::gateway {
namespace {

constexpr wall_ms recorded_at = 1'795'374'356'679;

connect_params recorded() {
  connect_params out;
  out.client_id = "openclaw-tui";
  out.client_mode = "ui";
  out.role = "operator";
  out.scopes = {"operator.read", "operator.write"};
  out.platform = "linux";
  out.device_family = "Linux";
  out.device_token = "tyHOVBhR8WMobOE4wcdw9WCwVQldqwJ6cMGOVpOaOr8";
  out.device = device_claim{
      .id = "0b12e550e8813df7746f8355d327cc42d58d1b86aa1c659c95958713d6b164ef",
      .public_key = "rsC6F-83C9iC4dFcadj327d2iyJ1TD10bonpqfhV6Xo",
      .signature = "r8B6rsTsoKHUTJe3Z1T3WgAQjhiuSrljl-Ov64CPdcRefCj601z385xW79nlfv06l4pFxI2jFkVyn0"
                   "J64oQWDw",
      .signed_at = recorded_at,
      .nonce = "853da225-43ff-40ee-807c-a0e07db2e01b"};
  return out;
}

connect_params recorded_v2() {
  auto out = recorded();
  out.token = std::exchange(out.device_token, {});
  out.device->signature =
      "SvewYRcUt9qTQXvH4vl9ihMK6NnJmPNuut6hvupGP2FUFH0pIa2kFkyGfz90iw4ZykA-_bDC5h6JxP_j_NydBw";
  out.device->signed_at = 1'795'374'357'965;
  out.device->nonce = "bdc8caf5-ffa4-4f76-ab70-0f7e3dd7e230";
  return out;
}

std::string verdict(const connect_params& client, wall_ms now = recorded_at,
                    std::string_view challenge = "853da225-43ff-40ee-807c-a0e07db2e01b") {
  const auto found = verify_device(client, challenge, now);
  const auto* fault = std::get_if<device_fault>(&found);
  return fault ? std::string{fault->code} : "";
}

} // namespace

TEST_CASE("device identity: recorded signatures of both versions hold", "[devices]") {
  CHECK(verdict(recorded()).empty());
  const auto v2 = recorded_v2();
  CHECK(verdict(v2, v2.device->signed_at, v2.device->nonce).empty());
  CHECK(signature_payload(signature_version::v3, recorded()) ==
        "v3|0b12e550e8813df7746f8355d327cc42d58d1b86aa1c659c95958713d6b164ef|openclaw-tui|ui|"
        "operator|operator.read,operator.write|1795374356679|"
        "tyHOVBhR8WMobOE4wcdw9WCwVQldqwJ6cMGOVpOaOr8|853da225-43ff-40ee-807c-a0e07db2e01b|linux|"
        "linux");
}

TEST_CASE("device identity: every signed word is bound", "[devices]") {
  auto client = recorded();
  SECTION("client") {
    client.client_id = "cli";
  }
  SECTION("mode") {
    client.client_mode = "cli";
  }
  SECTION("role") {
    client.role = "node";
  }
  SECTION("more scopes") {
    client.scopes.emplace_back("operator.admin");
  }
  SECTION("the order of scopes") {
    std::swap(client.scopes[0], client.scopes[1]);
  }
  SECTION("time") {
    client.device->signed_at += 1;
  }
  SECTION("token") {
    client.device_token.back() = '9';
  }
  SECTION("a token before it") {
    client.token = "x";
  }
  SECTION("platform") {
    client.platform = "darwin";
  }
  SECTION("family") {
    client.device_family.clear();
  }
  SECTION("signature") {
    client.device->signature[3] = client.device->signature[3] == 'A' ? 'B' : 'A';
  }
  SECTION("no signature") {
    client.device->signature = "AAAA";
  }
  CHECK(verdict(client) == "DEVICE_AUTH_SIGNATURE_INVALID");
}

TEST_CASE("device identity: case and blanks of the platform do not matter", "[devices]") {
  auto client = recorded();
  client.platform = "  LINUX ";
  client.device_family = "linux";
  CHECK(verdict(client).empty());
}

TEST_CASE("device identity: time, nonce and key have their own refusals", "[devices]") {
  CHECK(verdict(recorded(), recorded_at + 120'000).empty());
  CHECK(verdict(recorded(), recorded_at + 120'001) == "DEVICE_AUTH_SIGNATURE_EXPIRED");
  CHECK(verdict(recorded(), recorded_at - 120'001) == "DEVICE_AUTH_SIGNATURE_EXPIRED");
  CHECK(verdict(recorded(), recorded_at, "another") == "DEVICE_AUTH_NONCE_MISMATCH");
  CHECK(verdict(recorded(), recorded_at, "") == "DEVICE_AUTH_NONCE_MISMATCH");
  auto client = recorded();
  client.device->nonce = " ";
  CHECK(verdict(client) == "DEVICE_AUTH_NONCE_REQUIRED");
  client = recorded();
  client.device->id[0] = 'f';
  CHECK(verdict(client) == "DEVICE_AUTH_DEVICE_ID_MISMATCH");
  for (const auto* key : {"", "x", "AAAA", "rsC6F-83C9iC4dFcadj327d2iyJ1TD10bonpqfhV6X",
                          "rsC6F-83C9iC4dFcadj327d2iyJ1TD10bonpqfhV6X!"}) {
    client = recorded();
    client.device->public_key = key;
    CHECK(verdict(client) == "DEVICE_AUTH_PUBLIC_KEY_INVALID");
  }
}

TEST_CASE("device identity: keys may come as PEM or padded base64", "[devices]") {
  const test::test_device device{7};
  const auto raw = raw_public_key(device.public_key);
  REQUIRE(raw);
  std::string info{"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12};
  const auto body = base64url(info + *raw) + "=";
  CHECK(raw_public_key("-----BEGIN PUBLIC KEY-----\n" + body + "\n-----END PUBLIC KEY-----\n") ==
        raw);
  CHECK(raw_public_key(device.public_key + "=") == raw);
  CHECK_FALSE(raw_public_key("-----BEGIN PUBLIC KEY-----\n" + device.public_key +
                             "\n-----END PUBLIC KEY-----"));
  CHECK_FALSE(raw_public_key(std::string(600, 'A')));
}

TEST_CASE("device identity: base64 has one text for one value", "[devices]") {
  CHECK(base64url("") == "");
  CHECK(base64url("f") == "Zg");
  CHECK(base64url("\xff\xfe") == "__4");
  CHECK(from_base64("__4") == std::string{"\xff\xfe"});
  CHECK(from_base64("//4=") == std::string{"\xff\xfe"});
  CHECK_FALSE(from_base64("__5")); // Bits that carry nothing.
  CHECK_FALSE(from_base64("_"));
  CHECK_FALSE(from_base64("__4==="));
  CHECK_FALSE(from_base64("_ 4"));
}

} // namespace troupe::gateway
