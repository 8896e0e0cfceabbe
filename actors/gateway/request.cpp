#include "actors/gateway/request.hpp"

#include "actors/gateway/http_auth.hpp"
#include "actors/gateway/introspection.hpp"
#include "actors/gateway/probes.hpp"

namespace troupe::gateway {
namespace {

/// To itself: an answer that was held back.
struct send_held {
  std::shared_ptr<net::http_response> response;
};

std::string_view query_of(const net::http_request& request) {
  const auto target = std::string_view{request.target};
  const auto mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
}

http_refusal respond(gateway_shared& shared, const http_call& call) {
  const auto& request = call.request;
  if (!call.route->allows(request.method))
    return {method_not_allowed(std::string{call.route->methods})};
  if (auto refused = refuse_stranger(shared.settings()->gateway, request, shared.limiter(),
                                     shared.context().time->now_boot()))
    return std::move(*refused);
  auto response =
      json_response(200, actors_report(shared.context().registry->list(), query_of(request)));
  response.headers.emplace_back("Cache-Control", "no-store");
  return {std::move(response)};
}

} // namespace

} // namespace troupe::gateway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::send_held)

namespace troupe::gateway {

caf::behavior request(plain_self<request_state> self, gateway_shared_ptr shared,
                      std::shared_ptr<http_call> call) {
  self->state.place = self->observe(shared->context().registry, call->path, "request");
  auto outcome = respond(*shared, *call);
  if (outcome.delay.count() == 0) {
    call->responder.send(std::move(outcome.response));
    return {};
  }
  self->state.place.enter("held back");
  self->state.call = std::move(call);
  self->delayed_send(self, outcome.delay,
                     send_held{std::make_shared<net::http_response>(std::move(outcome.response))});
  return {
      [self](const send_held& held) {
        self->state.call->responder.send(*held.response);
        self->quit();
      },
      [self](const answer_is_lost&) { self->quit(); },
  };
}

} // namespace troupe::gateway
