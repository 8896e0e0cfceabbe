#include "actors/gateway/control_ui/ui_target.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace troupe::gateway::control_ui {
namespace {

config::control_ui_settings at(std::string base) {
  config::control_ui_settings settings;
  settings.base_path = std::move(base);
  return settings;
}

net::http_request request_for(std::string target, std::string accept = "*/*",
                              std::string method = "GET") {
  net::http_request request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.headers = {{"host", "127.0.0.1"}, {"accept", std::move(accept)}};
  return request;
}

target get(std::string path, const config::control_ui_settings& settings = {}) {
  return target_of(request_for(std::move(path)), settings);
}

target browse(std::string path, const config::control_ui_settings& settings = {}) {
  return target_of(request_for(std::move(path), "text/html,*/*;q=0.8"), settings);
}

} // namespace

TEST_CASE("control ui: the page is at the root, whatever is accepted", "[control-ui]") {
  CHECK(get("/").kind == target_kind::page);
  CHECK(get("/?session=x").kind == target_kind::page);
  CHECK(get("/index.html").kind == target_kind::page);
  CHECK(get("/control-ui-config.json").kind == target_kind::config);
}

TEST_CASE("control ui: a file is named below the root", "[control-ui]") {
  const auto found = get("/assets/a-b/index-DsEuFQRE.js?v=1");
  CHECK(found.kind == target_kind::file);
  CHECK(found.path == "assets/a-b/index-DsEuFQRE.js");
  CHECK_FALSE(found.page_otherwise);
  CHECK(get("/fonts/a%20b.css").path == "fonts/a b.css");
}

TEST_CASE("control ui: a place within the page is the page's, for browsers", "[control-ui]") {
  CHECK(browse("/chat").page_otherwise);
  CHECK(browse("/settings/agents").page_otherwise);
  CHECK(browse("/settings/").kind == target_kind::page);
  CHECK_FALSE(get("/chat").page_otherwise);
  CHECK(get("/settings/").kind == target_kind::none);
  // What is named as a file is one: no HTML in the place of a script.
  CHECK_FALSE(browse("/assets/gone-12345678.js").page_otherwise);
  CHECK_FALSE(browse("/gone.SVG").page_otherwise);
}

TEST_CASE("control ui: nothing leads out of the root, and nothing hidden is named",
          "[control-ui][security]") {
  for (const auto* path : {"/../secret",
                           "/assets/../../secret",
                           "/assets/..",
                           "/..",
                           "/.",
                           "/./a.js",
                           "/a/./b.js",
                           "/%2e%2e/secret",
                           "/%2E%2E/secret",
                           "/assets/%2e%2e/%2e%2e/etc/passwd",
                           "/..%2fsecret",
                           "/%2e%2e%2fsecret",
                           "/assets%2f..%2f..%2fsecret",
                           "/a/..%5csecret",
                           "/..\\secret",
                           "/a\\b.js",
                           "//etc/passwd",
                           "/a//b.js",
                           "/%2fetc/passwd",
                           "/assets//etc/passwd",
                           "/a%00.js",
                           "/%00",
                           "/a%0d%0ab.js",
                           "/a%7f.js",
                           "/.env",
                           "/.git/config",
                           "/assets/.hidden.js",
                           "/%2eenv",
                           "/%",
                           "/%2",
                           "/%zz",
                           "/a%g0.js",
                           "/x.js.br",
                           "/assets/index-DsEuFQRE.js.gz",
                           "/x.JS.BR",
                           "/...",
                           "/..;/a.js"}) {
    CAPTURE(path);
    CHECK(browse(path).kind == target_kind::none);
  }
  CHECK(browse("/" + std::string(513, 'a')).kind == target_kind::none);
  CHECK(browse("/" + std::string(512, 'a')).kind == target_kind::file);
  // Decoded once: what is left is a name, not a way up.
  CHECK(get("/%252e%252e/x.js").path == "%2e%2e/x.js");
}

TEST_CASE("control ui: programs' addresses never answer with a page", "[control-ui]") {
  for (const auto* path :
       {"/v1", "/v1/models", "/v1/chat/completions", "/api", "/api/users/x/avatar", "/introspect",
        "/introspect/actor", "/ui", "/ui/chat", "/j/x"})
    CHECK(browse(path).kind == target_kind::none);
  CHECK(browse("/v1x").kind == target_kind::file);
}

TEST_CASE("control ui: only reading is for the page", "[control-ui]") {
  CHECK(target_of(request_for("/", "text/html", "HEAD"), {}).kind == target_kind::page);
  for (const auto* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"})
    CHECK(target_of(request_for("/", "text/html", method), {}).kind == target_kind::none);
}

TEST_CASE("control ui: switched off, nothing is the page's", "[control-ui]") {
  config::control_ui_settings off;
  off.enabled = false;
  for (const auto* path : {"/", "/chat", "/assets/x.js", "/control-ui-config.json"})
    CHECK(browse(path, off).kind == target_kind::none);
}

TEST_CASE("control ui: with a base path all is below it", "[control-ui]") {
  const auto settings = at("/open/claw");
  CHECK(browse("/open/claw/", settings).kind == target_kind::page);
  CHECK(browse("/open/claw/control-ui-config.json", settings).kind == target_kind::config);
  CHECK(get("/open/claw/assets/x.js", settings).path == "assets/x.js");
  CHECK(browse("/open/claw/v1/models", settings).kind == target_kind::file);
  for (const auto* path :
       {"/", "/chat", "/open", "/open/", "/open/clawx", "/open/clawx/", "/assets/x.js",
        "/control-ui-config.json", "/open/claw/../x.js", "/open/claw//x.js"})
    CHECK(browse(path, settings).kind == target_kind::none);
}

TEST_CASE("control ui: the base path without its slash is sent on, with its query",
          "[control-ui]") {
  const auto settings = at("/claw");
  const auto sent = browse("/claw?a=b", settings);
  CHECK(sent.kind == target_kind::redirect);
  CHECK(sent.path == "/claw/?a=b");
  CHECK(browse("/claw", settings).path == "/claw/");
}

TEST_CASE("control ui: the page is for everybody, what it reads is not", "[control-ui][security]") {
  const auto* page = route_of(request_for("/"), {});
  REQUIRE(page != nullptr);
  CHECK(page->open);
  const auto* facts = route_of(request_for("/control-ui-config.json"), {});
  REQUIRE(facts != nullptr);
  CHECK_FALSE(facts->open);
  CHECK(route_of(request_for("/../x"), {}) == nullptr);
}

TEST_CASE("control ui: without a bundle only the built-in page's files have a route",
          "[control-ui]") {
  CHECK(route_of(request_for("/page.js"), {}) != nullptr);
  CHECK(route_of(request_for("/chat", "text/html"), {}) == nullptr);
  config::control_ui_settings bundle;
  bundle.root = "/opt/ui";
  CHECK(route_of(request_for("/chat", "text/html"), bundle) != nullptr);
}

} // namespace troupe::gateway::control_ui
