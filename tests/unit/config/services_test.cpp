#include "tests/unit/config/config_world.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace troupe::test {
namespace {

std::string model_of(const config::loaded& config) {
  return config.values.agents.entries.at(0).model.text();
}

bool has_model(const config::loaded& config, const std::string& provider, std::string_view id) {
  const auto& models = config.values.providers.at(provider).models;
  return std::ranges::find(models, id, &config::model_settings::id) != models.end();
}

} // namespace

TEST_CASE_METHOD(config_world, "services: without a key and a config the demo answers",
                 "[config]") {
  const auto outcome = load();

  REQUIRE(outcome.config);
  CHECK(model_of(*outcome.config) == "demo/demo");
  CHECK(outcome.config->values.providers.size() == 1);
  CHECK(outcome.config->values.agents.model_note.empty());
}

TEST_CASE_METHOD(config_world, "services: a key in the environment is enough", "[config]") {
  environment["ANTHROPIC_API_KEY"] = "sk-ant-canary";
  const auto anthropic = accept("{}");
  environment["OPENAI_API_KEY"] = "sk-canary";
  const auto both = accept("{}");

  const auto& claude = anthropic.values.providers.at("anthropic");
  CHECK(claude.api == config::provider_api::anthropic_messages);
  CHECK(claude.base_url == "https://api.anthropic.com");
  CHECK(claude.api_key.reveal() == "sk-ant-canary");
  CHECK(model_of(anthropic) == "anthropic/" + claude.models.at(0).id);
  CHECK(anthropic.values.agents.model_note ==
        model_of(anthropic) +
            " answers: ANTHROPIC_API_KEY is set and agents.defaults.model is not");
  CHECK(both.values.providers.at("openai").base_url == "https://api.openai.com/v1");
  CHECK(both.values.providers.contains("anthropic"));
  CHECK(model_of(both).starts_with("openai/"));
}

TEST_CASE_METHOD(config_world, "services: a key may stand in .env and env.vars too", "[config]") {
  CHECK(model_of(accept("{env: {vars: {OPENAI_API_KEY: 'k'}}}")).starts_with("openai/"));
  write(".troupe/.env", "ANTHROPIC_API_KEY=k\n");
  CHECK(model_of(accept("{}")).starts_with("anthropic/"));
}

TEST_CASE_METHOD(config_world, "services: a configured model always wins", "[config]") {
  environment["OPENAI_API_KEY"] = "k";
  const auto demo = accept("{agents: {defaults: {model: 'demo/demo'}}}");
  const auto own = accept("{models: {providers: {p: {baseUrl: 'http://x', models: [{id: 'm'}]}}}, "
                          "agents: {defaults: {model: 'p/m'}}}");
  const auto of_agent = accept("{agents: {entries: {main: {model: 'demo/demo'}}}}");

  for (const auto* config : {&demo, &own, &of_agent}) {
    CHECK_FALSE(model_of(*config).starts_with("openai/"));
    CHECK(config->values.agents.model_note.empty());
  }
}

TEST_CASE_METHOD(config_world, "services: any of their models may be named", "[config]") {
  environment["ANTHROPIC_API_KEY"] = "k";
  const auto config = accept("{agents: {defaults: {model: {primary: 'anthropic/claude-x', "
                             "fallbacks: ['anthropic/claude-y']}}}}");

  CHECK(model_of(config) == "anthropic/claude-x");
  CHECK(has_model(config, "anthropic", "claude-x"));
  CHECK(has_model(config, "anthropic", "claude-y"));
  CHECK(refusal("{agents: {defaults: {model: 'openai/gpt-5'}}}").find("no provider \"openai\"") !=
        std::string::npos);
}

TEST_CASE_METHOD(config_world, "services: a configured one keeps what is configured", "[config]") {
  environment["OPENAI_API_KEY"] = "from-environment";
  const auto listed = accept("{models: {providers: {openai: {models: [{id: 'mine'}]}}}}");
  const auto keyed = accept("{models: {providers: {openai: {apiKey: 'own'}}}}");

  CHECK(listed.values.providers.at("openai").api_key.reveal() == "from-environment");
  CHECK(listed.values.providers.at("openai").models.size() == 1);
  CHECK(model_of(listed) == "openai/mine");
  CHECK(keyed.values.providers.at("openai").api_key.reveal() == "own");
  CHECK(model_of(keyed) == "demo/demo");
}

TEST_CASE_METHOD(config_world, "services: the environment's key goes to no other address",
                 "[config]") {
  environment["OPENAI_API_KEY"] = "canary";
  environment["ANTHROPIC_API_KEY"] = "canary";
  const auto config = accept("{models: {providers: {openai: {baseUrl: 'http://elsewhere/v1'}, "
                             "anthropic: {api: 'openai-completions', baseUrl: 'http://x'}, "
                             "other: {api: 'anthropic-messages'}}}}");

  for (const auto* id : {"openai", "anthropic", "other"})
    CHECK(config.values.providers.at(id).api_key.empty());
  CHECK(model_of(config) == "demo/demo");
}

TEST_CASE_METHOD(config_world, "services: a key that fits no header is not used and not shown",
                 "[config]") {
  environment["OPENAI_API_KEY"] = "canary\n";
  const auto config = accept("{}");

  CHECK(model_of(config) == "demo/demo");
  REQUIRE(config.warnings.size() == 1);
  CHECK(config.warnings[0].text().find("OPENAI_API_KEY") != std::string::npos);
  CHECK(config.warnings[0].text().find("canary") == std::string::npos);
}

} // namespace troupe::test
