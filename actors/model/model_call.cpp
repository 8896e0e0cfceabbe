#include "actors/model/model_call.hpp"

#include "actors/conversation/limits.hpp"
#include "actors/conversation/run_messages.hpp"
#include "actors/model/demo/demo.hpp"
#include "actors/model/provider_api.hpp"
#include "actors/support/reply.hpp"
#include "base/log_text.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <utility>

namespace troupe {
namespace {

// From the I/O thread, by try.
struct head_came {
  std::uint64_t generation = 0;
  unsigned status = 0;
  net::header_list headers;
};
struct piece_came {
  std::uint64_t generation = 0;
  std::string bytes;
};
struct response_ended {
  std::uint64_t generation = 0;
  bool ok = false;
  error failure;
};
// Timers.
struct try_again {};
struct demo_next {
  std::shared_ptr<const model::demo::demo_plan> plan;
};

} // namespace
} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::head_came)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::piece_came)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::response_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::try_again)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::demo_next)

namespace troupe {
namespace {

using self_pointer = plain_self<model_call_state>;

/// Hands over what the I/O thread hears. Holds the actor weakly: a call of an actor that ended is
/// cancelled by its state's destructor, not kept alive by its connection.
class actor_observer final : public net::outbound_observer {
public:
  actor_observer(caf::actor_addr owner, std::uint64_t generation)
      : owner_(std::move(owner)), generation_(generation) {}
  void on_head(unsigned status, const net::header_list& headers) override {
    tell(head_came{generation_, status, headers});
  }
  void on_data(std::string_view piece) override {
    tell(piece_came{generation_, std::string{piece}});
  }
  void on_done(result<void> outcome) override {
    tell(response_ended{generation_, outcome.has_value(),
                        outcome.has_value() ? error{} : outcome.error()});
  }

private:
  template <class Message>
  void tell(Message message) {
    if (auto owner = caf::actor_cast<caf::actor>(owner_))
      caf::anon_send(owner, std::move(message));
  }
  caf::actor_addr owner_;
  std::uint64_t generation_;
};

void finish(self_pointer self, model::model_outcome outcome) {
  self->send(self->state.run,
             model_ended{std::make_shared<const model::model_outcome>(std::move(outcome))});
  self->quit();
}

/// Passes text on. False when the answer's bound is reached: the rest is not wanted.
bool pass_text(self_pointer self, const std::vector<model::model_event>& events) {
  auto& state = self->state;
  for (const auto& event : events) {
    const auto* delta = std::get_if<model::text_delta>(&event);
    if (delta == nullptr || delta->text.empty())
      continue;
    if (state.text_bytes + delta->text.size() > answer_text_bytes_max)
      return false;
    state.text_bytes += delta->text.size();
    self->send(state.run, model_text{delta->text, std::exchange(state.restart_text, false)});
  }
  return true;
}

void start_try(self_pointer self) {
  auto& state = self->state;
  const auto& provider = state.access->providers.at(state.provider);
  ++state.generation;
  state.place.enter("waiting for the provider");
  auto request = model::build_request(state.request, provider.settings, state.model);
  state.decoder = model::make_decoder(provider.settings);
  state.call = state.access->client->start(
      std::move(request),
      std::make_shared<actor_observer>(caf::actor_addr{self->address()}, state.generation));
}

void start_demo(self_pointer self) {
  const auto plan =
      std::make_shared<const model::demo::demo_plan>(model::demo::plan(self->state.request));
  self->state.place.enter("streaming");
  self->send(self, demo_next{plan});
}

void step_demo(self_pointer self, const demo_next& next) {
  auto& position = self->state.demo_position;
  if (position == next.plan->steps.size()) {
    finish(self, next.plan->result);
    return;
  }
  pass_text(self, {next.plan->steps[position].event});
  ++position;
  const auto delay = position < next.plan->steps.size() ? next.plan->steps[position].delay
                                                        : std::chrono::milliseconds{0};
  if (delay.count() > 0)
    self->delayed_send(self, delay, next);
  else
    self->send(self, next);
}

/// Without a timeout of its own: the run's limit ends the wait, and the gate bounds how many wait.
void ask_for_slot(self_pointer self) {
  const auto& provider = self->state.access->providers.at(self->state.provider);
  self->request(provider.gate, caf::infinite, take_slot{})
      .then(
          [self](slot& granted) {
            self->state.slot_held = std::move(granted.held);
            if (self->state.access->providers.at(self->state.provider).settings.api ==
                config::provider_api::demo)
              start_demo(self);
            else
              start_try(self);
          },
          [self](const caf::error& failure) {
            model::model_failure refused;
            refused.message = from_caf(failure).detail;
            refused.kind = model::failure_kind::rate_limit;
            finish(self, refused);
          });
}

void end_try(self_pointer self, const result<void>& done) {
  auto& state = self->state;
  std::vector<model::model_event> events;
  const auto now = state.access->time->now_wall_ms();
  auto outcome = state.decoder->end(done, now, events);
  pass_text(self, events);
  state.call.reset();
  const auto* failure = std::get_if<model::model_failure>(&outcome);
  if (failure == nullptr) {
    finish(self, std::move(outcome));
    return;
  }
  const auto decided =
      state.retries.on_failure(*failure, state.access->time->now_boot(), state.random);
  if (const auto* stand = std::get_if<model::give_up>(&decided)) {
    log::warn("model", "{}: {} ({})", state.place.path(), log::outside(failure->message),
              stand->why);
    finish(self, std::move(outcome));
    return;
  }
  const auto later = std::get<model::retry_later>(decided);
  state.place.enter("waiting to try again");
  state.restart_text = state.text_bytes > 0;
  state.text_bytes = 0;
  self->send(state.run,
             model_retrying{later.attempt, state.retries.retries_max(), later.delay,
                            std::string{model::to_string(failure->kind)}, failure->message});
  self->delayed_send(self, later.delay, try_again{});
}

} // namespace

model_call_state::~model_call_state() {
  if (call)
    call->cancel();
}

caf::behavior model_call(self_pointer self, model_access_ptr access,
                         const std::shared_ptr<actor_registry>& registry, std::string path,
                         std::string provider, config::model_settings model,
                         model::model_request request, caf::actor run) {
  auto& state = self->state;
  state.place = self->observe(registry, std::move(path), "model_call");
  state.access = std::move(access);
  state.provider = std::move(provider);
  state.model = std::move(model);
  state.request = std::move(request);
  state.run = std::move(run);
  self->watch_elder(state.run);
  self->set_down_handler([self](const caf::down_msg&) { self->quit(); });
  ask_for_slot(self);
  return {
      [self](const head_came& head) {
        if (head.generation == self->state.generation) {
          self->state.place.enter("streaming");
          self->state.decoder->on_head(head.status, head.headers);
        }
      },
      [self](const piece_came& piece) {
        if (piece.generation != self->state.generation)
          return;
        std::vector<model::model_event> events;
        const bool sound = self->state.decoder->on_data(piece.bytes, events);
        if (!pass_text(self, events)) {
          // The run keeps what it has: its text is the answer, cut at the bound.
          finish(self, model::model_result{.text = {},
                                           .tool_calls = {},
                                           .usage = {},
                                           .stop_reason = model::stop_reason::length,
                                           .response_id = {},
                                           .reasoning = {}});
        } else if (!sound) {
          ++self->state.generation;
          self->state.call->cancel();
          end_try(self, boost::outcome_v2::success());
        }
      },
      [self](const response_ended& end) {
        if (end.generation != self->state.generation)
          return;
        if (end.ok)
          end_try(self, boost::outcome_v2::success());
        else
          end_try(self, end.failure);
      },
      [self](const try_again&) { start_try(self); },
      [self](const demo_next& next) { step_demo(self, next); },
  };
}

} // namespace troupe
