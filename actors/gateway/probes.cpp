#include "actors/gateway/probes.hpp"

#include "actors/gateway/http_auth.hpp"
#include "actors/gateway/json_writer.hpp"

#include <string_view>
#include <vector>

namespace troupe::gateway {
namespace {

net::http_response no_store(net::http_response response) {
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

net::http_response ready_answer(const gateway_shared& shared, bool with_details) {
  const auto& status = *shared.context().status;
  std::vector<std::string_view> failing;
  if (!status.started.load())
    failing.emplace_back("startup");
  if (status.draining.load())
    failing.emplace_back("draining");
  if (shared.context().log->pressure() != storage_pressure::none)
    failing.emplace_back("storage");
  json_writer out;
  out.begin_object().member("ready", failing.empty());
  // Whoever is told to stay away is told why; the rest is for those who may know.
  if (with_details || !failing.empty()) {
    out.key("failing").begin_array();
    for (const auto reason : failing)
      out.value(reason);
    out.end_array();
  }
  if (with_details)
    out.member("uptimeMs", shared.uptime_ms());
  out.end_object();
  return json_response(failing.empty() ? 200 : 503, out.take());
}

net::http_response startup_answer(const gateway_shared& shared) {
  const auto started = shared.context().status->started.load();
  json_writer out;
  out.begin_object()
      .member("ok", started)
      .member("status", started ? "started" : "starting")
      .member("version", shared.context().version)
      .member("uptimeMs", shared.uptime_ms())
      .end_object();
  return json_response(started ? 200 : 503, out.take());
}

} // namespace

net::http_response text_response(unsigned status, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
          .body = std::move(body)};
}

net::http_response json_response(unsigned status, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json; charset=utf-8"}},
          .body = std::move(body)};
}

net::http_response method_not_allowed(std::string allowed) {
  auto response = text_response(405, "Method Not Allowed");
  response.headers.emplace_back("Allow", std::move(allowed));
  return response;
}

std::optional<net::http_response> answer_probe(const gateway_shared& shared,
                                               const net::http_request& request) {
  const auto path = request.path();
  const auto is = [&](std::string_view name) {
    return path == name ||
           (path.size() == name.size() + 1 && path.starts_with(name) && path.back() == 'z');
  };
  const auto known = is("/health") || is("/ready") || is("/startup");
  if (!known)
    return std::nullopt;
  if (request.method != "GET" && request.method != "HEAD")
    return method_not_allowed("GET, HEAD");
  if (is("/health"))
    return no_store(json_response(200, R"({"ok":true,"status":"live"})"));
  if (is("/startup"))
    return no_store(startup_answer(shared));
  const auto settings = shared.settings();
  const auto from = origin_of(request.headers, request.peer, settings->gateway);
  const auto details = from.direct_loopback() || bears_secret(settings->gateway, from, request);
  return no_store(ready_answer(shared, details));
}

} // namespace troupe::gateway
