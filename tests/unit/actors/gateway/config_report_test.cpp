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

std::string report_of(const config::loaded& config) {
  return config_report(config, as_read(config), {});
}

} // namespace

TEST_CASE("config report: has the members of the protocol and no secret", "[gateway]") {
  const auto text = report_of(config_of(written));
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
  const auto report = parse(report_of(config));
  CHECK(report.at("exists") == false);
  CHECK(report.at("raw").is_null());
  CHECK(report.at("parsed").as_object().empty());
}

TEST_CASE("config report: the hash follows all that the file holds", "[gateway]") {
  auto config = config_of(written);
  const auto hash = [&] { return config_hash(as_read(config)); };
  const auto before = hash();
  CHECK(hash() == before);
  config.source.at("gateway").at("auth").as_object()["token"] = "another";
  CHECK(hash() != before); // Else two clients could overwrite each other's secrets.
  CHECK(hash().find("another") == std::string::npos);
  config = config_of(written);
  config.merged.at("gateway").as_object()["port"] = 1; // In an included file.
  CHECK(hash() != before);
  config = config_of(written);
  config.where.config_exists = false;
  CHECK(hash() != before);
}

TEST_CASE("config report: a file that is refused says why, beside what is in force", "[gateway]") {
  const auto running = config_of(written);
  auto file = as_read(running);
  file.config.reset();
  file.source = parse(R"({"gateway":{"prt":1,"token":"hidden"}})");
  file.errors = {{"gateway.prt", 3, 5, "unknown key", "/state/troupe.json"}};
  const auto text = config_report(running, file, "applied");
  const auto report = parse(text);
  CHECK(report.at("valid") == false);
  CHECK(report.at("issues") ==
        parse(R"([{"path":"gateway.prt","message":"unknown key","line":3,"column":5}])"));
  CHECK(report.at("parsed").at("gateway").at("prt") == 1);
  CHECK(report.at("config").at("gateway").at("port") == 18789);
  CHECK(report.at("hash") != report.at("appliedConfigHash"));
  CHECK(report.at("appliedConfigHash") == "applied");
  CHECK(text.find("hidden") == std::string::npos);

  file.source.reset(); // No JSON5 at all: nothing of it may be shown.
  file.text = "{ hidden";
  const auto broken = config_report(running, file, "applied");
  CHECK(parse(broken).at("raw").is_null());
  CHECK(broken.find("hidden") == std::string::npos);
}

} // namespace troupe::gateway
