#include "actors/gateway/connect_params.hpp"

#include "actors/gateway/schema.hpp"

#include <array>

namespace troupe::gateway {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 17> client_ids{"webchat-ui",
                                                      "openclaw-control-ui",
                                                      "openclaw-browser-copilot",
                                                      "openclaw-tui",
                                                      "webchat",
                                                      "cli",
                                                      "gateway-client",
                                                      "openclaw-macos",
                                                      "openclaw-linux",
                                                      "openclaw-ios",
                                                      "openclaw-watchos",
                                                      "openclaw-android",
                                                      "node-host",
                                                      "openclaw-worker",
                                                      "test",
                                                      "fingerprint",
                                                      "openclaw-probe"};
constexpr std::array<std::string_view, 8> client_modes{"webchat", "cli",    "ui",    "backend",
                                                       "node",    "worker", "probe", "test"};

constexpr std::array<field, 10> client_fields{{
    {.name = "id", .kind = json_kind::string, .required = true, .choices = client_ids},
    {.name = "displayName", .kind = json_kind::string, .min = 1},
    {.name = "version", .kind = json_kind::string, .required = true, .min = 1},
    {.name = "buildId", .kind = json_kind::string, .min = 1, .max = 96},
    {.name = "platform", .kind = json_kind::string, .required = true, .min = 1},
    {.name = "deviceFamily", .kind = json_kind::string, .min = 1},
    {.name = "modelIdentifier", .kind = json_kind::string, .min = 1},
    {.name = "timeZone", .kind = json_kind::string, .min = 1, .max = 64},
    {.name = "mode", .kind = json_kind::string, .required = true, .choices = client_modes},
    {.name = "instanceId", .kind = json_kind::string, .min = 1},
}};

constexpr std::array<field, 5> device_fields{{
    {.name = "id", .kind = json_kind::string, .required = true, .min = 1},
    {.name = "publicKey", .kind = json_kind::string, .required = true, .min = 1},
    {.name = "signature", .kind = json_kind::string, .required = true, .min = 1},
    {.name = "signedAt", .kind = json_kind::integer, .required = true, .min = 0},
    {.name = "nonce", .kind = json_kind::string, .required = true, .min = 1},
}};

constexpr std::array<field, 6> auth_fields{{
    {.name = "token", .kind = json_kind::string},
    {.name = "password", .kind = json_kind::string},
    {.name = "deviceToken", .kind = json_kind::string},
    {.name = "bootstrapToken", .kind = json_kind::string},
    {.name = "approvalRuntimeToken", .kind = json_kind::string},
    {.name = "agentRuntimeIdentityToken", .kind = json_kind::string},
}};

constexpr std::array<field, 16> fields{{
    {.name = "minProtocol", .kind = json_kind::integer, .required = true, .min = 1},
    {.name = "maxProtocol", .kind = json_kind::integer, .required = true, .min = 1},
    {.name = "client", .kind = json_kind::object, .required = true, .members = client_fields},
    {.name = "role", .kind = json_kind::string, .min = 1},
    {.name = "scopes", .kind = json_kind::array, .items = json_kind::string},
    {.name = "caps", .kind = json_kind::array, .items = json_kind::string},
    {.name = "commands", .kind = json_kind::array, .items = json_kind::string},
    {.name = "permissions", .kind = json_kind::object},
    {.name = "pathEnv", .kind = json_kind::string},
    {.name = "computerUse"},
    {.name = "workerRuns"},
    {.name = "modelCatalog", .kind = json_kind::object},
    {.name = "device", .kind = json_kind::object, .members = device_fields},
    {.name = "auth", .kind = json_kind::object, .members = auth_fields},
    {.name = "locale", .kind = json_kind::string},
    {.name = "userAgent", .kind = json_kind::string},
}};

void read_texts(const json::object& from, std::string_view name, std::vector<std::string>& into) {
  if (const auto* list = from.if_contains(name))
    for (const auto& item : list->get_array())
      into.emplace_back(item.get_string());
}

} // namespace

std::variant<connect_params, std::string> read_connect_params(const json::object& params) {
  const auto findings = check(params, fields, unknown_properties::refused);
  if (!findings.empty())
    return join_findings(findings);
  connect_params read;
  read.min_protocol = integer_of(params, "minProtocol", 0);
  read.max_protocol = integer_of(params, "maxProtocol", 0);
  const auto& client = params.at("client").get_object();
  read.client_id = text_of(client, "id");
  read.client_mode = text_of(client, "mode");
  read.client_version = text_of(client, "version");
  read.display_name = text_of(client, "displayName");
  read.platform = text_of(client, "platform");
  read.device_family = text_of(client, "deviceFamily");
  read.instance_id = text_of(client, "instanceId");
  if (const auto role = text_of(params, "role"); !role.empty())
    read.role = role;
  read_texts(params, "scopes", read.scopes);
  read_texts(params, "caps", read.caps);
  if (const auto* found = params.if_contains("device")) {
    const auto& device = found->get_object();
    read.device = device_claim{.id = std::string{text_of(device, "id")},
                               .public_key = std::string{text_of(device, "publicKey")},
                               .signature = std::string{text_of(device, "signature")},
                               .signed_at = integer_of(device, "signedAt", 0),
                               .nonce = std::string{text_of(device, "nonce")}};
  }
  if (const auto* found = params.if_contains("auth")) {
    const auto& auth = found->get_object();
    read.token = text_of(auth, "token");
    read.password = text_of(auth, "password");
    read.device_token = text_of(auth, "deviceToken");
    read.bootstrap_token = text_of(auth, "bootstrapToken");
  }
  return read;
}

} // namespace troupe::gateway
