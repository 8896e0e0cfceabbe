#include "actors/gateway/request.hpp"

#include "actors/gateway/control_ui/control_ui.hpp"
#include "actors/gateway/control_ui/ui_files.hpp"
#include "actors/gateway/http_api/completion.hpp"
#include "actors/gateway/http_api/models.hpp"
#include "actors/gateway/http_api/tool_invocation.hpp"
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

/// Why the call is refused whatever it asks for.
std::optional<http_refusal> refusal_of(gateway_shared& shared, const http_call& call) {
  if (!call.route->allows(call.request.method))
    return http_refusal{method_not_allowed(std::string{call.route->methods})};
  if (call.route->open)
    return std::nullopt;
  const auto settings = shared.settings();
  const bool by_page = call.route->endpoint == http_endpoint::control_ui_config;
  if (by_page && bears_device_token(settings->gateway, shared.context().log->rows(), call.request))
    return std::nullopt;
  auto refused = refuse_stranger(settings->gateway, call.request, shared.limiter(),
                                 shared.context().time->now_boot());
  if (refused && by_page)
    refused->response =
        control_ui::with_page_headers(std::move(refused->response), settings->gateway.control_ui);
  return refused;
}

net::http_response introspect(gateway_shared& shared, const http_call& call) {
  auto response =
      json_response(200, actors_report(shared.context().registry->list(), query_of(call.request)));
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

} // namespace

} // namespace troupe::gateway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::send_held)

namespace troupe::gateway {

namespace {

caf::behavior hold_back(request_self self, std::shared_ptr<http_call> call, http_refusal refusal) {
  self->state.place.enter("held back");
  self->state.call = std::move(call);
  self->delayed_send(self, refusal.delay,
                     send_held{std::make_shared<net::http_response>(std::move(refusal.response))});
  return {
      [self](const send_held& held) {
        self->state.call->responder.send(*held.response);
        self->quit();
      },
      [self](const answer_is_lost&) { self->quit(); },
  };
}

caf::behavior serve(request_self self, gateway_shared_ptr shared, std::shared_ptr<http_call> call) {
  switch (call->route->endpoint) {
  case http_endpoint::introspection:
    call->responder.send(introspect(*shared, *call));
    break;
  case http_endpoint::models:
    call->responder.send(http_api::models_response(
        call->request.path().substr(call->route->path.size()), *shared->settings()));
    break;
  case http_endpoint::chat_completions:
    return http_api::completion(self, std::move(shared), std::move(call),
                                http_api::completion_api::chat);
  case http_endpoint::responses:
    return http_api::completion(self, std::move(shared), std::move(call),
                                http_api::completion_api::responses);
  case http_endpoint::control_ui:
  case http_endpoint::control_ui_config:
    return control_ui::serve(self, shared, std::move(call));
  case http_endpoint::tools_invoke:
    return http_api::invoke_tool(self, std::move(shared), std::move(call));
  }
  return {};
}

} // namespace

caf::behavior request(request_self self, gateway_shared_ptr shared,
                      std::shared_ptr<http_call> call) {
  self->state.place = self->observe(shared->context().registry, call->path, "request");
  auto refusal = refusal_of(*shared, *call);
  if (!refusal)
    return serve(self, std::move(shared), std::move(call));
  if (refusal->delay.count() > 0)
    return hold_back(self, std::move(call), std::move(*refusal));
  call->responder.send(std::move(refusal->response));
  return {};
}

} // namespace troupe::gateway
