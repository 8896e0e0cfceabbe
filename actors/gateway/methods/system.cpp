#include "actors/gateway/methods/method.hpp"
#include "actors/gateway/reports.hpp"

#include <array>

/// `health` and `status`. Source: protocol.md section 13.
namespace troupe::gateway {
namespace {

constexpr std::array<field, 1> health_params{{{.name = "probe", .kind = json_kind::boolean}}};

void serve_health(const call& request) {
  auto& shared = *request.self->state.shared;
  const auto report = flag_of(request.params, "probe") ? shared.refresh_health() : shared.health();
  answer(request.self, request.id, *report);
}

void serve_status(const call& request) {
  answer(request.self, request.id, status_report(request.context()));
}

constexpr std::array<method, 2> methods{{
    {.name = "health", .needed = scope::none, .params = health_params, .serve = serve_health},
    {.name = "status", .params = {}, .serve = serve_status},
}};

} // namespace

std::span<const method> system_methods() {
  return methods;
}

} // namespace troupe::gateway
