#include "tests/component/actors/gateway/client_world.hpp"

#include <catch2/catch.hpp>

#include <optional>

namespace troupe::test {
namespace {

/// Notes what it is asked for and answers as it was told.
class fake_control final : public gateway::config_control {
public:
  gateway::config_state state() const override { return now; }
  config::load_outcome read() const override { return file; }
  result<gateway::config_written> write(const gateway::config_write& wanted) override {
    asked = wanted;
    if (refusal)
      return *refusal;
    return answer;
  }

  gateway::config_state now;
  config::load_outcome file;
  gateway::config_written answer;
  std::optional<error> refusal;
  std::optional<gateway::config_write> asked;
};

struct config_world : client_world {
  std::shared_ptr<fake_control> control = std::make_shared<fake_control>();

  config_world() {
    facts.config->effective = json::parse(R"({"gateway":{"auth":{"token":"hidden"}}})");
    facts.context->config_control = control;
    control->answer.running = facts.config;
    control->answer.path = "/state/troupe.json";
    control->answer.hash = "after";
  }
};

} // namespace

TEST_CASE_METHOD(config_world, "config: a patch passes on what it was given and tells what changed",
                 "[gateway]") {
  control->answer.changed = {"gateway.port"};
  control->answer.state.restart_needed = {"gateway.port"};
  auto peer = connect();
  const auto done = payload_of(call(peer, "config.patch",
                                    {{"raw", "{gateway: {port: 2}}"},
                                     {"baseHash", "before"},
                                     {"note", "tolerated"},
                                     {"replacePaths", json::array{"a.b"}}}));
  REQUIRE(control->asked);
  CHECK(control->asked->what.how == config::edit::kind::merge);
  CHECK(control->asked->what.raw == "{gateway: {port: 2}}");
  CHECK(control->asked->what.replace_paths == std::vector<std::string>{"a.b"});
  CHECK(control->asked->base_hash == "before");
  CHECK(done.at("ok") == true);
  CHECK_FALSE(done.contains("noop"));
  CHECK(done.at("changedPaths") == json::array{"gateway.port"});
  CHECK(done.at("restartNeeded") == json::array{"gateway.port"});
  CHECK(done.at("path") == "/state/troupe.json");
  CHECK(done.at("hash") == "after");
  CHECK(json::serialize(done).find("hidden") == std::string::npos);
}

TEST_CASE_METHOD(config_world, "config: set and apply replace, and say when nothing changed",
                 "[gateway]") {
  auto peer = connect();
  for (const auto* name : {"config.set", "config.apply"}) {
    const auto done = payload_of(call(peer, name, {{"raw", "{}"}}));
    CHECK(done.at("noop") == true);
    CHECK(done.at("changedPaths") == json::array{});
    REQUIRE(control->asked);
    CHECK(control->asked->what.how == config::edit::kind::replace);
    CHECK(control->asked->method == name);
    CHECK(control->asked->base_hash.empty());
  }
}

TEST_CASE_METHOD(config_world, "config: a write that is refused is told in the protocol's words",
                 "[gateway]") {
  control->refusal = error{errc::invalid_argument, "config changed since last load; retry"};
  auto peer = connect();
  const auto refused = error_of(call(peer, "config.set", {{"raw", "{}"}, {"baseHash", "x"}}));
  CHECK(refused.at("code") == "INVALID_REQUEST");
  CHECK(refused.at("message") == "config changed since last load; retry");
  control->refusal = error{errc::overloaded, "rate limit exceeded"};
  CHECK(error_of(call(peer, "config.set", {{"raw", "{}"}})).at("code") == "UNAVAILABLE");
  CHECK(error_of(call(peer, "config.set")).at("code") == "INVALID_REQUEST");
}

TEST_CASE_METHOD(config_world, "config: only an admin writes, readers may look", "[gateway]") {
  auto peer = connect({"operator.read", "operator.write"});
  for (const auto* name : {"config.set", "config.patch", "config.apply"})
    CHECK(error_of(call(peer, name, {{"raw", "{}"}})).at("details").at("missingScope") ==
          "operator.admin");
  CHECK_FALSE(control->asked);
  CHECK(payload_of(call(peer, "config.schema")).at("schema").at("properties").is_object());
}

TEST_CASE_METHOD(config_world, "config: a lookup tells one key and its children", "[gateway]") {
  auto peer = connect();
  const auto lookup = [&](std::string_view path) {
    return call(peer, "config.schema.lookup", {{"path", path}});
  };
  const auto port = payload_of(lookup("gateway.port"));
  CHECK(port.at("path") == "gateway.port");
  CHECK(port.at("schema").at("maximum") == 65535);
  CHECK(port.at("reloadKind") == "restart");
  CHECK(port.at("hintPath") == "gateway.port");
  CHECK(port.at("children") == json::array{});

  const auto model = payload_of(lookup("models.providers.mine.models[0]"));
  CHECK(model.at("reloadKind") == "hot");
  bool id_required = false;
  for (const auto& child : model.at("children").as_array())
    id_required = id_required || (child.at("key") == "id" && child.at("required") == true);
  CHECK(id_required);
  const auto providers = payload_of(lookup("models.providers"));
  CHECK(providers.at("children").at(0).at("key") == "*");
  CHECK(providers.at("children").at(0).at("hasChildren") == true);
  for (const auto* wrong : {"nothing", "gateway.prt", "gateway..port", "gateway.port.x"})
    CHECK(error_of(lookup(wrong)).at("code") == "INVALID_REQUEST");
}

TEST_CASE_METHOD(config_world, "config: status says what waits for a restart and what is refused",
                 "[gateway]") {
  control->now.mode = "hybrid";
  control->now.generation = 3;
  control->now.restart_needed = {"gateway.port"};
  control->now.refused = "gateway.prt: unknown key";
  auto peer = connect();
  const auto reload = payload_of(call(peer, "status")).at("config").at("reload");
  CHECK(reload.at("mode") == "hybrid");
  CHECK(reload.at("generation") == 3);
  CHECK(reload.at("restartNeeded") == json::array{"gateway.port"});
  CHECK(reload.at("refused") == "gateway.prt: unknown key");
}

TEST_CASE_METHOD(config_world, "config: readers hear of a change; new credentials end connections",
                 "[gateway]") {
  auto reader = connect({"operator.read"});
  auto nobody = connect({});
  caf::anon_send(front, gateway::front_config_changed{"/state/troupe.json", "h", false});
  run();
  const auto event = frame(reader);
  CHECK(event.at("event") == "config.changed");
  CHECK(event.at("payload").at("path") == "/state/troupe.json");
  CHECK(event.at("payload").at("hash") == "h");
  CHECK(frames(nobody).empty());
  CHECK_FALSE(reader.connection->closed);

  caf::anon_send(front, gateway::front_config_changed{"/state/troupe.json", "i", true});
  run();
  REQUIRE(reader.connection->closed);
  CHECK(reader.connection->closed->first == 1012);
  CHECK(nobody.connection->closed);
}

TEST_CASE_METHOD(config_world, "config: an answer on its way is the last that a client is sent",
                 "[gateway]") {
  auto writer = connect();
  const auto ask = [&](const char* id) {
    writer.handler->on_text(json::serialize(json::object{{"type", "req"},
                                                         {"id", id},
                                                         {"method", "system-event"},
                                                         {"params", {{"text", "note"}}}}),
                            nullptr);
  };
  ask("first");
  caf::anon_send(front, gateway::front_config_changed{"/state/troupe.json", "i", true});
  ask("second");
  run();
  REQUIRE(writer.connection->closed);
  CHECK(writer.connection->closed->first == 1012);
  auto told = frames(writer);
  std::erase_if(told, [](const json::object& one) { return one.at("type") == "event"; });
  REQUIRE_FALSE(told.empty());
  CHECK(told.front().at("id") == "first");
}

TEST_CASE_METHOD(config_world, "config: new settings are in force for the next request",
                 "[gateway]") {
  auto peer = connect();
  auto next = std::make_shared<config::loaded>(*facts.config);
  next->values.agents.entries.front().name = "Renamed";
  facts.context->config.replace(next);
  const auto named = call(peer, "agent.identity.get", {{"agentId", "main"}});
  CHECK(payload_of(named).at("name") == "Renamed");
}

} // namespace troupe::test
