#include "actors/bridge/request_sink.hpp"

#include "actors/gateway/client.hpp"
#include "actors/gateway/control_ui/ui_target.hpp"
#include "actors/gateway/front.hpp"
#include "actors/gateway/probes.hpp"
#include "actors/gateway/request.hpp"
#include "actors/gateway/routes.hpp"
#include "base/random.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <functional>
#include <string>

namespace troupe {
namespace {

using namespace gateway;

/// Passes what one connection says on to its actor. The frame's credit travels with it.
class frame_forwarder final : public net::ws_handler {
public:
  explicit frame_forwarder(client_actor to) : to_(std::move(to)) {}

  void on_text(std::string text, net::frame_credit credit) override {
    caf::anon_send(to_, client_frame{std::move(text), std::move(credit)});
  }
  void on_closed(std::uint16_t code, std::string_view reason) override {
    caf::anon_send(to_, client_closed{code, std::string{reason}});
  }

private:
  client_actor to_;
};

/// Weak: the worker holds the responder, and that holds this.
std::function<void(net::answer_lost)> teller_of(const caf::actor& worker) {
  return [to = caf::actor_cast<caf::weak_actor_ptr>(worker)](net::answer_lost why) {
    if (const auto alive = caf::actor_cast<caf::actor>(to))
      caf::anon_send(alive, answer_is_lost{why});
  };
}

net::http_response try_later(std::string_view message) {
  json_writer out;
  out.begin_object()
      .key("error")
      .begin_object()
      .member("message", message)
      .member("type", "unavailable")
      .end_object()
      .end_object();
  auto response = json_response(503, out.take());
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

} // namespace

request_sink::request_sink(caf::actor_system& system, gateway_shared_ptr shared)
    : system_(system), shared_(std::move(shared)) {}

void request_sink::attach(front_actor front) {
  const std::scoped_lock lock{guard_};
  front_ = std::move(front);
}

void request_sink::detach() {
  const std::scoped_lock lock{guard_};
  front_ = nullptr;
}

front_actor request_sink::front() const {
  const std::scoped_lock lock{guard_};
  return front_;
}

net::body_wish request_sink::on_head(const net::http_request& head) {
  const auto settings = shared_->settings();
  return wish_for_body(find_route(head.path(), settings->gateway), settings->gateway, head,
                       shared_->limiter(), shared_->context().time->now_boot());
}

void request_sink::on_request(net::http_request request, net::http_responder responder) {
  if (auto probe = answer_probe(*shared_, request))
    return responder.send(std::move(*probe));
  const auto settings = shared_->settings();
  const auto* route = find_route(request.path(), settings->gateway);
  if (route == nullptr)
    route = control_ui::route_of(request, settings->gateway.control_ui);
  if (route == nullptr)
    return responder.send(text_response(404, "Not Found"));
  const auto supervisor = front();
  auto place = shared_->http_places().take();
  if (!supervisor || !place)
    return responder.send(try_later("the gateway is busy or stopping"));
  auto path = "/front/request/" + std::to_string(shared_->next_id());
  auto call = std::make_shared<http_call>(
      http_call{std::move(request), responder, route, supervisor, path, std::move(place)});
  const auto worker = system_.spawn(gateway::request, shared_, std::move(call));
  responder.watch({.lost = teller_of(worker), .room = {}});
  caf::anon_send(supervisor, adopt_request{worker, std::move(path)});
}

std::shared_ptr<net::ws_handler>
request_sink::on_websocket(net::ws_upgrade upgrade,
                           std::shared_ptr<net::ws_connection> connection) {
  const auto supervisor = front();
  if (!supervisor || shared_->context().status->draining.load())
    return nullptr;
  auto link = std::make_shared<client_link>();
  link->id = shared_->next_id();
  link->conn_id = random_uuid();
  link->connection = std::move(connection);
  link->from = origin_of(upgrade.headers, std::move(upgrade.peer), shared_->settings()->gateway);
  const auto client = system_.spawn(gateway::client, shared_, link, supervisor);
  caf::anon_send(supervisor, adopt_client{client, std::move(link)});
  return std::make_shared<frame_forwarder>(client);
}

} // namespace troupe
