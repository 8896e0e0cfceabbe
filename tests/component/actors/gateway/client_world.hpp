#pragma once

#include "actors/bridge/request_sink.hpp"
#include "actors/gateway/devices/devices.hpp"
#include "actors/gateway/front.hpp"
#include "actors/support/reply.hpp"
#include "tests/support/actor_world.hpp"
#include "tests/support/gateway_facts.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace troupe::test {

namespace json = boost::json;

/// The network's side of a WebSocket, kept in memory.
class fake_connection final : public net::ws_connection {
public:
  bool send(net::ws_frame frame) override {
    if (closed)
      return false;
    if (throwing)
      throw std::runtime_error{"planted"};
    if (slow && frame.droppable)
      return false;
    auto text = frame.head;
    if (frame.body) {
      text += *frame.body;
      bodies.push_back(frame.body.get());
    }
    frames.push_back(text + frame.tail);
    return true;
  }
  void close(std::uint16_t code, std::string reason) override {
    if (!closed)
      closed.emplace(code, std::move(reason));
  }
  void abort() override { close(1006, {}); }
  void handshake_done() override { greeted = true; }
  std::size_t backlog_bytes() const override { return 0; }

  std::vector<std::string> frames;
  std::vector<const std::string*> bodies; ///< Shared payloads, in order.
  std::optional<std::pair<std::uint16_t, std::string>> closed;
  bool greeted = false;
  bool slow = false;     ///< The backlog is full.
  bool throwing = false; ///< Makes the handler that sends crash.
};

/// Has the router do something: promises are kept only inside the actor that made them.
struct play {
  std::function<void()> part;
};
} // namespace troupe::test

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::test::play)

namespace troupe::test {

using played_router_actor = router_actor::extend<caf::reacts_to<play>>;

/// What the conversations would do: records what it is asked, answers when told.
struct fake_conversations {
  std::vector<submit_input> inputs;
  std::vector<abort_runs> aborts;
  std::vector<await_run> awaits;
  std::vector<delete_session> deletes;
  std::vector<patch_session> patches;
  std::vector<compact_session> compactions;
  std::optional<error> refuse; ///< Answers every request with it.
  std::optional<receipt_kind> receipt;
  std::shared_ptr<const run_outcome> finished;
  bool silent = false; ///< Leaves inputs unanswered.
  std::vector<troupe::answer<input_receipt>> unanswered;
  std::vector<troupe::answer<run_outcome>> waiting;

  void end(const run_outcome& outcome) {
    for (const auto& one : waiting)
      one.give(outcome);
    waiting.clear();
  }
  /// What a conversation that crashes answers.
  void lose() {
    for (const auto& one : waiting)
      one.give(error{errc::unavailable, "gone"});
    waiting.clear();
  }
};

struct fake_router_state {
  static constexpr const char* name = "router";
};

inline played_router_actor::behavior_type
fake_router(played_router_actor::stateful_pointer<fake_router_state> self,
            fake_conversations* script) {
  const auto written = [script](const std::string& key,
                                bool created) -> caf::result<session_written> {
    if (script->refuse)
      return to_caf(*script->refuse);
    session_written out;
    out.row.key = key;
    out.row.agent_id = "main";
    out.row.session_id = "fresh";
    out.created = created;
    return out;
  };
  return {
      [=](const submit_input& input) -> caf::result<input_receipt> {
        script->inputs.push_back(input);
        if (script->refuse)
          return to_caf(*script->refuse);
        if (script->silent) {
          script->unanswered.emplace_back(self);
          return script->unanswered.back().later();
        }
        input_receipt receipt;
        receipt.kind = script->receipt.value_or(receipt_kind::started);
        receipt.run_id = input.run_id;
        receipt.key = input.key;
        receipt.agent_id = "main";
        receipt.accepted_at = 5;
        receipt.outcome = script->finished;
        return receipt;
      },
      [=](const await_run& wanted) -> caf::result<run_outcome> {
        script->awaits.push_back(wanted);
        script->waiting.emplace_back(self);
        return script->waiting.back().later();
      },
      [=](const abort_runs& wanted) -> caf::result<aborted_runs> {
        script->aborts.push_back(wanted);
        return aborted_runs{wanted.run_id.empty() ? std::vector<std::string>{}
                                                  : std::vector{wanted.run_id}};
      },
      [=](const create_session& wanted) { return written(wanted.key, true); },
      [=](const reset_session& wanted) { return written(wanted.key, false); },
      [=](const patch_session& wanted) {
        script->patches.push_back(wanted);
        return written(wanted.key, false);
      },
      [=](const compact_session& wanted) -> caf::result<session_compacted> {
        script->compactions.push_back(wanted);
        if (script->refuse)
          return to_caf(*script->refuse);
        return session_compacted{.compacted = true, .kept = wanted.lines_max, .reason = {}};
      },
      [=](const delete_session& wanted) -> caf::result<session_deleted> {
        script->deletes.push_back(wanted);
        if (script->refuse)
          return to_caf(*script->refuse);
        return session_deleted{true};
      },
      [=](const release_session& wanted) { return written(wanted.key, false); },
      [](const play& wanted) { wanted.part(); },
  };
}

/// One client at the other end of a WebSocket.
struct peer {
  std::shared_ptr<fake_connection> connection = std::make_shared<fake_connection>();
  std::shared_ptr<net::ws_handler> handler;
  std::size_t read = 0; ///< Frames taken so far.
};

/// What a refusal says; what an answer brings. They refer into `frame`.
inline const json::object& error_of(const json::object& frame) {
  REQUIRE(frame.at("ok") == false);
  return frame.at("error").as_object();
}
inline const json::object& payload_of(const json::object& frame) {
  REQUIRE(frame.at("ok") == true);
  return frame.at("payload").as_object();
}

/// A front with its clients over connections in memory, and conversations played by the test.
struct client_world : actor_world {
  gateway_facts facts;
  fake_conversations conversations;
  played_router_actor router;
  gateway::gateway_shared_ptr shared;
  gateway::front_actor front;
  std::unique_ptr<request_sink> sink;

  client_world() {
    router = system.spawn(fake_router, &conversations);
    facts.context->router = router;
    shared = facts.share();
    front = system.spawn(gateway::front, shared);
    shared->attach_devices(system.spawn(gateway::devices, shared, front));
    sink = std::make_unique<request_sink>(system, shared);
    sink->attach(front);
    run();
  }
  ~client_world() {
    sink.reset();
    perform([this] {
      conversations.waiting.clear();
      conversations.unanswered.clear();
    });
    caf::anon_send_exit(shared->devices(), caf::exit_reason::user_shutdown);
    shared->attach_devices({});
    caf::anon_send_exit(front, caf::exit_reason::user_shutdown);
    run();
    caf::anon_send_exit(router, caf::exit_reason::user_shutdown);
    run();
    front = nullptr;
    router = nullptr;
    facts.context->router = nullptr;
  }
  client_world(const client_world&) = delete;
  client_world& operator=(const client_world&) = delete;

  /// The conversations do something.
  void perform(std::function<void()> part) {
    caf::anon_send(router, play{std::move(part)});
    run();
  }
  void end_run(const run_outcome& outcome) {
    perform([this, outcome] { conversations.end(outcome); });
  }
  void lose_runs() {
    perform([this] { conversations.lose(); });
  }

  peer open(net::header_list headers = {{"host", "127.0.0.1"}}) {
    peer made;
    made.handler =
        sink->on_websocket({"/", std::move(headers), {"127.0.0.1", 1, true}}, made.connection);
    run();
    return made;
  }
  void say(peer& from, const std::string& text, net::frame_credit credit = nullptr) {
    from.handler->on_text(text, std::move(credit));
    run();
  }
  void request(peer& from, std::string_view id, std::string_view method,
               const json::object& params = {}) {
    say(from, json::serialize(json::object{
                  {"type", "req"}, {"id", id}, {"method", method}, {"params", params}}));
  }
  /// Frames since the last call.
  std::vector<json::object> frames(peer& of) {
    std::vector<json::object> out;
    for (; of.read < of.connection->frames.size(); ++of.read)
      out.push_back(json::parse(of.connection->frames[of.read]).as_object());
    return out;
  }
  /// The only frame since the last call.
  json::object frame(peer& of) {
    auto all = frames(of);
    REQUIRE(all.size() == 1);
    return all.front();
  }
  /// The only answer since the last call, among events.
  json::object answer_among(peer& of) {
    auto all = frames(of);
    std::erase_if(all, [](const json::object& one) { return one.at("type") == "event"; });
    REQUIRE(all.size() == 1);
    return all.front();
  }
  /// The answer to a request that is answered at once.
  json::object call(peer& from, std::string_view method, const json::object& params = {}) {
    request(from, "id-of-call", method, params);
    return frame(from);
  }

  peer connect(json::array scopes = {"operator.read", "operator.write", "operator.admin"},
               json::array caps = {}) {
    auto made = open();
    request(made, "c1", "connect", connect_params(std::move(scopes), std::move(caps)));
    const auto greeting = frames(made);
    REQUIRE(greeting.size() == 3);
    REQUIRE(greeting[1].at("ok").as_bool());
    REQUIRE(greeting[2].at("event") == "health"); // Its number is 1.
    return made;
  }

  /// What a backend says when it connects; one that is not listed among those present.
  static json::object connect_params(json::array scopes, json::array caps) {
    return {{"minProtocol", 4},
            {"maxProtocol", 4},
            {"client",
             {{"id", "gateway-client"}, {"version", "1"}, {"platform", "x"}, {"mode", "backend"}}},
            {"scopes", std::move(scopes)},
            {"caps", std::move(caps)},
            {"auth", {{"token", "secret"}}}};
  }
  /// A client that people sit at. Without a device it has no scopes, and still is listed.
  peer connect_person(std::string_view instance) {
    auto made = open();
    auto params = connect_params({}, {});
    auto& client = params.at("client").as_object();
    client["id"] = "openclaw-tui";
    client["mode"] = "ui";
    client["instanceId"] = instance;
    request(made, "c1", "connect", params);
    return made;
  }

  /// Something happens in run "r" of `key`.
  void happen(const std::string& key, decltype(run_event::what) what) {
    auto event = std::make_shared<run_event>();
    event->key = key;
    event->agent_id = "main";
    event->run_id = "r";
    event->n = ++happened;
    event->what = std::move(what);
    caf::anon_send(front, run_event_ptr{std::move(event)});
    run();
  }
  static run_outcome outcome_of(const std::string& run_id, const std::string& text) {
    run_outcome outcome;
    outcome.run_id = run_id;
    outcome.status = tables::run_status::ok;
    outcome.stop_reason = "stop";
    outcome.text = text;
    return outcome;
  }
  void finish(const std::string& key, const std::string& text) {
    happen(key, run_event::finished{std::make_shared<run_outcome>(outcome_of("r", text))});
  }
  std::uint32_t happened = 0; ///< Events so far.

  std::size_t actors_of(std::string_view kind) const {
    std::size_t count = 0;
    for (const auto& actor : facts.registry->list())
      count += actor.kind == kind ? 1u : 0u;
    return count;
  }
};

/// "chat:final" and the like.
inline std::string name_of(const json::object& frame) {
  if (frame.at("type") != "event")
    return std::string{frame.at("id").as_string()};
  auto name = std::string{frame.at("event").as_string()};
  const auto& payload = frame.at("payload").as_object();
  for (const auto* part : {"state", "stream", "reason"})
    if (const auto* found = payload.if_contains(part))
      name += ":" + std::string{found->as_string()};
  return name;
}

inline std::string names_of(const std::vector<json::object>& frames) {
  std::string out;
  for (const auto& frame : frames)
    out += name_of(frame) + " ";
  return out;
}

} // namespace troupe::test
