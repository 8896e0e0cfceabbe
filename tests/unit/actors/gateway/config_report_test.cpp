#include "actors/gateway/config_report.hpp"
#include "tests/support/gateway_facts.hpp"

#include <catch2/catch.hpp>

namespace troupe::gateway {
namespace {

using test::parse;

constexpr auto written = R"({"gateway":{"auth":{"mode":"token","token":"s3cret"},"port":18789},
  "models":{"providers":{"p":{"apiKey":"k3y","baseUrl":"https://u:pw@host/v1","models":[]}}}})";

config::loaded config_of(std::string_view text) {
  config::loaded config;
  config.where.config_path = "/state/troupe.json";
  config.where.config_exists = true;
  config.source = config.merged = config.effective = parse(text);
  return config;
}

} // namespace

TEST_CASE("config report: has the members of the protocol and no secret", "[gateway]") {
  const auto text = config_report(config_of(written));
  for (const auto* hidden : {"s3cret", "k3y", "u:pw"})
    CHECK(text.find(hidden) == std::string::npos);
  const auto report = parse(text);
  CHECK(report.at("path") == "/state/troupe.json");
  CHECK(report.at("exists") == true);
  CHECK(report.at("valid") == true);
  for (const auto* shown : {"parsed", "sourceConfig", "resolved", "runtimeConfig", "config"})
    CHECK(report.at(shown).at("gateway").at("auth").at("token") == "__OPENCLAW_REDACTED__");
  CHECK(report.at("hash") == report.at("appliedConfigHash"));
  // `raw` reads as what `parsed` shows.
  const std::string raw{report.at("raw").as_string()};
  CHECK(parse(raw) == report.at("parsed"));
  CHECK(raw.find("\n  \"gateway\": {\n    \"auth\": {") != std::string::npos);
}

TEST_CASE("config report: without a file there is nothing raw", "[gateway]") {
  auto config = config_of("{}");
  config.where.config_exists = false;
  const auto report = parse(config_report(config));
  CHECK(report.at("exists") == false);
  CHECK(report.at("raw").is_null());
  CHECK(report.at("parsed").as_object().empty());
}

TEST_CASE("config report: the hash follows the config, not its secrets", "[gateway]") {
  auto config = config_of(written);
  const auto before = config_hash(config);
  auto& auth = config.merged.at("gateway").at("auth").as_object();
  auth["token"] = "another";
  CHECK(config_hash(config) == before);
  auth["mode"] = "password";
  CHECK(config_hash(config) != before);
}

} // namespace troupe::gateway
