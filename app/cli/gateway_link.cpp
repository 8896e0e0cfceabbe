#include "app/cli/gateway_link.hpp"

#include "app/cli/json_view.hpp"
#include "base/random.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>

#include <algorithm>
#include <optional>

namespace troupe::cli {

namespace json = boost::json;

namespace {

constexpr int protocol_version = 4;
constexpr int protocol_version_probe_min = 3;

json::object credentials(const target& to) {
  json::object auth;
  if (!to.token.empty())
    auth["token"] = to.token.reveal();
  if (!to.password.empty())
    auth["password"] = to.password.reveal();
  return auth;
}

/// protocol.md section 2, connect params. Without auth configured only `gateway-client` may come
/// without a device.
json::object connect_params(const target& to, const introduction& as) {
  const bool backend = to.no_auth && !as.probe;
  const char* const mode = as.probe ? "probe" : backend ? "backend" : "cli";
  json::object client{{"id", backend ? "gateway-client" : "cli"},
                      {"version", TROUPE_VERSION},
                      {"platform", "linux"},
                      {"mode", mode},
                      {"instanceId", random_uuid()}};
  json::object params{{"minProtocol", as.probe ? protocol_version_probe_min : protocol_version},
                      {"maxProtocol", protocol_version},
                      {"client", std::move(client)},
                      {"role", "operator"},
                      {"scopes", json::value_from(as.scopes)},
                      {"caps", json::array{}}};
  if (auto auth = credentials(to); !auth.empty())
    params["auth"] = std::move(auth);
  return params;
}

/// The frame in `text`; nothing when it is neither an answer nor an event.
std::optional<std::variant<reply, event>> parse_frame(const std::string& text,
                                                      std::int64_t& last_seq) {
  boost::system::error_code broken;
  auto frame = json::parse(text, broken);
  if (broken)
    return std::nullopt;
  const auto kind = text_at(frame, "type");
  auto* members = frame.if_object();
  const auto payload = [&]() -> json::value {
    auto* found = members->if_contains("payload");
    return found ? std::move(*found) : json::value{};
  };
  if (kind == "res")
    return reply{std::string{text_at(frame, "id")}, flag_at(frame, "ok"), payload(),
                 object_at(frame, "error")};
  if (kind != "event")
    return std::nullopt;
  event happened{std::string{text_at(frame, "event")}, payload(), false};
  if (const auto seq = number_at(frame, "seq"); seq > 0) {
    happened.missed = seq > last_seq + 1;
    last_seq = std::max(last_seq, seq);
  }
  return happened;
}

} // namespace

outcome<std::unique_ptr<gateway_link>> gateway_link::open(const target& to, const introduction& as,
                                                          time_point deadline) {
  auto options = to.options;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  const auto at_most = std::max(left, std::chrono::milliseconds{1});
  options.connect = std::min(options.connect, at_most);
  options.handshake = std::min(options.handshake, at_most);
  auto socket = net::ws_client::open(to.url, options);
  if (!socket)
    return cannot_connect(socket.assume_error(), to.url.text());
  std::unique_ptr<gateway_link> link{new gateway_link{std::move(socket.assume_value())}};
  TR_TRY(link->introduce(to, as, deadline));
  return link;
}

gateway_link::~gateway_link() {
  if (!closed_)
    socket_->close();
}

outcome<void> gateway_link::introduce(const target& to, const introduction& as,
                                      time_point deadline) {
  const auto first = next(deadline);
  const auto* challenge = std::get_if<event>(&first);
  if (!challenge || challenge->name != "connect.challenge") {
    const auto* closed = std::get_if<net::ws_closed>(&first);
    const error why{errc::timeout, closed && !closed->reason.empty()
                                       ? closed->reason
                                       : "it sends no challenge, so it is no gateway of ours"};
    return cannot_connect(why, to.url.text());
  }
  TR_TRY(hello_, call("connect", connect_params(to, as), deadline));
  if (text_at(hello_, "type") == "hello-ok")
    return boost::outcome_v2::success();
  return failure{exit_status::failed,
                 "not_a_gateway",
                 to.url.text() + " does not answer as a gateway does",
                 "check the address: another program may be listening there",
                 {}};
}

outcome<std::string> gateway_link::post(const std::string& method, json::value params) {
  auto id = std::to_string(++requests_);
  json::object request{{"type", "req"}, {"id", id}, {"method", method}};
  if (!params.is_null())
    request["params"] = std::move(params);
  if (auto sent = socket_->send(json::serialize(request)); !sent)
    return connection_lost(sent.assume_error().detail);
  return id;
}

link_happening gateway_link::next(time_point deadline, std::span<const int> watched) {
  if (held_.empty())
    return receive(deadline, watched);
  auto first = std::move(held_.front());
  held_.pop_front();
  return first;
}

link_happening gateway_link::receive(time_point deadline, std::span<const int> watched) {
  while (true) {
    auto happened = socket_->next(deadline, watched);
    if (auto* message = std::get_if<net::ws_text>(&happened)) {
      auto frame = parse_frame(message->text, last_seq_);
      if (!frame)
        continue;
      if (auto* answer = std::get_if<reply>(&*frame))
        return std::move(*answer);
      return std::move(std::get<event>(*frame));
    }
    if (auto* closed = std::get_if<net::ws_closed>(&happened)) {
      closed_ = true;
      return std::move(*closed);
    }
    if (auto* readable = std::get_if<net::ws_readable>(&happened))
      return *readable;
    return net::ws_quiet{};
  }
}

void gateway_link::hold(event happened) {
  held_.push_back(std::move(happened));
  if (held_.size() <= held_events_max)
    return;
  held_.pop_front();
  held_.front().missed = true;
}

outcome<json::value> gateway_link::call(const std::string& method, json::value params,
                                        time_point deadline) {
  TR_TRY(const auto id, post(method, std::move(params)));
  return answer_to(id, method, deadline);
}

outcome<json::value> gateway_link::answer_to(const std::string& id, const std::string& method,
                                             time_point deadline) {
  while (true) {
    auto happened = receive(deadline, {});
    if (auto* answer = std::get_if<reply>(&happened); answer && answer->id == id) {
      if (!answer->ok)
        return refused(method, answer->error);
      return std::move(answer->payload);
    }
    if (auto* seen = std::get_if<event>(&happened))
      hold(std::move(*seen));
    else if (const auto* closed = std::get_if<net::ws_closed>(&happened))
      return connection_lost(closed->reason);
    else if (std::holds_alternative<net::ws_quiet>(happened))
      return timed_out("the gateway did not answer " + method + " in time",
                       "give it longer with --timeout, or look at `troupe gateway status`");
  }
}

} // namespace troupe::cli
