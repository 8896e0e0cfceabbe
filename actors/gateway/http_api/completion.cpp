#include "actors/gateway/http_api/completion.hpp"

#include "actors/conversation/limits.hpp"
#include "actors/gateway/http_api/body.hpp"
#include "actors/gateway/http_api/chat_answer.hpp"
#include "actors/gateway/http_api/chat_request.hpp"
#include "actors/gateway/http_api/responses_answer.hpp"
#include "actors/gateway/http_api/responses_request.hpp"
#include "actors/gateway/http_api/stream_text.hpp"
#include "actors/gateway/limits.hpp"
#include "actors/support/reply.hpp"
#include "base/random.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace troupe::gateway::http_api {

/// To itself: waits for the end of the run again.
struct await_run_again {};

} // namespace troupe::gateway::http_api

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::http_api::await_run_again)

namespace troupe::gateway::http_api {
namespace {

using std::chrono::milliseconds;

/// One completion in progress.
struct completion_work {
  gateway_shared_ptr shared;
  std::shared_ptr<http_call> call; ///< Dropped unanswered, it answers 503.
  completion_request request;
  std::unique_ptr<answer_writer> writer;
  std::string run_id;
  std::string key;
  unsigned retries = 0;

  std::optional<net::http_stream> stream; ///< Once begun.
  stream_text text;
};
using work_ptr = std::shared_ptr<completion_work>;

void abort_run(request_self self, const completion_work& work) {
  self->send(work.shared->context().router,
             abort_runs{.key = work.key, .run_id = work.run_id, .reason = "disconnected"});
}

/// Sends a piece. The run of a caller that does not read is not worth going on with.
void write(request_self self, completion_work& work, std::string piece) {
  if (piece.empty() || work.stream->write(std::move(piece)))
    return;
  abort_run(self, work);
  self->quit();
}

void begin_stream(request_self self, completion_work& work) {
  if (work.stream)
    return;
  self->state.place.enter("streaming");
  work.stream =
      work.call->responder.begin({.status = 200,
                                  .headers = {{"Content-Type", "text/event-stream; charset=utf-8"},
                                              {"Cache-Control", "no-cache"}},
                                  .idle_piece = std::string{net::sse_idle_piece}});
  write(self, work, work.writer->begin());
}

void fail(request_self self, completion_work& work, const api_error& why) {
  if (work.stream) {
    work.stream->write(work.writer->broken(why));
    work.stream->end();
  } else {
    work.call->responder.send(work.writer->failed(why));
  }
  self->quit();
}

void end_stream(request_self self, completion_work& work, const run_outcome& outcome) {
  begin_stream(self, work);
  if (const auto rest = work.text.on_end(outcome.text); !rest.empty())
    work.stream->write(work.writer->text(rest));
  if (work.text.broken())
    return fail(self, work,
                {502, "the answer was begun anew and differs from what was sent", "api_error"});
  work.stream->write(work.writer->end(outcome));
  work.stream->end();
  self->quit();
}

void finish(request_self self, completion_work& work, const run_outcome& outcome) {
  if (const auto failure = failure_of(outcome, work.request.must_call()))
    return fail(self, work, *failure);
  if (work.request.stream)
    return end_stream(self, work, outcome);
  work.call->responder.send(work.writer->whole(outcome));
  self->quit();
}

void on_event(request_self self, completion_work& work, const run_event& event) {
  if (const auto* delta = std::get_if<run_event::text_delta>(&event.what)) {
    begin_stream(self, work);
    if (const auto fresh = work.text.on_delta(*delta); !fresh.empty())
      write(self, work, work.writer->text(fresh));
  } else if (const auto* committed = std::get_if<run_event::message_committed>(&event.what)) {
    if (committed->row && !committed->row->calls.empty())
      work.text.on_step();
  }
}

// ---- the run ------------------------------------------------------------------------------------

void await_end(request_self self, const work_ptr& work);

/// The conversation went away (a crash, a new leader): it will be there again, and the run with it.
bool may_come_back(const error& failure) {
  return failure.code == errc::unavailable || failure.code == errc::connection_lost ||
         failure.code == errc::internal || failure.code == errc::overloaded;
}

void on_await_failed(request_self self, const work_ptr& work, const error& failure) {
  if (!may_come_back(failure) || work->retries >= await_retries_max)
    return fail(self, *work, {502, "the run was lost; send it again", "api_error"});
  const auto full = std::min<milliseconds>(
      await_retry_delay_min * (1 << std::min(work->retries, 10u)), await_retry_delay_max);
  ++work->retries;
  self->state.place.enter("waiting for the conversation");
  random_generator random{random_seed()};
  const auto jitter = random.below(static_cast<std::uint64_t>(full.count() / 2) + 1);
  self->delayed_send(self, full / 2 + milliseconds{jitter}, await_run_again{});
}

/// Without a deadline of its own: the run has one, and its conversation answers when it ends
/// itself.
void await_end(request_self self, const work_ptr& work) {
  self->request(work->shared->context().router, caf::infinite, await_run{work->key, work->run_id})
      .then([self, work](const run_outcome& outcome) { finish(self, *work, outcome); },
            [self, work](const caf::error& failure) {
              on_await_failed(self, work, from_caf(failure));
            });
}

submit_input input_of(completion_work& work) {
  submit_input input;
  input.key = work.key;
  input.run_id = work.run_id;
  input.text = std::move(work.request.text);
  input.client_id = "http-api";
  input.client_mode = "api";
  input.extra_system_prompt = std::move(work.request.instructions);
  input.model = work.request.target.model;
  input.caller = std::make_shared<const caller_turn>(std::move(work.request.turn));
  return input;
}

/// The question for the end follows at once, so that an ephemeral conversation has not left memory
/// before it comes. Nothing of such a one waits for a disk: its receipt needs no deadline, whose
/// timer would hold this actor's memory.
void submit(request_self self, const work_ptr& work, submit_input input) {
  const caf::duration limit =
      input.ephemeral ? caf::duration{caf::infinite} : caf::duration{submit_timeout};
  self->request(work->shared->context().router, limit, std::move(input))
      .then(
          [self, work](const input_receipt&) {
            if (work->request.stream)
              begin_stream(self, *work);
          },
          [self, work](const caf::error& failure) {
            fail(self, *work, from_failure(from_caf(failure)));
          });
  await_end(self, work);
}

caf::behavior watch(request_self self, const work_ptr& work) {
  return {
      [self, work](const run_event_ptr& event) { on_event(self, *work, *event); },
      [self, work](const answer_is_lost& lost) {
        if (lost.why != net::answer_lost::server_stopped)
          abort_run(self, *work);
        self->quit();
      },
      [self, work](const await_run_again&) { await_end(self, work); },
  };
}

/// Bytes that came over the network bound the memory that inputs in hand may take.
std::uint32_t places_of(const net::http_request& request) {
  return static_cast<std::uint32_t>(1 + request.body.size() / input_bytes_per_place);
}

api_result<completion_request> read(const http_call& call, completion_api api,
                                    const config::settings& settings) {
  TR_TRY(const auto body, parse_body(call.request.body));
  if (api == completion_api::chat)
    return read_chat_request(body, call.request.headers, settings);
  return read_responses_request(body, call.request.headers, settings);
}

std::unique_ptr<answer_writer> make_writer(const completion_work& work, completion_api api) {
  const auto created_s = work.shared->context().time->now_wall_ms() / 1000;
  if (api == completion_api::chat)
    return std::make_unique<chat_answer>(
        chat_answer::facts{.id = work.run_id,
                           .model = work.request.model,
                           .created_s = created_s,
                           .include_usage = work.request.include_usage});
  return std::make_unique<responses_answer>(
      responses_answer::facts{.id = work.run_id,
                              .message_id = "msg_" + random_uuid(),
                              .model = work.request.model,
                              .created_s = created_s});
}

/// In the keys of conversations.
std::string_view name_of(completion_api api) {
  return api == completion_api::chat ? "openai" : "openresponses";
}

caf::behavior refuse(const http_call& call, const api_error& why) {
  call.responder.send(to_response(why));
  return {};
}

} // namespace

caf::behavior completion(request_self self, gateway_shared_ptr shared,
                         std::shared_ptr<http_call> call, completion_api api) {
  const auto& context = shared->context();
  auto asked = read(*call, api, *shared->settings());
  if (!asked)
    return refuse(*call, asked.error());
  const auto id = random_uuid();
  auto chosen = choose_conversation(asked.value().target, asked.value().previous_response,
                                    name_of(api), id, *context.log);
  if (!chosen)
    return refuse(*call, chosen.error());
  auto place = context.inputs->take(places_of(call->request));
  if (!place)
    return refuse(*call,
                  {503, "the gateway has too many inputs in hand; retry shortly", "api_error"});
  call->request.body = {};
  auto work = std::make_shared<completion_work>();
  work->request = std::move(asked.value());
  work->run_id = (api == completion_api::chat ? "chatcmpl_" : "resp_") + id;
  work->key = std::move(chosen.value().key);
  work->shared = std::move(shared);
  work->writer = make_writer(*work, api);
  work->call = std::move(call);
  self->state.place.enter("waiting for the answer");
  // Before the input, so that the front knows it when the run begins to speak.
  if (work->request.stream)
    self->send(work->call->front, watch_run{work->run_id, caf::actor{self}});
  auto input = input_of(*work);
  input.ephemeral = chosen.value().ephemeral;
  input.place = std::move(place);
  submit(self, work, std::move(input));
  return watch(self, work);
}

} // namespace troupe::gateway::http_api
