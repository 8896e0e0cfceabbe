#include "actors/gateway/client.hpp"

#include "actors/gateway/devices/device_rows.hpp"
#include "actors/gateway/hello.hpp"
#include "actors/gateway/limits.hpp"
#include "actors/gateway/methods/method.hpp"
#include "actors/gateway/methods/runs.hpp"
#include "actors/support/reply.hpp"
#include "base/log.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace troupe::gateway {
namespace {

void on_frame(client_self self, const client_frame& frame);

void send_text(client_self self, std::string text) {
  self->state.link->connection->send({.head = std::move(text), .body = nullptr, .tail = {}});
}

void end(client_self self, std::uint16_t code, std::string reason) {
  self->state.now = client_state::phase::closed;
  self->state.place.enter("closed");
  self->state.link->connection->close(code, std::move(reason));
  self->quit();
}

void release(client_self self) {
  auto& held = self->state.held;
  if (!held)
    return;
  if (!held->response_id.empty())
    send_text(self, response_error(held->response_id, held->failure));
  end(self, held->close_code, held->close_reason);
}

void refuse(client_self self, refusal refused) {
  log::info("gateway", "connection {} from {} is refused: {}", self->state.link->conn_id,
            self->state.link->from.peer.ip,
            refused.close_reason.empty() ? "not the protocol" : refused.close_reason);
  self->state.now = client_state::phase::refusing;
  self->state.place.enter("refusing");
  const auto delay = refused.delay;
  self->state.held = std::move(refused);
  if (delay.count() == 0)
    release(self);
  else
    self->delayed_send(self, delay, release_refusal{});
}

/// Puts the client on the list of those present, before hello-ok shows it.
void enter_presence(client_self self, const welcome& granted) {
  const auto& said = granted.params;
  if (!is_listed(said.client_mode))
    return;
  auto& state = self->state;
  presence_facts who;
  who.host = said.display_name.empty() ? said.client_id : said.display_name;
  who.version = said.client_version;
  who.platform = said.platform;
  who.device_family = said.device_family;
  who.mode = said.client_mode;
  who.instance_id = said.instance_id;
  who.roles = {said.role};
  for (const auto granted_scope : granted.scopes.list())
    who.scopes.emplace_back(to_string(granted_scope));
  if (granted.device)
    who.device_id = granted.device->device_id;
  state.presence_key = presence_key(who.device_id, said.instance_id);
  if (state.presence_key.empty())
    state.presence_key = "connection " + state.link->conn_id;
  state.shared->presence_connected(state.presence_key, std::move(who));
}

/// The rows know when a device was here last, to ten minutes.
void note_seen(client_self self, const welcome& granted) {
  const auto& shared = *self->state.shared;
  if (!granted.device ||
      shared.context().time->now_wall_ms() - granted.device->last_seen_at < seen_period_ms)
    return;
  self->send(shared.devices(),
             device_seen{granted.device->device_id, granted.device->role,
                         granted.method == "device-token" ? "device-token-auth" : "connect"});
}

void open(client_self self, const std::string& request_id, welcome granted) {
  auto& state = self->state;
  state.now = client_state::phase::open;
  state.place.enter("open");
  state.link->connection->handshake_done();
  const auto has = [&](std::string_view cap) {
    return std::ranges::find(granted.params.caps, cap) != granted.params.caps.end();
  };
  enter_presence(self, granted);
  send_text(self, response_ok(request_id, hello_payload(*state.shared, granted, state.link->conn_id,
                                                        method_names())));
  // What was signed and what was told have done their work.
  state.challenge.clear();
  if (granted.device)
    granted.device->token.clear();
  self->send(state.front, client_online{.id = state.link->id,
                                        .reads = granted.scopes.allows(scope::read),
                                        .session_scoped = has("session-scoped-events"),
                                        .tool_events = has("tool-events"),
                                        .present = !state.presence_key.empty(),
                                        .pairs = granted.scopes.allows(scope::pairing),
                                        .device = granted.device});
  note_seen(self, granted);
  state.role = std::move(granted.params.role);
  state.device = std::move(granted.device);
  state.by_device_token = granted.method == "device-token";
  state.client_id = std::move(granted.params.client_id);
  state.client_mode = std::move(granted.params.client_mode);
  state.tool_events = has("tool-events");
  state.scopes = std::move(granted.scopes);
}

void welcome_in(client_self self, welcome granted) {
  const auto request_id = granted.request_id;
  open(self, request_id, std::move(granted));
}

void on_admission(client_self self, admission asked, const device_admission& answer) {
  if (self->state.now != client_state::phase::admitting)
    return;
  auto outcome = admitted(std::move(asked), answer);
  if (auto* refused = std::get_if<refusal>(&outcome))
    return refuse(self, std::move(*refused));
  welcome_in(self, std::move(std::get<welcome>(outcome)));
  for (auto& frame : std::exchange(self->state.parked, {}))
    on_frame(self, frame);
}

/// The answer to `connect` waits for a commit.
void admit(client_self self, admission asked) {
  self->state.now = client_state::phase::admitting;
  self->state.place.enter("admitting");
  const admit_device wanted{asked.ask};
  const auto shared_asked = std::make_shared<admission>(std::move(asked));
  self->request(self->state.shared->devices(), admission_timeout, wanted)
      .then(
          [self, shared_asked](const device_decision& decided) {
            on_admission(self, std::move(*shared_asked), decided.outcome);
          },
          [self, shared_asked](const caf::error& failure) {
            on_admission(self, std::move(*shared_asked), from_failure(from_caf(failure)));
          });
}

void greet(client_self self, const std::string& text) {
  auto& state = self->state;
  auto& shared = *state.shared;
  const auto& context = shared.context();
  // Counted before the rows are read: a change in between is noticed with the next frame.
  state.device_changes = shared.device_changes();
  const auto settings = shared.settings();
  const handshake_facts facts{.settings = &settings->gateway,
                              .rows = &context.log->rows(),
                              .challenge = state.challenge,
                              .started = context.status->started.load(),
                              .draining = context.status->draining.load(),
                              .now = context.time->now_boot(),
                              .wall = context.time->now_wall_ms()};
  auto outcome = judge_first_frame(text, state.link->from, facts, shared.limiter());
  if (auto* refused = std::get_if<refusal>(&outcome))
    return refuse(self, std::move(*refused));
  if (auto* asked = std::get_if<admission>(&outcome))
    return admit(self, std::move(*asked));
  welcome_in(self, std::move(std::get<welcome>(outcome)));
}

/// Why `request` is not served, if so.
std::optional<protocol_error> objection(client_self self, const request_frame& request,
                                        const method* wanted) {
  constexpr std::size_t name_bytes_max = 128;
  if (request.method == "connect")
    return invalid_request("connect is only valid as the first request");
  if (wanted == nullptr)
    return invalid_request("unknown method: " +
                           std::string{cut_utf8(request.method, name_bytes_max)});
  if (self->state.role != "operator")
    return invalid_request("unauthorized role: " + self->state.role);
  if (self->state.in_flight >= requests_in_flight_max)
    return unavailable("too many requests in flight on this connection");
  const auto needed = wanted->needs(request.params);
  if (!self->state.scopes.allows(needed))
    return missing_scope(needed);
  const auto findings = check(request.params, wanted->params, unknown_properties::tolerated);
  if (!findings.empty())
    return invalid_request("invalid " + request.method + " params: " + join_findings(findings));
  return std::nullopt;
}

void serve(client_self self, const request_frame& request) {
  const auto* wanted = find_method(request.method);
  if (const auto refused = objection(self, request, wanted)) {
    send_text(self, response_error(request.id, *refused));
    if (wanted != nullptr && self->state.role != "operator" &&
        ++self->state.unauthorized_calls > unauthorized_calls_max)
      end(self, 1008, "repeated unauthorized calls");
    return;
  }
  ++self->state.in_flight;
  wanted->serve(call{self, request.id, request.params});
}

void park(client_self self, const client_frame& frame) {
  if (self->state.parked.size() >= handshake_frames_max)
    return end(self, 1008, "too many pending handshake frames");
  self->state.parked.push_back(frame);
}

/// A device whose grant is gone is put out before it is served once more. Costs a comparison,
/// unless something was taken away from some device since the last frame.
bool grant_is_gone(client_self self) {
  auto& state = self->state;
  const auto changes = state.shared->device_changes();
  if (!state.device || changes == state.device_changes)
    return false;
  state.device_changes = changes;
  return !still_granted(device_rows{state.shared->context().log->rows()}, *state.device);
}

void on_frame(client_self self, const client_frame& frame) {
  if (self->state.now == client_state::phase::greeting)
    return greet(self, frame.text);
  if (self->state.now == client_state::phase::admitting)
    return park(self, frame);
  if (self->state.now != client_state::phase::open)
    return;
  if (grant_is_gone(self))
    return end(self, 1008, "device token revoked");
  const auto parsed = parse_frame(frame.text);
  if (const auto* request = std::get_if<request_frame>(&parsed))
    return serve(self, *request);
  if (const auto* bad = std::get_if<bad_frame>(&parsed))
    return send_text(
        self, response_error(bad->id, invalid_request("invalid request frame: " + bad->findings)));
  log::debug("gateway", "connection {} sent text that is no JSON", self->state.link->conn_id);
}

void on_events(client_self self, const event_delivery& delivery) {
  auto& state = self->state;
  state.link->batches_waiting.fetch_sub(1, std::memory_order_relaxed);
  if (state.now != client_state::phase::open)
    return;
  for (const auto& event : *delivery.events)
    if ((event.to & delivery.sees) != 0)
      state.link->connection->send({.head = {},
                                    .body = event.body,
                                    .tail = event_tail(++state.seq),
                                    .droppable = event.droppable});
}

void settle(client_self self) {
  if (self->state.in_flight > 0)
    --self->state.in_flight;
}

} // namespace

client_state::~client_state() {
  // Before the front hears of the end, and also when there is no front any more.
  if (!presence_key.empty())
    shared->presence_disconnected(presence_key);
  if (link && now != phase::closed)
    link->connection->close(1011, "internal error");
}

void answer(client_self self, const std::string& request_id, std::string_view payload) {
  settle(self);
  send_text(self, response_ok(request_id, payload));
}

void fail(client_self self, const std::string& request_id, const protocol_error& failure,
          std::string_view payload) {
  settle(self);
  send_text(self, response_error(request_id, failure, payload));
}

void answer_with(client_self self, const std::string& request_id,
                 std::function<result<std::string>()> work) {
  const auto waiting = caf::actor_cast<client_actor>(self);
  const auto posted =
      self->state.shared->context().pool->post([waiting, request_id, work = std::move(work)] {
        caf::anon_send(waiting, ready_answer{request_id, work()});
      });
  if (!posted)
    fail(self, request_id, unavailable("the gateway reads too many files at once; retry shortly"));
}

void after_events(client_self self, std::function<void()> then) {
  ++self->state.behind_events;
  const auto done = [self, then = std::move(then)] {
    then();
    --self->state.behind_events;
    if (self->state.behind_events == 0 && self->state.closing)
      end(self, self->state.closing->code, self->state.closing->reason);
  };
  self->request(self->state.front, caf::infinite, catch_up{})
      .then([done](caught_up) { done(); }, [done](const caf::error&) { done(); });
}

void answer_first(client_self self, const std::string& request_id, std::string_view payload) {
  send_text(self, response_ok(request_id, payload));
}

client_actor::behavior_type client(client_self self, gateway_shared_ptr shared,
                                   client_link_ptr link, front_actor front) {
  const auto& context = shared->context();
  self->state.place = self->observe(context.registry, "/front/client/" + link->conn_id, "client");
  self->state.place.enter("greeting");
  self->state.challenge = random_uuid();
  link->connection->send(
      {.head = challenge_frame(self->state.challenge, context.time->now_wall_ms()),
       .body = nullptr,
       .tail = {}});
  self->watch_elder(front);
  // Without the front no event arrives any more: the client must connect anew.
  self->set_down_handler([self](const caf::down_msg&) { end(self, 1012, "service restart"); });
  self->state.shared = std::move(shared);
  self->state.link = std::move(link);
  self->state.front = std::move(front);
  return {
      [self](const client_frame& frame) { on_frame(self, frame); },
      [self](const client_closed& closed) {
        self->state.now = client_state::phase::closed;
        log::debug("gateway", "connection {} closed: {} {}", self->state.link->conn_id, closed.code,
                   closed.reason);
        self->quit();
      },
      [self](const event_delivery& delivery) { on_events(self, delivery); },
      [self](const close_client& wanted) {
        if (self->state.behind_events == 0)
          return end(self, wanted.code, wanted.reason);
        // Whoever changed what it proved itself with still gets the answer that is on its way, and
        // nothing else.
        self->state.now = client_state::phase::closed;
        self->state.closing = wanted;
      },
      [self](release_refusal) { release(self); },
      [self](const await_again& again) { resume_awaiting(self, again.ticket); },
      [self](const ready_answer& ready) {
        if (!ready.payload)
          return fail(self, ready.request_id, from_failure(ready.payload.error()));
        // The work may have told the front of what it changed.
        after_events(self, [self, id = ready.request_id, text = ready.payload.value()] {
          answer(self, id, text);
        });
      },
  };
}

} // namespace troupe::gateway
