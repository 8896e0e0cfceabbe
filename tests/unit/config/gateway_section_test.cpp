#include "tests/unit/config/config_world.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {
namespace {

using config::auth_mode;

TEST_CASE_METHOD(config_world, "gateway: is local, and says so when asked to be remote",
                 "[config]") {
  CHECK(load("{gateway: {mode: 'local'}}").config);
  CHECK(refusal("{gateway: {mode: 'remote'}}") ==
        "gateway.mode (troupe.json:1:18): \"remote\" is not built yet; expected one of \"local\"");
}

TEST_CASE_METHOD(config_world, "gateway: the port has limits", "[config]") {
  CHECK(accept("{gateway: {port: 1}}").values.gateway.port == 1);
  CHECK(accept("{gateway: {port: 65535.0}}").values.gateway.port == 65'535);
  for (const auto* wrong : {"0", "65536", "-1", "1.5", "NaN", "Infinity", "null", "true", "1e300"})
    CHECK_FALSE(load("{gateway: {port: " + std::string(wrong) + "}}").config);
}

TEST_CASE_METHOD(config_world, "gateway: each HTTP API is off until it is asked for", "[config]") {
  const auto off = accept("{}").values.gateway.http;
  CHECK_FALSE(off.chat_completions);
  CHECK_FALSE(off.responses);
  const auto on = accept("{gateway: {http: {endpoints: {chatCompletions: {enabled: true}}}}}")
                      .values.gateway.http;
  CHECK(on.chat_completions);
  CHECK_FALSE(on.responses);
  CHECK_FALSE(load("{gateway: {http: {endpoints: {responses: {enabled: 'yes'}}}}}").config);
}

TEST_CASE_METHOD(config_world, "gateway: variables override port, token and password", "[config]") {
  environment["OPENCLAW_GATEWAY_PORT"] = "1000";
  environment["OPENCLAW_GATEWAY_TOKEN"] = "theirs";
  CHECK(accept("{gateway: {port: 5, auth: {token: 'x'}}}").values.gateway.port == 1000);
  environment["TROUPE_GATEWAY_PORT"] = "2000";
  environment["TROUPE_GATEWAY_TOKEN"] = "ours";
  const auto config = accept("{gateway: {port: 5, auth: {token: '${UNSET}'}}}");
  CHECK(config.values.gateway.port == 2000);
  CHECK(config.values.gateway.auth.token.reveal() == "ours");

  environment["TROUPE_GATEWAY_PASSWORD"] = "pw";
  CHECK(accept("{gateway: {auth: {mode: 'password'}}}").values.gateway.auth.password.reveal() ==
        "pw");
}

TEST_CASE_METHOD(config_world, "gateway: a variable that makes no sense refuses, naming it",
                 "[config]") {
  for (const auto* wrong : {"0", "65536", "80x", " 80", "-1"}) {
    environment["OPENCLAW_GATEWAY_PORT"] = wrong;
    CHECK(refusal("{}") ==
          "gateway.port: the variable OPENCLAW_GATEWAY_PORT must be an integer from "
          "1 to 65535");
  }
  environment.erase("OPENCLAW_GATEWAY_PORT");
  environment["TROUPE_GATEWAY_TOKEN"] = "with newline\n";
  CHECK(refusal("{}").starts_with("gateway.auth.token: the variable TROUPE_GATEWAY_TOKEN"));
}

TEST_CASE_METHOD(config_world, "gateway: the kind of auth follows from what is set", "[config]") {
  CHECK(accept("{gateway: {auth: {password: 'p'}}}").values.gateway.auth.mode ==
        auth_mode::password);
  CHECK(accept("{gateway: {auth: {token: 't'}}}").values.gateway.auth.mode == auth_mode::token);
  CHECK(accept("{gateway: {auth: {mode: 'none', token: 't'}}}").values.gateway.auth.mode ==
        auth_mode::none);
  CHECK(refusal("{gateway: {auth: {token: 't', password: 'p'}}}")
            .starts_with("gateway.auth.mode: a token and a password are both set"));
  CHECK(accept("{gateway: {auth: {mode: 'password', token: 't', password: 'p'}}}")
            .values.gateway.auth.mode == auth_mode::password);
}

TEST_CASE_METHOD(config_world, "gateway: auth that cannot be checked refuses to start",
                 "[config]") {
  CHECK(refusal("{gateway: {auth: {mode: 'password'}}}") ==
        "gateway.auth.password: is needed by gateway.auth.mode and not set");
  CHECK(refusal("{gateway: {auth: {token: '${NOT_SET}'}}}") ==
        "gateway.auth.token (troupe.json:1:26): the variable NOT_SET is not set");
  CHECK(refusal("{gateway: {auth: {token: '$NOT_SET'}}}") ==
        "gateway.auth.token (troupe.json:1:26): the variable NOT_SET is not set");
  CHECK(refusal("{gateway: {auth: {token: ''}}}") ==
        "gateway.auth.token (troupe.json:1:26): is empty");
  for (const auto* wrong : {"' t'", "'t '", "'a\\nb'", "'a\\0b'", "5", "null", "[]"})
    CHECK_FALSE(load("{gateway: {auth: {token: " + std::string(wrong) + "}}}").config);
}

TEST_CASE_METHOD(config_world, "gateway: a secret reference names a variable", "[config]") {
  environment["MY_TOKEN"] = "s3cret";
  for (const auto* good : {"{source: 'env', provider: 'default', id: 'MY_TOKEN'}",
                           "{source: 'env', id: 'MY_TOKEN'}", "'$MY_TOKEN'", "'${MY_TOKEN}'"})
    CHECK(accept("{gateway: {auth: {token: " + std::string(good) + "}}}")
              .values.gateway.auth.token.reveal() == "s3cret");
  CHECK(accept("{gateway: {auth: {token: 'a-${MY_TOKEN}'}}}").values.gateway.auth.token.reveal() ==
        "a-s3cret");
}

TEST_CASE_METHOD(config_world, "gateway: other secret references are refused clearly", "[config]") {
  const auto with = [](std::string_view ref) {
    return "{gateway: {auth: {token: " + std::string(ref) + "}}}";
  };
  for (const std::string source : {"exec", "store"})
    CHECK(refusal(with("{source: '" + source + "', id: 'x'}")) ==
          "gateway.auth.token.source (troupe.json:1:35): \"" + source +
              "\" is not built yet; expected one of \"env\", \"file\"");
  CHECK(refusal(with("{source: 'env', provider: 'vault', id: 'X'}")).find("is not declared") !=
        std::string::npos);
  CHECK(refusal(with("{source: 'env', id: 'lower'}"))
            .starts_with("gateway.auth.token.id (troupe.json:1:46): expected a variable's name"));
  CHECK(refusal(with("{source: 'env'}")).ends_with("needs the key \"id\""));
  CHECK(refusal(with("{source: 'env', id: 'X', ids: 1}")).find("unknown key") != std::string::npos);
}

TEST_CASE_METHOD(config_world, "gateway: reachable from outside, it demands auth", "[config]") {
  for (const std::string outside : {"bind: 'lan'", "bind: 'custom', customBindHost: '10.0.0.1'",
                                    "bind: 'custom', customBindHost: '::'"}) {
    CHECK(refusal("{gateway: {" + outside + "}}").find("no token is set") != std::string::npos);
    CHECK(refusal("{gateway: {" + outside + ", auth: {mode: 'none'}}}").find("\"none\"") !=
          std::string::npos);
    CHECK(load("{gateway: {" + outside + ", auth: {token: 't'}}}").config);
    CHECK(load("{gateway: {" + outside + ", auth: {password: 'p'}}}").config);
  }
  environment["TROUPE_GATEWAY_TOKEN"] = "t";
  CHECK(load("{gateway: {bind: 'lan'}}").config);
}

TEST_CASE_METHOD(config_world, "gateway: an address of this machine needs none", "[config]") {
  for (const std::string host : {"127.0.0.1", "127.5.5.5", "::1"})
    CHECK(load("{gateway: {bind: 'custom', customBindHost: '" + host + "'}}").config);
}

TEST_CASE_METHOD(config_world, "gateway: a custom bind needs an address", "[config]") {
  CHECK(refusal("{gateway: {bind: 'custom', auth: {token: 't'}}}").find("customBindHost") !=
        std::string::npos);
  for (const std::string wrong : {"localhost", "127.0.0.1:80", "127.evil.com", "[::1]"})
    CHECK_FALSE(
        load("{gateway: {bind: 'custom', customBindHost: '" + wrong + "', auth: {token: 't'}}}")
            .config);
  for (const std::string later : {"auto", "tailnet"})
    CHECK(refusal("{gateway: {bind: '" + later + "'}}").find("is not built yet") !=
          std::string::npos);
}

TEST_CASE_METHOD(config_world, "gateway: origins are brought into one form", "[config]") {
  const auto config = accept(R"({gateway: {controlUi: {allowedOrigins:
    ["https://Example.ORG/", "http://localhost:5173", "*"]}}})");
  CHECK(config.values.gateway.allowed_origins ==
        std::vector<std::string>{"https://example.org", "http://localhost:5173", "*"});
  CHECK(config.warnings.size() == 1);
  for (const auto* wrong :
       {"example.org", "https://", "https://a/b", "https://u@a", "https://*.a", "", "null", "://a"})
    CHECK_FALSE(
        load("{gateway: {controlUi: {allowedOrigins: ['" + std::string(wrong) + "']}}}").config);
}

TEST_CASE_METHOD(config_world, "gateway: the web page is on, ours, and at the root by default",
                 "[config]") {
  const auto config = accept("{}");
  const auto& ui = config.values.gateway.control_ui;
  CHECK(ui.enabled);
  CHECK(ui.root.empty());
  CHECK(ui.base_path.empty());
  CHECK(ui.embed_sandbox == "scripts");
}

TEST_CASE_METHOD(config_world, "gateway: the page's root is absolute, its base path in one form",
                 "[config]") {
  const auto base_of = [&](const std::string& written) {
    return accept("{gateway: {controlUi: {root: '/opt/ui', basePath: '" + written + "'}}}")
        .values.gateway.control_ui.base_path;
  };
  CHECK(base_of("").empty());
  CHECK(base_of("/").empty());
  CHECK(base_of("openclaw") == "/openclaw");
  CHECK(base_of("/a/b-c_d.e~f/") == "/a/b-c_d.e~f");
  for (const std::string wrong : {"//", "/a//b", "/../b", "/a/./b", "/a?b", "/a#b", "/a b", "/a%20",
                                  "/a&b", "/<a>", "/a;b", "/a/.b", "/\u00e4"}) {
    CAPTURE(wrong);
    CHECK_FALSE(load("{gateway: {controlUi: {basePath: '" + wrong + "'}}}").config);
  }
  CHECK(accept("{gateway: {controlUi: {root: '~/ui'}}}").values.gateway.control_ui.root.front() ==
        '/');
  CHECK_FALSE(load("{gateway: {controlUi: {root: ''}}}").config);
}

TEST_CASE_METHOD(config_world, "gateway: trusted proxies are addresses or ranges", "[config]") {
  const auto config =
      accept("{gateway: {trustedProxies: ['10.0.0.0/8', '::1', 'fd00::/8', '1.2.3.4']}}");
  CHECK(config.values.gateway.trusted_proxies.size() == 4);
  for (const auto* wrong :
       {"10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "proxy", "::1/129", "1.2.3.4/8x", "1.2.3.4/-1"})
    CHECK_FALSE(load("{gateway: {trustedProxies: ['" + std::string(wrong) + "']}}").config);
}

} // namespace
TEST_CASE_METHOD(config_world, "gateway: a trusted proxy must be known and name the user",
                 "[config]") {
  CHECK(refusal("{gateway: {auth: {mode: 'trusted-proxy'}, trustedProxies: ['10.0.0.1']}}") ==
        "gateway.auth.trustedProxy.userHeader: is needed by gateway.auth.mode \"trusted-proxy\" "
        "and not set");
  CHECK(refusal("{gateway: {auth: {mode: 'trusted-proxy', trustedProxy: {userHeader: 'X-U'}}}}")
            .starts_with("gateway.trustedProxies: is needed"));
  const auto gateway =
      accept("{gateway: {bind: 'lan', trustedProxies: ['10.0.0.1'], auth: {mode: 'trusted-proxy', "
             "trustedProxy: {userHeader: 'X-User', requiredHeaders: ['X-Via'], allowUsers: ['a'], "
             "allowLoopback: true, deviceAutoApprove: {enabled: true, scopes: ['operator.read']}}, "
             "identityScopes: {a: ['operator.admin']}}}}")
          .values.gateway;
  CHECK(gateway.auth.mode == auth_mode::trusted_proxy);
  CHECK(gateway.auth.proxy.user_header == "x-user");
  CHECK(gateway.auth.proxy.required_headers == std::vector<std::string>{"x-via"});
  CHECK(gateway.auth.proxy.approve_scopes == std::vector<std::string>{"operator.read"});
  CHECK(gateway.auth.identity_scopes->at("a") == std::vector<std::string>{"operator.admin"});
}

TEST_CASE_METHOD(config_world, "gateway: limits of guessing and silent pairing can be set",
                 "[config]") {
  const auto gateway =
      accept("{gateway: {auth: {rateLimit: {maxAttempts: 3, windowMs: 1000, lockoutMs: 2000, "
             "exemptLoopback: false}}, nodes: {pairing: {autoApproveLocal: false}}}}")
          .values.gateway;
  CHECK(gateway.auth.rate_limit.attempts_max == 3);
  CHECK(gateway.auth.rate_limit.window == std::chrono::seconds{1});
  CHECK(gateway.auth.rate_limit.lockout == std::chrono::seconds{2});
  CHECK_FALSE(gateway.auth.rate_limit.exempt_loopback);
  CHECK_FALSE(gateway.approve_local_devices);
  CHECK_FALSE(load("{gateway: {auth: {rateLimit: {maxAttempts: 0}}}}").config);
}

} // namespace troupe::test
