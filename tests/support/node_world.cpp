#include "tests/support/node_world.hpp"

#include "persistence/tables/chunked_text.hpp"

#include <catch2/catch.hpp>

#include <utility>

namespace troupe::test {
namespace {

class finished_call final : public net::outbound_call {
public:
  void cancel() override {}
};

event_sink_actor::behavior_type hear_events(event_sink_actor::pointer sink, node_world* world) {
  return {
      [sink, world](const run_event_ptr& event) {
        world->events.push_back(event);
        if (event->n > 0) // The conversation's own events are not counted.
          world->newest_run = caf::actor_cast<caf::actor>(sink->current_sender());
      },
      [world](const session_event& event) { world->session_events.push_back(event); },
  };
}

} // namespace

std::shared_ptr<net::outbound_call>
scripted_client::start(net::outbound_request request,
                       std::shared_ptr<net::outbound_observer> observer) {
  ++calls;
  const auto chunks = answer(request.body);
  observer->on_head(200, {{"content-type", "text/event-stream"}});
  for (const auto& chunk : chunks)
    observer->on_data("data: " + chunk + "\n\n");
  if (chunks.empty()) {
    observer->on_done(error{errc::connection_lost, "cut"});
  } else {
    observer->on_data("data: [DONE]\n\n");
    observer->on_done(boost::outcome_v2::success());
  }
  return std::make_shared<finished_call>();
}

node_world::node_world(std::string provider_unavailable)
    : context(std::make_shared<conversation_context>()) {
  auto loaded = std::make_shared<config::loaded>();
  config::agent_settings agent;
  agent.id = "main";
  agent.workspace = "/nowhere";
  agent.model = {"fake", "m"};
  loaded->values.agents.entries = {agent};
  context->config = loaded;

  auto tools = std::make_shared<tool_catalog>();
  tools->add({.name = "pay",
              .description = "pays",
              .schema = "{}",
              .effect = effect_class::once,
              .run = [this](const tool_context& call, std::string_view) {
                ++paid[call.call_id];
                return tool_output{"paid", false};
              }});
  tools->add({.name = "look",
              .description = "looks",
              .schema = "{}",
              .effect = effect_class::pure,
              .run = [](const tool_context&, std::string_view) {
                return tool_output{"seen", false};
              }});
  context->tools = std::move(tools);

  context->registry = std::make_shared<actor_registry>(time);
  context->log = &log;
  context->time = &time;
  context->pool = std::make_shared<blocking_pool>(0, 1);
  context->runs_active = std::make_shared<std::atomic<std::uint32_t>>(0);
  context->runs = system.spawn(slot_gate, context->registry, std::string{"/runs"},
                               slot_gate_limits{.places = 8});
  context->beat = pulse::create();
  beating = system.spawn(pulse_actor, context->registry, std::string{"/pulse"}, context->beat);
  auto models = std::make_shared<model_access>();
  models->client = &provider;
  models->time = &time;
  models->config = loaded;
  config::provider_settings settings;
  settings.id = "fake";
  settings.unavailable = std::move(provider_unavailable);
  settings.base_url = "http://127.0.0.1:1/v1";
  settings.models = {{.id = "m", .name = "m"}};
  models->providers.emplace(
      "fake", model_access::provider{settings, system.spawn(slot_gate, context->registry,
                                                            std::string{"/models/provider/fake"},
                                                            slot_gate_limits{.places = 8})});
  context->models = std::move(models);
  context->sink = system.spawn(hear_events, this);
  provider.answer = [](const std::string&) {
    return std::vector<std::string>{
        R"({"id":"x","choices":[{"delta":{"content":"hi there"}}]})",
        R"({"id":"x","choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}})"};
  };
  router = system.spawn(troupe::router, conversation_context_ptr{context});
  run();
  lead(first_term);
}

node_world::~node_world() {
  newest_run = nullptr;
  for (const auto& actor :
       {caf::actor_cast<caf::actor>(router), caf::actor_cast<caf::actor>(context->sink),
        caf::actor_cast<caf::actor>(context->runs), beating,
        caf::actor_cast<caf::actor>(context->models->providers.at("fake").gate)})
    self->send_exit(actor, caf::exit_reason::user_shutdown);
  run();
  // Timers of ended actors hold them until they fire.
  advance(std::chrono::hours{100});
}

void node_world::lead(epoch term) {
  log.lead(shard(), term);
  self->send(router, shard_leading{shard(), term});
  run();
}

void node_world::depose() {
  const auto term = log.lease(shard()).term;
  log.depose(shard());
  self->send(router, shard_deposed{shard(), term});
  run();
}

void node_world::pass(std::chrono::milliseconds by) {
  time.advance(by);
  advance(by);
}

submit_input node_world::input(const std::string& run_id, const std::string& text) const {
  submit_input out;
  out.key = key;
  out.run_id = run_id;
  out.text = text;
  return out;
}

std::optional<input_receipt> node_world::submit_until_accepted(const std::string& run_id,
                                                               const std::string& text) {
  return submit_until_accepted(input(run_id, text));
}

std::optional<input_receipt> node_world::submit_until_accepted(const submit_input& wanted) {
  for (int tries = 0; tries < 20; ++tries) {
    auto receipt = ask<input_receipt>(router, wanted);
    if (receipt)
      return *receipt;
    pass(std::chrono::milliseconds{50});
  }
  return std::nullopt;
}

std::optional<tables::run_row> node_world::finished(const std::string& run_id) {
  for (int i = 0; i < 200; ++i) {
    const auto row = run_row(run_id);
    if (row && row->state == tables::run_state::closed)
      return row;
    pass(std::chrono::milliseconds{50});
  }
  return std::nullopt;
}

std::optional<tables::run_row> node_world::run_row(const std::string& run_id) const {
  auto bytes = log.rows().snapshot()->get(shard(), tables::run_key(tables::digest_of(key), run_id));
  REQUIRE(bytes);
  if (!bytes.value())
    return std::nullopt;
  auto row = tables::decode_run(*bytes.value());
  REQUIRE(row);
  return row.value();
}

std::vector<tables::message_row> node_world::transcript() const {
  std::vector<tables::message_row> out;
  REQUIRE(log.rows().snapshot()->scan(shard(), tables::message_prefix(tables::digest_of(key)), {},
                                      scan_order::ascending,
                                      [&](std::string_view, std::string_view value) {
                                        auto row = tables::decode_message(value);
                                        REQUIRE(row);
                                        out.push_back(row.value());
                                        return scan_step::more;
                                      }));
  for (auto& row : out)
    REQUIRE(tables::join_texts(row, {*log.rows().snapshot(), shard(), tables::digest_of(key)}));
  return out;
}

std::size_t node_world::count(const std::string& prefix) const {
  std::size_t found = 0;
  REQUIRE(log.rows().snapshot()->scan(shard(), prefix, {}, scan_order::ascending,
                                      [&](std::string_view, std::string_view) {
                                        ++found;
                                        return scan_step::more;
                                      }));
  return found;
}

} // namespace troupe::test
