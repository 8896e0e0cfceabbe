#include "actors/gateway/control_ui/index_page.hpp"

#include <catch2/catch.hpp>

namespace troupe::gateway::control_ui {
namespace {

config::control_ui_settings at(std::string base) {
  config::control_ui_settings settings;
  settings.base_path = std::move(base);
  return settings;
}

using hashes = std::vector<std::string>;

// printf 'x' | openssl dgst -sha256 -binary | base64
const std::string hash_of_x = "sha256-LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE="; // of "x"
const std::string hash_of_lines =
    "sha256-kRFp3arxRq/1OfWMJsSJrzuJLf8P4oPBwmTGWuWqWaI="; // of "a\nb\n"

} // namespace

TEST_CASE("index page: the root element carries what the page must know", "[control-ui]") {
  CHECK(prepared_index("<!doctype html>\n<html lang=\"en\"><head></head></html>", at("/claw")) ==
        "<!doctype html>\n<html data-openclaw-control-ui-base-path=\"/claw\" "
        "data-openclaw-terminal-enabled=\"false\" lang=\"en\"><head></head></html>");
  CHECK(prepared_index("<HTML>", at("")) == "<HTML data-openclaw-control-ui-base-path=\"\" "
                                            "data-openclaw-terminal-enabled=\"false\">");
  CHECK(prepared_index("<htmlx>", at("")) == "<htmlx>");
  CHECK(prepared_index("", at("")).empty());
}

TEST_CASE("index page: what the config says cannot leave its attribute", "[control-ui][security]") {
  config::control_ui_settings settings;
  settings.environment_label = "a\"><script>b&</script>";
  settings.environment_color = "red";
  CHECK(prepared_index("<html>", settings) ==
        "<html data-openclaw-control-ui-base-path=\"\" data-openclaw-terminal-enabled=\"false\" "
        "data-openclaw-environment=\"{&quot;label&quot;:&quot;a\\&quot;&gt;&lt;script&gt;b&amp;"
        "&lt;/script&gt;&quot;,&quot;color&quot;:&quot;red&quot;}\">");
}

TEST_CASE("index page: addresses count from the base path", "[control-ui]") {
  const auto page =
      prepared_index("<script src=\"./assets/a.js\"></script><link href=\"./favicon.svg\" "
                     "data-x=\"./kept\"><a href=\"../up\" src=\"/abs\">",
                     at("/claw"));
  CHECK(page == "<script src=\"/claw/assets/a.js\"></script><link href=\"/claw/favicon.svg\" "
                "data-x=\"./kept\"><a href=\"../up\" src=\"/abs\">");
}

TEST_CASE("index page: inline scripts are allowed by their hash, and no others", "[control-ui]") {
  CHECK(inline_script_hashes("<script>x</script>") == hashes{hash_of_x});
  CHECK(inline_script_hashes("<SCRIPT data-cfasync=\"false\" type='module'>x</Script >") ==
        hashes{hash_of_x});
  CHECK(inline_script_hashes("<script data-a=\"x>y\">x</script><script\n>a\nb\n</script>") ==
        hashes{hash_of_x, hash_of_lines});
  // The browser has made one line end of each kind before it hashes.
  CHECK(inline_script_hashes("<script>a\r\nb\r</script>") == hashes{hash_of_lines});
  // An attribute that only ends in src is none.
  CHECK(inline_script_hashes("<script data-src=\"a\">x</script>") == hashes{hash_of_x});
  for (const auto* none :
       {"", "<script src=\"a.js\"></script>", "<script type=module crossorigin SRC=a.js>x</script>",
        "<script></script>", "<scripts>x</scripts>", "<!-- <script>x</script> -->", "<script>x",
        "<script src", "<script", "<script src='a'/>x</script>"}) {
    CAPTURE(none);
    CHECK(inline_script_hashes(none).empty());
  }
}

TEST_CASE("index page: the policy allows what the bundle needs, and no more",
          "[control-ui][security]") {
  const hashes scripts{hash_of_x};
  const auto policy = content_security_policy({}, scripts);
  CHECK(policy.find("script-src 'self' '" + hash_of_x + "';") != std::string::npos);
  CHECK(policy.find("connect-src 'self' ws: wss: data: https://tweakcn.com") != std::string::npos);
  for (const auto* part : {"default-src 'self'", "base-uri 'none'", "object-src 'none'",
                           "frame-ancestors 'none'", "frame-src 'self';"})
    CHECK(policy.find(part) != std::string::npos);
  for (const auto* never : {"unsafe-eval", "openai", "script-src 'self' 'unsafe-inline'", "*"})
    CHECK(policy.find(never) == std::string::npos);

  config::control_ui_settings open;
  open.allow_external_embeds = true;
  CHECK(content_security_policy(open).find("frame-src 'self' http: https:;") != std::string::npos);
}

} // namespace troupe::gateway::control_ui
