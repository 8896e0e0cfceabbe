#include "actors/gateway/devices/device_report.hpp"
#include "actors/gateway/devices/device_rows.hpp"
#include "actors/gateway/limits.hpp"
#include "actors/gateway/methods/method.hpp"
#include "actors/support/reply.hpp"

#include <array>

/// `device.pair.*` and `device.token.*`. Source: protocol.md section 12.
namespace troupe::gateway {
namespace {

constexpr std::int64_t id_chars_max = 128;
constexpr std::int64_t scopes_max = 32;

constexpr field required_id(std::string_view name) {
  return {.name = name, .kind = json_kind::string, .required = true, .min = 1, .max = id_chars_max};
}
constexpr auto device_field = required_id("deviceId");
constexpr auto role_field = required_id("role");

constexpr std::array<field, 1> request_params{{required_id("requestId")}};
constexpr std::array<field, 1> device_params{{
    device_field,
}};
constexpr std::array<field, 2> role_params{{
    device_field,
    role_field,
}};
constexpr std::array<field, 3> rotate_params{{
    device_field,
    role_field,
    {.name = "scopes", .kind = json_kind::array, .max = scopes_max, .items = json_kind::string},
}};

result<std::string> device_list(const row_store& store, const connected_devices& connected) {
  const device_rows rows{store};
  TR_TRY(const auto pending, rows.pairings());
  TR_TRY(const auto paired, rows.devices());
  json_writer out;
  out.begin_object().key("pending").begin_array();
  for (const auto& request : pending)
    write_pairing(out, request);
  out.end_array().key("paired").begin_array();
  for (const auto& device : paired) {
    TR_TRY(const auto tokens, rows.tokens(device.what.device_id));
    write_device(out, device, tokens,
                 [&connected](const std::string& id) { return connected.ids.contains(id); });
  }
  out.end_array().end_object();
  return out.take();
}

void serve_list(const call& request) {
  const auto self = request.self;
  const auto tell = [self, id = request.id](const connected_devices& connected) {
    const auto list = device_list(self->state.shared->context().log->rows(), connected);
    if (list)
      answer(self, id, list.value());
    else
      fail(self, id, from_failure(list.error()));
  };
  self->request(self->state.front, ask_timeout, get_connected_devices{})
      .then(tell, [self, id = request.id](const caf::error& failure) {
        fail(self, id, from_failure(from_caf(failure)));
      });
}

/// Approvals and refusals are told before they are answered. Whoever puts itself out must get its
/// answer first.
bool is_told_first(device_order::what wanted) {
  return wanted == device_order::what::approve || wanted == device_order::what::reject;
}

/// Gives an order to the writer; answered after its commit.
void order(const call& request, device_order wanted) {
  const auto self = request.self;
  const bool told_first = is_told_first(wanted.wanted);
  wanted.request_id = text_of(request.params, "requestId");
  wanted.device_id = text_of(request.params, "deviceId");
  wanted.role = text_of(request.params, "role");
  wanted.by = {.scopes = self->state.scopes,
               .device_id = self->state.device ? self->state.device->device_id : std::string{},
               .by_device_token = self->state.by_device_token};
  self->request(self->state.shared->devices(), ask_timeout, std::move(wanted))
      .then(
          [self, id = request.id, told_first](const device_receipt& receipt) {
            const auto* payload = std::get_if<std::string>(&receipt.outcome);
            if (payload && told_first)
              after_events(self, [self, id, text = *payload] { answer(self, id, text); });
            else if (payload)
              answer(self, id, *payload);
            else
              fail(self, id, std::get<protocol_error>(receipt.outcome));
          },
          [self, id = request.id](const caf::error& failure) {
            fail(self, id, from_failure(from_caf(failure)));
          });
}

void serve_approve(const call& request) {
  order(request, {.wanted = device_order::what::approve});
}
void serve_reject(const call& request) {
  order(request, {.wanted = device_order::what::reject});
}
void serve_remove(const call& request) {
  order(request, {.wanted = device_order::what::remove});
}
void serve_revoke(const call& request) {
  order(request, {.wanted = device_order::what::revoke});
}

void serve_rotate(const call& request) {
  device_order wanted{.wanted = device_order::what::rotate};
  if (const auto* scopes = request.params.if_contains("scopes"); scopes && scopes->is_array()) {
    auto& names = wanted.scopes.emplace();
    for (const auto& name : scopes->get_array())
      names.emplace_back(name.get_string());
  }
  order(request, std::move(wanted));
}

constexpr std::array<method, 6> methods{{
    {.name = "device.pair.list", .needed = scope::pairing, .params = {}, .serve = serve_list},
    {.name = "device.pair.approve",
     .needed = scope::pairing,
     .params = request_params,
     .serve = serve_approve},
    {.name = "device.pair.reject",
     .needed = scope::pairing,
     .params = request_params,
     .serve = serve_reject},
    {.name = "device.pair.remove",
     .needed = scope::pairing,
     .params = device_params,
     .serve = serve_remove},
    {.name = "device.token.rotate",
     .needed = scope::pairing,
     .params = rotate_params,
     .serve = serve_rotate},
    {.name = "device.token.revoke",
     .needed = scope::pairing,
     .params = role_params,
     .serve = serve_revoke},
}};

} // namespace

std::span<const method> device_methods() {
  return methods;
}

} // namespace troupe::gateway
