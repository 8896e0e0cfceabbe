#include "actors/gateway/catalog.hpp"
#include "actors/gateway/slash_commands.hpp"
#include "tests/support/gateway_facts.hpp"

#include <catch2/catch.hpp>

namespace troupe::gateway {
namespace {

using test::gateway_facts;

/// "name|rest", or "" when the model gets it.
std::string parsed(std::string_view text) {
  const auto spoken = parse_command(text);
  return spoken ? std::string{spoken->which->name} + "|" + spoken->rest : "";
}

struct commanded : gateway_facts {
  commanded() {
    config::model_settings second;
    second.id = "fake-2";
    config->values.providers.at("fake").models.push_back(second);
  }
  command_effect effect(std::string_view text, const tables::conversation_row* row = nullptr) {
    const auto spoken = parse_command(text);
    REQUIRE(spoken);
    return effect_of(*spoken, text,
                     {.settings = &config->values,
                      .row = row,
                      .agent_id = "main",
                      .version = "0.1.0",
                      .now = time.wall,
                      .uptime_ms = 61'000});
  }
  std::string reply(std::string_view text, const tables::conversation_row* row = nullptr) {
    return effect(text, row).for_conversation.reply;
  }
};

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("commands: are recognised by their whole name, in any case", "[gateway]") {
  CHECK(parsed("/status") == "status|");
  CHECK(parsed("  /STATUS \n") == "status|");
  CHECK(parsed("/model fake/x") == "model|fake/x");
  CHECK(parsed("/model: fake/x ") == "model|fake/x");
  CHECK(parsed("/new\nhello  there ") == "new|hello  there");
  for (const auto* text : {"", "/", "status", "/statusx", "/slow 10s", "//status", "/ status",
                           "say /status", "/stat us"})
    CHECK(parsed(text).empty());
}

TEST_CASE("commands: those that end a session are an administrator's", "[gateway]") {
  for (const auto& command : slash_commands()) {
    const auto ends = command.name == "new" || command.name == "reset";
    CHECK(command.needed == (ends ? scope::admin : scope::write));
  }
}

TEST_CASE_METHOD(commanded, "commands: help names all of them", "[gateway]") {
  const auto text = reply("/help");
  for (const auto& command : slash_commands())
    CHECK(contains(text, "/" + std::string{command.name}));
}

TEST_CASE_METHOD(commanded, "commands: status tells the session's state", "[gateway]") {
  CHECK(contains(reply("/status"), "Model: fake/fake-1\n"));
  CHECK(contains(reply("/status"), "Uptime: 1m 1s"));
  CHECK(contains(reply("/status"), "State: idle"));
  auto row = add_conversation("agent:main:main", 2);
  row.input_tokens = 213;
  row.output_tokens = 24;
  row.context_tokens = 2'000;
  row.active_run = "r";
  row.model = "fake/fake-2";
  const auto text = reply("/status", &row);
  CHECK(contains(text, "Tokens: 213 in / 24 out"));
  CHECK(contains(text, "Context: 2000/"));
  CHECK(contains(text, "State: running"));
  CHECK(contains(text, "Model: fake/fake-2 (set for this session; configured: fake/fake-1"));
  row.quarantine = "it crashed";
  CHECK(contains(reply("/status", &row), "State: quarantined: it crashed"));
}

TEST_CASE_METHOD(commanded, "commands: model shows, sets and clears", "[gateway]") {
  CHECK(reply("/model") == "Model: fake/fake-1");
  CHECK(contains(reply("/model list"), "\n- fake/fake-2"));
  CHECK_FALSE(effect("/model list").for_conversation.model);
  CHECK(effect("/model fake/fake-2").for_conversation.model == "fake/fake-2");
  CHECK(effect("/model fake-2").for_conversation.model == "fake/fake-2");
  CHECK(effect("/model default").for_conversation.model == "");
  const auto unknown = effect("/model nothing");
  CHECK_FALSE(unknown.for_conversation.model);
  CHECK(contains(unknown.for_conversation.reply, "There is no model \"nothing\""));
}

TEST_CASE_METHOD(commanded, "commands: a model id that two providers have is nobody's",
                 "[gateway]") {
  auto other = config->values.providers.at("fake");
  other.id = "other";
  config->values.providers.emplace("other", other);
  CHECK_FALSE(find_model(config->values, "fake-2"));
  CHECK(find_model(config->values, "other/fake-2")->provider == "other");
  CHECK_FALSE(find_model(config->values, ""));
}

TEST_CASE_METHOD(commanded, "commands: new and reset answer, or run what stands behind them",
                 "[gateway]") {
  auto begun = effect("/new");
  CHECK(begun.for_conversation.resets == "new");
  CHECK_FALSE(begun.for_conversation.reply.empty());
  CHECK(begun.text == "/new");
  begun = effect("/reset hello there");
  CHECK(begun.for_conversation.resets == "reset");
  CHECK(begun.for_conversation.reply.empty());
  CHECK(begun.text == "hello there");
}

TEST_CASE_METHOD(commanded, "commands: stop says whether there was something to stop",
                 "[gateway]") {
  CHECK(effect("/stop").stops);
  CHECK(reply("/stop") == "Nothing is running here.");
  auto row = add_conversation("agent:main:main", 2);
  row.active_run = "r";
  CHECK(reply("/stop", &row) == "Stopped.");
  CHECK_FALSE(effect("/status").stops);
}

TEST_CASE("commands: are listed as the protocol shows them", "[gateway]") {
  json_writer out;
  write_commands(out);
  const auto all = test::parse(out.take()).as_array();
  CHECK(all.size() == slash_commands().size());
  const auto& model = all.at(2);
  CHECK(model.at("name") == "model");
  CHECK(model.at("textAliases") == boost::json::array{"/model"});
  CHECK(model.at("acceptsArgs") == true);
  CHECK(model.at("args").at(0).at("name") == "model");
  json_writer bare;
  write_commands(bare, {.with_args = false});
  CHECK_FALSE(test::parse(bare.take()).at(2).as_object().contains("args"));
}

} // namespace troupe::gateway
