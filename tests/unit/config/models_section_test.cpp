#include "tests/unit/config/config_world.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {
namespace {

std::string with_provider(std::string_view fields) {
  return "{agents: {defaults: {model: 'demo/demo'}}, models: {providers: {p: {" +
         std::string(fields) + "}}}}";
}

TEST_CASE_METHOD(config_world, "models: a provider is read whole", "[config]") {
  environment["KEY"] = "k";
  const auto config = accept(with_provider(R"(
    baseUrl: "https://${HOST}/v1", apiKey: "$KEY", headers: {"X-Org": "o-${KEY}"}, timeoutSeconds: 90,
    models: [{id: "a/b", name: "A", reasoning: true, input: ["text", "image"],
      cost: {input: 1.5, output: 2, cacheRead: 0.1, cacheWrite: 0}, contextWindow: 1000,
      maxTokens: 100}, {id: "c"}])")
                                 .insert(1, "env: {vars: {HOST: 'h'}}, "));
  const auto& provider = config.values.providers.at("p");
  CHECK(provider.api == config::provider_api::openai_completions);
  CHECK(provider.base_url == "https://h/v1");
  CHECK(provider.api_key.reveal() == "k");
  CHECK(provider.headers.at("X-Org").reveal() == "o-k");
  CHECK(provider.timeout == std::chrono::seconds(90));
  CHECK(provider.unavailable.empty());
  REQUIRE(provider.models.size() == 2);
  CHECK(provider.models[0].reasoning);
  CHECK(provider.models[0].input == std::vector<std::string>{"text", "image"});
  CHECK(provider.models[0].cost.cache_read == 0.1);
  CHECK(provider.models[0].context_window == 1000);
  CHECK(provider.models[0].max_tokens == 100);
  CHECK(provider.models[1].name == "c");
  CHECK(provider.models[1].input == std::vector<std::string>{"text"});
  CHECK(provider.models[1].context_window == 200'000);
}

TEST_CASE_METHOD(config_world,
                 "models: a secret without a value makes only its provider unavailable",
                 "[config]") {
  for (const auto* fields : {"baseUrl: 'http://x', apiKey: '${NONE}'", "baseUrl: 'http://${NONE}'",
                             "baseUrl: 'http://x', headers: {a: '$NONE'}",
                             "baseUrl: 'http://x', apiKey: {source: 'env', id: 'NONE'}"}) {
    const auto config = accept(with_provider(fields));
    const auto& provider = config.values.providers.at("p");
    CHECK(provider.unavailable.find("the variable NONE is not set") != std::string::npos);
    CHECK(provider.api_key.empty());
    CHECK(config.warnings.size() == 1);
  }
}

TEST_CASE_METHOD(config_world, "models: anthropic-messages has an address of its own", "[config]") {
  const auto usual = accept(with_provider("api: 'anthropic-messages'"));
  const auto own = accept(with_provider("api: 'anthropic-messages', baseUrl: 'http://x/claude'"));

  CHECK(usual.values.providers.at("p").api == config::provider_api::anthropic_messages);
  CHECK(usual.values.providers.at("p").base_url == "https://api.anthropic.com");
  CHECK(own.values.providers.at("p").base_url == "http://x/claude");
}

TEST_CASE_METHOD(config_world, "models: the demo provider is always there", "[config]") {
  const auto config = accept(with_provider("baseUrl: 'http://x'"));
  CHECK(config.values.providers.at("demo").api == config::provider_api::demo);
  CHECK(accept("{models: {providers: {demo: {models: [{id: 'slow'}]}}}}")
            .values.providers.at("demo")
            .models.size() == 2);
  CHECK(refusal("{models: {providers: {demo: {baseUrl: 'http://x', api: 'openai-completions'}}}}")
            .find("give yours another id") != std::string::npos);
}

TEST_CASE_METHOD(config_world, "models: providers without a default model are warned about",
                 "[config]") {
  const auto config =
      accept("{models: {providers: {p: {baseUrl: 'http://x', models: [{id: 'm'}]}}}}");
  CHECK(config.values.agents.entries[0].model.text() == "demo/demo");
  REQUIRE(config.warnings.size() == 1);
  CHECK(config.warnings[0].path == "agents.defaults.model");
}

TEST_CASE_METHOD(config_world, "models: what cannot work is refused", "[config]") {
  CHECK(refusal(with_provider("")).ends_with("needs the key \"baseUrl\""));
  CHECK(refusal(with_provider("baseUrl: 'http://x', api: 'ollama'")).find("is not built yet") !=
        std::string::npos);
  CHECK(refusal(with_provider("baseUrl: 'http://x', api: 'openai-completion'"))
            .find("did you mean \"openai-completions\"") != std::string::npos);
  for (const auto* wrong : {"baseUrl: 'ftp://x'",
                            "baseUrl: 'x'",
                            "baseUrl: 'http://'",
                            "baseUrl: 'http://u:p@x'",
                            "baseUrl: 'http://x?a=b'",
                            "baseUrl: 'http://x y'",
                            "baseUrl: 1",
                            "baseUrl: ''",
                            "baseUrl: 'http://x', timeoutSeconds: 0",
                            "baseUrl: 'http://x', timeoutSeconds: 1.5",
                            "baseUrl: 'http://x', models: {}",
                            "baseUrl: 'http://x', models: [{}]",
                            "baseUrl: 'http://x', models: [{id: ''}]",
                            "baseUrl: 'http://x', models: [{id: 1}]",
                            "baseUrl: 'http://x', models: [{id: 'a'}, {id: 'a'}]",
                            "baseUrl: 'http://x', models: [{id: 'a', input: ['smell']}]",
                            "baseUrl: 'http://x', models: [{id: 'a', contextWindow: 0}]",
                            "baseUrl: 'http://x', models: [{id: 'a', cost: {input: -1}}]",
                            "baseUrl: 'http://x', models: [{id: 'a', cost: {input: NaN}}]",
                            "baseUrl: 'http://x', headers: {'a b': 'c'}",
                            "baseUrl: 'http://x', headers: {a: 'b\\nc'}",
                            "baseUrl: 'http://x', apiKey: 'a\\rb'"})
    CHECK(load(with_provider(wrong)).errors.size() == 1);
  CHECK_FALSE(load("{models: {providers: {'a/b': {baseUrl: 'http://x'}}}}").config);
  CHECK_FALSE(load("{models: {providers: {'': {baseUrl: 'http://x'}}}}").config);
}

TEST_CASE_METHOD(config_world, "models: no error shows a secret", "[config]") {
  const auto outcome = load(with_provider(
      "baseUrl: 'http://canary:canary@x', apiKey: ' canary', headers: {a: 'canary\\n'}"));
  REQUIRE(outcome.errors.size() == 3);
  for (const auto& wrong : outcome.errors)
    CHECK(wrong.text().find("canary") == std::string::npos);
}

} // namespace
} // namespace troupe::test
