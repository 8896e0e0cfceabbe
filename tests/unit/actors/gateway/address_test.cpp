#include "actors/gateway/address.hpp"
#include "actors/gateway/origin.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace troupe::gateway {
namespace {

const std::vector<std::string> proxies{"10.0.0.0/8", "fd00::/8", "192.0.2.7"};

std::string behind(std::string_view forwarded, std::string peer = "10.0.0.1") {
  return client_ip({{"x-forwarded-for", std::string{forwarded}}}, {std::move(peer), 1, false},
                   proxies);
}

} // namespace

TEST_CASE("address: ranges hold what they say, in both families", "[gateway]") {
  CHECK(in_ranges("10.255.0.1", proxies));
  CHECK(in_ranges("::ffff:10.0.0.1", proxies));
  CHECK(in_ranges("fd12::1", proxies));
  CHECK(in_ranges("192.0.2.7", proxies));
  for (const auto* other : {"11.0.0.1", "192.0.2.8", "fe80::1", "", "10.0.0", "10.0.0.1 ", "x"})
    CHECK_FALSE(in_ranges(other, proxies));
  const std::vector<std::string> odd{"10.0.0.0/7"};
  CHECK(in_ranges("11.0.0.1", odd));
  CHECK_FALSE(in_ranges("12.0.0.1", odd));
}

TEST_CASE("address: only a trusted proxy says who the client is", "[gateway]") {
  CHECK(behind("203.0.113.5") == "203.0.113.5");
  CHECK(behind("203.0.113.5", "203.0.113.9") == "203.0.113.9");
  CHECK(client_ip({}, {"10.0.0.1", 1, false}, proxies) == "10.0.0.1");
}

TEST_CASE("address: what the client itself put before the proxy's word does not count",
          "[gateway]") {
  CHECK(behind("127.0.0.1, 203.0.113.5") == "203.0.113.5");
  CHECK(behind("127.0.0.1, 203.0.113.5, 10.2.2.2") == "203.0.113.5");
  CHECK(behind("203.0.113.5, nonsense") == "10.0.0.1");
  CHECK(client_ip({{"x-forwarded-for", "127.0.0.1"}, {"x-forwarded-for", "203.0.113.5"}},
                  {"10.0.0.1", 1, false}, proxies) == "203.0.113.5");
}

// ---- rows of the table of incidents
// --------------------------------------------------------------

namespace {

bool page_allowed(const std::string& origin, const std::string& host = "127.0.0.1:18789",
                  bool loopback = true) {
  const auto from = origin_of({{"host", host}, {"origin", origin}},
                              {loopback ? "127.0.0.1" : "203.0.113.5", 1, loopback}, {});
  return origin_allowed(from, {});
}

} // namespace

TEST_CASE("security row 2: no way of writing an origin gets a foreign page in", "[security]") {
  for (const auto* origin : {"null",
                             "",
                             "http://",
                             "https://evil.example",
                             "http://127.evil.example",
                             "http://127.0.0.1.evil.example",
                             "http://evil.example#127.0.0.1",
                             "http://evil.example/127.0.0.1",
                             "http://127.0.0.1:80@evil.example",
                             "http://127.0.0.1@evil.example",
                             "http://127.0.0.1\\@evil.example",
                             "http://evil.example:18789",
                             "http://localhost.evil.example",
                             "http://xlocalhost",
                             "http://[::1",
                             "http://[::1]evil.example",
                             "file://",
                             "chrome-extension://x",
                             "http://127.0.0.1, http://evil.example",
                             "http://2130706433.evil.example",
                             "http://0x7f.1.evil",
                             " http://127.0.0.1",
                             "http://127.0.0.1/",
                             "ws://127.0.0.1"})
    CHECK_FALSE(page_allowed(origin));
  CHECK(page_allowed("http://127.0.0.1:18789"));
  CHECK(page_allowed("http://LOCALHOST:5173"));
}

TEST_CASE("security row 2: a name that was rebound to this machine opens nothing", "[security]") {
  CHECK_FALSE(page_allowed("http://evil.example:18789", "evil.example:18789"));
  CHECK_FALSE(page_allowed("http://127.0.0.1:18789", "evil.example:18789"));
  CHECK_FALSE(page_allowed("http://localhost", "localhost.evil.example"));
}

TEST_CASE("security row 2: from elsewhere only the very page of this host comes in", "[security]") {
  CHECK(page_allowed("https://gw.example", "gw.example", false));
  CHECK(page_allowed("https://gw.example:8443", "gw.example:8443", false));
  for (const auto* origin :
       {"https://gw.example:1", "https://sub.gw.example", "https://gw.example.evil.example",
        "https://xgw.example", "https://user@gw.example", "http://localhost", "http://127.0.0.1"})
    CHECK_FALSE(page_allowed(origin, "gw.example", false));
}

TEST_CASE("security row 2: of two origins neither counts", "[security]") {
  const auto from = origin_of(
      {{"host", "127.0.0.1"}, {"origin", "http://evil.example"}, {"origin", "http://127.0.0.1"}},
      {"127.0.0.1", 1, true}, {});
  CHECK_FALSE(origin_allowed(from, {}));
}

TEST_CASE("trusted proxy: the user is believed only from the proxy, and only once", "[gateway]") {
  config::gateway_settings settings;
  settings.auth.mode = config::auth_mode::trusted_proxy;
  settings.auth.proxy.user_header = "x-user";
  settings.auth.proxy.required_headers = {"x-proxy"};
  settings.trusted_proxies = {"10.0.0.1", "127.0.0.1"};
  net::header_list headers{{"x-user", "ada"}, {"x-proxy", "1"}};
  net::peer_address peer{"10.0.0.1", 1, false};
  const auto refused = [&] { return origin_of(headers, peer, settings).user->refused; };
  CHECK(refused().empty());
  CHECK(origin_of(headers, peer, settings).user->user == "ada");

  SECTION("another machine says so") {
    peer.ip = "10.0.0.2";
    CHECK(refused() == "trusted_proxy_untrusted_source");
  }
  SECTION("a proxy on this machine must be allowed, and is not this machine") {
    peer = {"127.0.0.1", 1, true};
    CHECK(refused() == "trusted_proxy_untrusted_source");
    settings.auth.proxy.allow_loopback = true;
    CHECK(refused().empty());
    CHECK_FALSE(origin_of(headers, peer, settings).direct_loopback());
  }
  SECTION("a needed header is not there") {
    headers.pop_back();
    CHECK(refused() == "trusted_proxy_missing_header");
  }
  SECTION("two users are named") {
    headers.emplace_back("x-user", "root");
    CHECK(refused() == "trusted_proxy_user_missing");
  }
  SECTION("the user is not on the list") {
    settings.auth.proxy.allow_users = {"grace"};
    CHECK(refused() == "trusted_proxy_user_not_allowed");
  }
}

} // namespace troupe::gateway
