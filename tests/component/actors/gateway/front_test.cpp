#include "actors/gateway/limits.hpp"
#include "tests/component/actors/gateway/client_world.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {

using namespace std::chrono_literals;

namespace {

json::array all_scopes() {
  return {"operator.read", "operator.write", "operator.admin"};
}

/// An HTTP answer, taken from memory.
struct answered final : net::http_responder::channel {
  void send(net::http_response response) override { last = std::move(response); }
  std::shared_ptr<net::http_stream::pipe> begin(net::http_stream_head) override { return {}; }
  void watch(net::answer_watch watch) override { watched = std::move(watch); }
  net::answer_watch watched;
  std::optional<net::http_response> last;
};

} // namespace

TEST_CASE_METHOD(client_world, "front: an event is built once for all who see it", "[gateway]") {
  auto first = connect();
  auto second = connect();
  happen("agent:main:main", run_event::started{7});
  CHECK(first.connection->bodies.back() == second.connection->bodies.back());
  CHECK(frame(first).at("seq") == 2);
}

TEST_CASE_METHOD(client_world, "front: session-scoped clients see their own sessions only",
                 "[gateway]") {
  auto mine = connect(all_scopes(), {"session-scoped-events"});
  auto other = connect(all_scopes(), {"session-scoped-events"});
  call(mine, "sessions.messages.subscribe", {{"key", "a"}});
  call(other, "sessions.messages.subscribe", {{"key", "b"}});
  happen("agent:main:a", run_event::started{7});
  CHECK(frames(mine).size() == 1);
  CHECK(frames(other).empty());
  const auto ended = call(mine, "sessions.messages.unsubscribe", {{"key", "a"}});
  CHECK(ended.at("payload") == json::value{{"subscribed", false}, {"key", "agent:main:a"}});
  happen("agent:main:a", run_event::usage{1});
  CHECK(frames(mine).empty());
}

TEST_CASE_METHOD(client_world, "front: without operator.read nothing of a run is seen",
                 "[gateway]") {
  auto blind = connect(json::array{});
  happen("agent:main:main", run_event::started{7});
  CHECK(frames(blind).empty());
}

TEST_CASE_METHOD(client_world, "front: the tool stream is for who started the run and has the cap",
                 "[gateway]") {
  auto with = connect(all_scopes(), {"tool-events"});
  auto without = connect();
  auto other = connect(all_scopes(), {"tool-events"});
  auto watcher = connect();
  call(watcher, "sessions.messages.subscribe", {{"key", "main"}});
  for (auto* sender : {&with, &without})
    call(*sender, "chat.send",
         {{"sessionKey", "main"}, {"message", "hi"}, {"idempotencyKey", "r"}});
  happen("agent:main:main", run_event::tool_started{"c", "read", "{}", 1});
  CHECK(names_of(frames(with)) == "agent:item agent:tool ");
  CHECK(names_of(frames(without)) == "agent:item ");
  CHECK(names_of(frames(other)) == "agent:item ");
  CHECK(names_of(frames(watcher)) == "agent:item session.tool:tool ");
  // With the run's end that is over.
  finish("agent:main:main", "");
  frames(with);
  happen("agent:main:main", run_event::tool_started{"d", "read", "{}", 1});
  CHECK(names_of(frames(with)) == "agent:item ");
}

TEST_CASE_METHOD(client_world, "front: session changes go to subscribers, with the row",
                 "[gateway]") {
  auto watching = connect();
  auto idle = connect();
  facts.add_conversation("agent:main:main", 1);
  CHECK(call(watching, "sessions.subscribe").at("payload") == json::value{{"subscribed", true}});
  const auto listed = call(watching, "sessions.subscribe", {{"limit", 1}});
  CHECK(listed.at("payload").at("subscribed") == true);
  CHECK(listed.at("payload").at("sessions").as_array().size() == 1);
  caf::anon_send(front, session_event{"agent:main:main", "send", "", "", "", 9});
  run();
  const auto changed = frame(watching);
  CHECK(changed.at("event") == "sessions.changed");
  CHECK(changed.at("payload").at("session").at("key") == "agent:main:main");
  CHECK(frames(idle).empty());
}

TEST_CASE_METHOD(client_world, "front: a compaction is told to who watches the session",
                 "[gateway]") {
  auto watching = connect();
  auto listing = connect();
  auto idle = connect();
  facts.add_conversation("agent:main:main", 1);
  call(watching, "sessions.messages.subscribe", {{"key", "main"}});
  call(listing, "sessions.subscribe");
  session_event event;
  event.key = "agent:main:main";
  event.at = 9;
  event.operation_id = "op";
  caf::anon_send(front, event);
  event.operation_ended = event.operation_completed = true;
  event.reason = "compact";
  caf::anon_send(front, event);
  run();
  const auto told = frames(watching);
  REQUIRE(told.size() == 2);
  CHECK(told[0].at("payload") == json::value{{"operationId", "op"},
                                             {"operation", "compact"},
                                             {"phase", "start"},
                                             {"sessionKey", "agent:main:main"},
                                             {"agentId", "main"},
                                             {"ts", 9}});
  CHECK(told[1].at("payload").at("phase") == "end");
  CHECK(told[1].at("payload").at("completed") == true);
  CHECK(names_of(frames(listing)) ==
        "session.operation session.operation sessions.changed:compact ");
  CHECK(frames(idle).empty());
}

TEST_CASE_METHOD(client_world, "front: a slow client misses droppable events, not their numbers",
                 "[gateway]") {
  auto peer = connect();
  peer.connection->slow = true;
  happen("agent:main:main", run_event::usage{1});
  happen("agent:main:main", run_event::text_delta{0, "a", false});
  CHECK(frames(peer).empty());
  peer.connection->slow = false;
  happen("agent:main:main", run_event::started{1});
  CHECK(frame(peer).at("seq") == 5); // usage, assistant and delta used 2 to 4.
}

TEST_CASE_METHOD(client_world, "front: a client whose actor does not keep up is closed",
                 "[gateway]") {
  auto peer = connect();
  for (std::uint32_t i = 0; i <= gateway::batches_waiting_max; ++i) {
    auto event = std::make_shared<run_event>();
    event->key = "agent:main:main";
    event->run_id = "r";
    event->n = i + 1;
    event->what = run_event::usage{i};
    caf::anon_send(front, run_event_ptr{std::move(event)});
  }
  // The front's turn comes first and takes all of them; only then the client runs.
  run();
  REQUIRE(peer.connection->closed);
  CHECK(peer.connection->closed->first == 1008);
  CHECK(peer.connection->closed->second == "slow consumer");
}

TEST_CASE_METHOD(client_world, "front: ticks every 30 seconds, tells health every minute",
                 "[gateway]") {
  auto peer = connect();
  advance(gateway::tick_period);
  auto tick = frame(peer);
  CHECK(tick.at("event") == "tick");
  CHECK(tick.at("seq") == 2);
  advance(gateway::tick_period);
  const auto both = frames(peer);
  REQUIRE(both.size() == 2);
  const auto& health = both[0].at("event") == "health" ? both[0] : both[1];
  CHECK(health.at("payload").at("ok") == true);
  CHECK(health.at("stateVersion").at("health").to_number<int>() >= 2);
}

TEST_CASE_METHOD(client_world, "front: who comes and goes is told to readers", "[gateway]") {
  auto reader = connect();
  auto blind = connect(json::array{});
  auto person = connect_person("desk");
  const auto hello = frames(person).at(1);
  CHECK(hello.at("payload").at("snapshot").at("presence").as_array().empty()); // It may not read.
  const auto come = frame(reader);
  CHECK(come.at("event") == "presence");
  const auto& entries = come.at("payload").at("presence").as_array();
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].at("mode") == "gateway");
  CHECK(entries[1].at("instanceId") == "desk");
  CHECK(entries[1].at("reason") == "connect");
  CHECK(frames(blind).empty());
  const auto listed = call(reader, "system-presence");
  CHECK(listed.at("payload") == come.at("payload").at("presence"));

  person.handler->on_closed(1000, "bye");
  run();
  CHECK(frames(reader).empty()); // Told once per interval.
  advance(gateway::presence_interval);
  const auto gone = frame(reader);
  CHECK(gone.at("payload").at("presence").at(1).at("reason") == "disconnect");
  CHECK(gone.at("stateVersion").at("presence").to_number<int>() >
        come.at("stateVersion").at("presence").to_number<int>());
  advance(gateway::presence_interval);
  CHECK(frames(reader).empty());
}

TEST_CASE_METHOD(client_world, "front: backends are not listed as present", "[gateway]") {
  auto reader = connect();
  auto other = connect();
  CHECK(frames(reader).empty());
  CHECK(call(other, "system-presence").at("payload").as_array().size() == 1);
}

TEST_CASE_METHOD(client_world, "front: a system event is a note among those present", "[gateway]") {
  auto reader = connect();
  auto writer = connect();
  CHECK(call(writer, "system-event", {{"text", "  "}}).at("error").at("message") ==
        "text required");
  request(writer, "1", "system-event", {{"text", "wire test"}, {"host", "h"}});
  CHECK(answer_among(writer).at("payload") == json::value{{"ok", true}});
  const auto told = frame(reader);
  CHECK(told.at("event") == "presence");
  CHECK(told.at("payload").at("presence").at(1).at("text") == "wire test");
}

TEST_CASE_METHOD(client_world, "front: when it failed, those who left are not shown as there",
                 "[gateway]") {
  auto person = connect_person("desk");
  kill(front);
  front = system.spawn(gateway::front, shared);
  sink->attach(front);
  run();
  auto reader = connect();
  CHECK(call(reader, "system-presence").at("payload").at(1).at("reason") == "disconnect");
}

TEST_CASE_METHOD(client_world, "front: a client that crashed is contained and forgotten",
                 "[gateway]") {
  auto doomed = connect();
  auto other = connect();
  call(doomed, "sessions.messages.subscribe", {{"key", "main"}});
  doomed.connection->throwing = true;
  happen("agent:main:main", run_event::started{7});
  REQUIRE(doomed.connection->closed);
  CHECK(doomed.connection->closed->first == 1011);
  CHECK(frames(other).size() == 1);
  CHECK(actors_of("client") == 1);
  CHECK(facts.status->clients == 1);
  happen("agent:main:main", run_event::usage{1});
  CHECK(frames(other).size() == 1);
}

TEST_CASE_METHOD(client_world, "front: a client that left is forgotten", "[gateway]") {
  auto peer = connect();
  peer.handler->on_closed(1000, "bye");
  run();
  CHECK(facts.status->clients == 0);
  CHECK(actors_of("client") == 0);
  happen("agent:main:main", run_event::started{7});
  CHECK(frames(peer).empty());
}

TEST_CASE_METHOD(client_world, "front: draining says shutdown to all, then closes with 1012",
                 "[gateway]") {
  auto peer = connect();
  auto waiting = open();
  caf::anon_send(front, gateway::front_drain{"restart", 1500});
  run();
  const auto shutdown = frame(peer);
  CHECK(shutdown.at("event") == "shutdown");
  CHECK(shutdown.at("payload") == json::value{{"reason", "restart"}, {"restartExpectedMs", 1500}});
  CHECK(peer.connection->closed == std::pair<std::uint16_t, std::string>{1012, "service restart"});
  CHECK(waiting.connection->closed->first == 1012);
  auto late = open();
  CHECK(late.connection->closed->first == 1012);
  facts.status->draining = true;
  CHECK_FALSE(sink->on_websocket({}, std::make_shared<fake_connection>()));
}

TEST_CASE_METHOD(client_world, "front: when it fails its clients are told to come again",
                 "[gateway]") {
  auto peer = connect();
  kill(front);
  REQUIRE(peer.connection->closed);
  CHECK(peer.connection->closed->first == 1012);
}

TEST_CASE_METHOD(client_world, "front: waits for unknown runs are bounded, the oldest gives way",
                 "[gateway]") {
  std::vector<peer> peers;
  for (std::size_t i = 0; i < 5; ++i)
    peers.push_back(connect());
  for (std::size_t i = 0; i <= gateway::sightings_max; ++i)
    request(peers[i / gateway::requests_in_flight_max], std::to_string(i), "agent.wait",
            {{"runId", "x"}});
  const auto answered = frame(peers.front());
  CHECK(answered.at("id") == "0");
  CHECK(answered.at("error").at("code") == "UNAVAILABLE");
}

TEST_CASE_METHOD(client_world, "bridge: probes are answered without any actor", "[gateway]") {
  sink->detach();
  auto answer = std::make_shared<answered>();
  net::http_request request;
  request.method = "GET";
  request.target = "/healthz";
  sink->on_request(request, net::http_responder{answer});
  REQUIRE(answer->last);
  CHECK(answer->last->status == 200);
  request.target = "/introspect/actors";
  sink->on_request(request, net::http_responder{answer});
  CHECK(answer->last->status == 503);
  CHECK_FALSE(sink->on_websocket({}, std::make_shared<fake_connection>()));
}

TEST_CASE_METHOD(client_world, "bridge: introspection is for operators", "[gateway]") {
  auto peer = connect();
  auto answer = std::make_shared<answered>();
  net::http_request request;
  request.method = "GET";
  request.target = "/introspect/actors?kind=client";
  request.peer = {"127.0.0.1", 1, true};
  request.headers = {{"host", "127.0.0.1"}};
  sink->on_request(request, net::http_responder{answer});
  run();
  REQUIRE(answer->last);
  CHECK(answer->last->status == 401);
  request.headers.emplace_back("authorization", "Bearer secret");
  sink->on_request(request, net::http_responder{answer});
  run();
  CHECK(answer->last->status == 200);
  const auto report = parse(answer->last->body);
  CHECK(report.at("matched") == 1);
  CHECK(report.at("actors").at(0).at("state") == "open");
  CHECK(actors_of("request") == 0);
  request.target = "/nowhere";
  sink->on_request(request, net::http_responder{answer});
  CHECK(answer->last->status == 404);
  CHECK(answer->last->body == "Not Found");
}

TEST_CASE_METHOD(client_world, "bridge: a wrong bearer is answered late", "[gateway]") {
  auto answer = std::make_shared<answered>();
  net::http_request request;
  request.method = "GET";
  request.target = "/introspect/actors";
  request.peer = {"127.0.0.1", 1, true};
  request.headers = {{"host", "127.0.0.1"}, {"authorization", "Bearer wrong"}};
  sink->on_request(request, net::http_responder{answer});
  run();
  CHECK_FALSE(answer->last);
  advance(250ms);
  REQUIRE(answer->last);
  CHECK(answer->last->status == 401);
  CHECK(actors_of("request") == 0);
}

TEST_CASE_METHOD(client_world, "bridge: a request ends when its client goes", "[gateway]") {
  auto answer = std::make_shared<answered>();
  net::http_request request;
  request.method = "GET";
  request.target = "/introspect/actors";
  request.peer = {"127.0.0.1", 1, true};
  request.headers = {{"host", "127.0.0.1"}, {"authorization", "Bearer wrong"}};
  sink->on_request(request, net::http_responder{answer});
  run();
  REQUIRE(actors_of("request") == 1);
  answer->watched.lost(net::answer_lost::client_left);
  run();
  CHECK(actors_of("request") == 0);
  CHECK_FALSE(answer->last);
  answer->watched.lost(net::answer_lost::client_left);
}

TEST_CASE_METHOD(client_world, "bridge: a body that nothing will come of is not read",
                 "[gateway]") {
  net::http_request head;
  head.method = "POST";
  head.peer = {"127.0.0.1", 1, true};
  head.headers = {{"host", "127.0.0.1"}, {"authorization", "Bearer secret"}};
  for (const auto* target : {"/nowhere", "/healthz", "/introspect/actors"}) {
    head.target = target;
    CHECK_FALSE(sink->on_head(head).wanted);
  }
}

} // namespace troupe::test
