#include "config/load.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <catch2/catch.hpp>

namespace troupe::config {
namespace {

namespace json = boost::json;

/// Every property has a description or properties of its own.
void check_documented(const json::object& node, const std::string& path) {
  const auto* properties = node.if_contains("properties");
  if (!properties)
    return;
  for (const auto& [name, value] : properties->as_object()) {
    const auto& property = value.as_object();
    INFO(path << "." << name);
    CHECK((property.contains("description") || property.contains("properties")));
    check_documented(property, path + "." + std::string(name));
  }
}

TEST_CASE("schema: describes every built key", "[config]") {
  const auto whole = schema();
  CHECK(whole.at("$schema") == "https://json-schema.org/draft/2020-12/schema");
  check_documented(whole.as_object(), "");
}

TEST_CASE("schema: comes from the declarations that read the config", "[config]") {
  const auto whole = schema();
  const auto& gateway = whole.at("properties").at("gateway").at("properties");
  CHECK(gateway.at("port").at("default") == 18'789);
  CHECK(gateway.at("port").at("maximum") == 65'535);
  CHECK(gateway.at("bind").at("enum") == json::array{"loopback", "lan", "custom"});
  CHECK(gateway.at("bind").at("default") == "loopback");
  CHECK(gateway.at("auth").at("properties").at("token").at("anyOf").as_array().size() == 2);
  const auto& provider = whole.at("properties")
                             .at("models")
                             .at("properties")
                             .at("providers")
                             .at("additionalProperties");
  const auto& model = provider.at("properties").at("models").at("items");
  CHECK(model.at("required") == json::array{"id"});
  CHECK(whole.at("properties")
            .at("agents")
            .at("properties")
            .at("defaults")
            .at("properties")
            .at("model")
            .as_object()
            .contains("anyOf"));
}

} // namespace
} // namespace troupe::config
