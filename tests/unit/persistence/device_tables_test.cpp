#include "persistence/tables/device_tables.hpp"
#include "tests/support/hex.hpp"

#include <catch2/catch.hpp>

#include <string>

// docs/formats/tables.md, "The tables of devices": these bytes are on disks.

namespace troupe::tables {
namespace {

const std::string an_id = [] {
  std::string text;
  for (int i = 0; i < 32; ++i)
    text += "ab";
  return text;
}();

device_row a_device() {
  device_row row;
  row.what = {.device_id = an_id,
              .public_key = "key",
              .display_name = "phone",
              .platform = "ios",
              .device_family = "iPhone",
              .client_id = "openclaw-ios",
              .client_mode = "ui",
              .remote_ip = ""};
  row.roles = {"operator"};
  row.scopes = {"operator.read"};
  row.approved_via = "owner";
  row.created_at = 1;
  row.approved_at = 2;
  row.last_seen_at = 3;
  row.last_seen_reason = "connect";
  return row;
}

device_token_row a_token() {
  device_token_row row;
  row.device_id = an_id;
  row.role = "operator";
  row.scopes = {"operator.read"};
  row.nonce = "\x01\x02";
  row.hash.fill(7);
  row.created_at = 1;
  row.rotated_at = 2;
  row.last_used_at = 3;
  return row;
}

/// Every shorter text is refused, not read as something else.
template <class Decode>
void check_cuts(const std::string& bytes, Decode decode) {
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK(decode(bytes.substr(0, size)).error().code == errc::corrupt);
  CHECK(decode(bytes + '\0').error().code == errc::corrupt);
  auto newer = bytes;
  newer[1] = 2;
  CHECK(decode(newer).error().code == errc::corrupt);
}

} // namespace

TEST_CASE("device tables: the records have the documented fields") {
  CHECK(test::hex(encode(a_token())) ==
        "9a01d940616261626162616261626162616261626162616261626162616261626162616261626162"
        "61626162616261626162616261626162616261626162616261626162a86f70657261746f7291ad6f"
        "70657261746f722e72656164c4020102c42007070707070707070707070707070707070707070707"
        "0707070707070707070701020300");
  CHECK(test::hex(encode(a_device())) ==
        "99019901d94061626162616261626162616261626162616261626162616261626162616261626162"
        "616261626162616261626162616261626162616261626162616261626162a36b6579a570686f6e65"
        "a3696f73a66950686f6e65ac6f70656e636c61772d696f73a27569a091a86f70657261746f7291ad"
        "6f70657261746f722e72656164a56f776e6572010203a7636f6e6e656374");
}

TEST_CASE("device tables: rows come back as they were written") {
  const auto device = decode_device(encode(a_device())).value();
  CHECK(encode(device) == encode(a_device()));
  CHECK(device.what.client_id == "openclaw-ios");
  CHECK(device.last_seen_reason == "connect");
  const auto token = decode_device_token(encode(a_token())).value();
  CHECK(encode(token) == encode(a_token()));
  CHECK(token.hash == a_token().hash);
  pairing_row request;
  request.request_id = "r1";
  request.what = a_device().what;
  request.role = "node";
  request.reason = "not-paired";
  request.asked_at = 9;
  const auto asked = decode_pairing(encode(request)).value();
  CHECK(encode(asked) == encode(request));
  CHECK(asked.request_id == "r1");
  CHECK(asked.asked_at == 9);
  check_cuts(encode(request), decode_pairing);
}

TEST_CASE("device tables: damaged rows are refused") {
  check_cuts(encode(a_device()), decode_device);
  check_cuts(encode(a_token()), decode_device_token);
  auto nameless = a_device();
  nameless.what.device_id = "AB";
  CHECK(decode_device(encode(nameless)).error().code == errc::corrupt);
}

TEST_CASE("device tables: only the digest of a key is a device's id") {
  CHECK(device_digest(an_id));
  CHECK_FALSE(device_digest(""));
  CHECK_FALSE(device_digest(an_id + "ab"));
  CHECK_FALSE(device_digest("AB" + an_id.substr(2)));
  CHECK_FALSE(device_digest("g0" + an_id.substr(2)));
}

TEST_CASE("device tables: the keys of one device lie together and beside no other's") {
  const auto mine = *device_digest(an_id);
  auto other = mine;
  other.back() = 0;
  CHECK(token_key(mine, "operator").starts_with(token_prefix(mine)));
  CHECK_FALSE(token_key(other, "operator").starts_with(token_prefix(mine)));
  CHECK(test::hex(token_key(mine, "op")) == "22" + an_id + "6f700001");
  CHECK(test::hex(device_key(mine)) == "20" + an_id);
  CHECK(test::hex(pairing_key("r")) == "21720001");
  CHECK(test::hex(token_index_key(mine)) == "23" + an_id);
  CHECK(test::hex(token_secret_key()) == "24");
}

} // namespace troupe::tables
