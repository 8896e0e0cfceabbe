#include "config/sections/sections.hpp"
#include "config/source/paths.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace troupe::config {
namespace {

constexpr std::int64_t port_max = 65'535;
constexpr std::int64_t attempts_most = 10'000;
constexpr std::int64_t period_ms_max = 86'400'000;

const std::vector<std::string>& scope_names() {
  static const std::vector<std::string> names{
      "operator.read",          "operator.write",         "operator.admin", "operator.approvals",
      "operator.questions",     "operator.pairing",       "operator.talk",  "operator.talk.secrets",
      "operator.sessions.read", "operator.sessions.write"};
  return names;
}

kind<std::chrono::milliseconds> period() {
  return {[](reading& r, const cursor& at, std::chrono::milliseconds& out) {
            std::int64_t value = 0;
            if (read_whole(r, at, 1, period_ms_max, value))
              out = std::chrono::milliseconds{value};
          },
          [](const std::chrono::milliseconds& value) {
            return boost::json::value(static_cast<std::int64_t>(value.count()));
          },
          [] { return whole_schema(1, period_ms_max); }};
}

/// A value that is read into `get`, and its place into `place`.
template <class V, class Get, class Place>
field<gateway_raw> placed(std::string_view name, Get get, Place place, kind<V> of,
                          std::string_view description) {
  auto out = key<gateway_raw>(name, get, std::move(of), description);
  out.read = [place, read = std::move(out.read)](reading& r, const cursor& at, gateway_raw& raw) {
    place(raw) = at;
    read(r, at, raw);
  };
  return out;
}

std::vector<field<gateway_raw>> trusted_proxy_fields() {
  using raw = gateway_raw;
  return {
      placed<std::string>("userHeader", TR_MEMBER(out.auth.proxy.user_header),
                          TR_MEMBER(user_header_at), text({1, 256}),
                          "The header in which a trusted proxy names the user."),
      key<raw>("requiredHeaders", TR_MEMBER(out.auth.proxy.required_headers),
               list_of(text({1, 256})), "Headers without which a proxy is not believed."),
      key<raw>("allowUsers", TR_MEMBER(out.auth.proxy.allow_users), list_of(text({1, 256})),
               "Users that may connect; empty: all that the proxy lets through."),
      key<raw>("allowLoopback", TR_MEMBER(out.auth.proxy.allow_loopback), boolean(),
               "The proxy may run on this machine."),
      group<raw>("deviceAutoApprove",
                 {key<raw>("enabled", TR_MEMBER(out.auth.proxy.approve_devices), boolean(),
                           "Devices of users that a proxy names need no approval."),
                  key<raw>("scopes", TR_MEMBER(out.auth.proxy.approve_scopes),
                           list_of(word(scope_names())),
                           "What such a device may do at most without being approved.")},
                 ""),
  };
}

std::vector<field<gateway_raw>> rate_limit_fields() {
  using raw = gateway_raw;
  return {
      key<raw>("maxAttempts", TR_MEMBER(out.auth.rate_limit.attempts_max),
               whole<unsigned>(1, attempts_most),
               "Failed attempts of one address after which it is locked out."),
      key<raw>("windowMs", TR_MEMBER(out.auth.rate_limit.window), period(),
               "How long a failed attempt counts."),
      key<raw>("lockoutMs", TR_MEMBER(out.auth.rate_limit.lockout), period(),
               "How long an address is locked out."),
      key<raw>("exemptLoopback", TR_MEMBER(out.auth.rate_limit.exempt_loopback), boolean(),
               "This machine itself is slowed down, but not locked out."),
  };
}

std::vector<field<gateway_raw>> auth_fields() {
  return {
      placed<std::optional<auth_mode>>(
          "mode", TR_MEMBER(auth), TR_MEMBER(auth_at),
          maybe(choice<auth_mode>({{"token", auth_mode::token},
                                   {"password", auth_mode::password},
                                   {"none", auth_mode::none},
                                   {"trusted-proxy", auth_mode::trusted_proxy}})),
          "How clients prove who they are; needed when both a token and a password are set."),
      key<gateway_raw>("token", TR_MEMBER(token), secret_text(),
                       "The shared token; made and stored at first start when it is not set and "
                       "only this machine can connect."),
      key<gateway_raw>("password", TR_MEMBER(password), secret_text(), "The shared password."),
      group<gateway_raw>("trustedProxy", trusted_proxy_fields(), ""),
      key<gateway_raw>("identityScopes", TR_MEMBER(out.auth.identity_scopes),
                       maybe(map_of(list_of(word(scope_names())))),
                       "What each user that a trusted proxy names may do at most; one who is not "
                       "listed may do nothing."),
      group<gateway_raw>("rateLimit", rate_limit_fields(), ""),
  };
}

std::vector<field<gateway_raw>> endpoint_groups() {
  using raw = gateway_raw;
  return {
      group<raw>("chatCompletions",
                 {key<raw>("enabled", TR_MEMBER(out.http.chat_completions), boolean(),
                           "POST /v1/chat/completions, and GET /v1/models.")},
                 ""),
      group<raw>("responses",
                 {key<raw>("enabled", TR_MEMBER(out.http.responses), boolean(),
                           "POST /v1/responses, and GET /v1/models.")},
                 ""),
  };
}

std::vector<field<gateway_raw>> control_ui_fields() {
  using raw = gateway_raw;
  const auto colors =
      word({"teal", "amber", "purple", "coral", "pink", "blue", "green", "red", "gray"});
  return {
      placed<std::vector<std::string>>("allowedOrigins", TR_MEMBER(out.allowed_origins),
                                       TR_MEMBER(origins_at), list_of(text({1, 512})),
                                       "Origins of web pages that may connect."),
      key<raw>("enabled", TR_MEMBER(out.control_ui.enabled), boolean(),
               "The gateway serves a web page."),
      key<raw>(
          "root", TR_MEMBER(out.control_ui.root), text({1, 4096}),
          "The folder of an installed Control UI bundle; without it the gateway serves a small "
          "page of its own."),
      placed<std::string>("basePath", TR_MEMBER(out.control_ui.base_path), TR_MEMBER(base_path_at),
                          text({0, 256}), "Where the page lies: \"/openclaw\"."),
      key<raw>("embedSandbox", TR_MEMBER(out.control_ui.embed_sandbox),
               word({"scripts", "strict", "trusted"}),
               "What the Control UI lets embedded documents do."),
      key<raw>("allowExternalEmbedUrls", TR_MEMBER(out.control_ui.allow_external_embeds), boolean(),
               "The Control UI may embed documents of other servers."),
      key<raw>("automaticallyFetchFavicons", TR_MEMBER(out.control_ui.fetch_favicons), boolean(),
               "The Control UI shows the icons of linked sites."),
      key<raw>("communityInvite", TR_MEMBER(out.control_ui.community_invite), boolean(),
               "The Control UI invites to OpenClaw's community."),
      group<raw>("environment",
                 {key<raw>("label", TR_MEMBER(out.control_ui.environment_label), text({1, 24}),
                           "What the Control UI calls this installation: \"staging\"."),
                  key<raw>("color", TR_MEMBER(out.control_ui.environment_color), colors,
                           "The colour of that label.")},
                 ""),
  };
}

/// Address families that inet_pton knows, and the longest prefix of each.
int prefix_bits(const std::string& address) {
  in6_addr ignored{};
  if (::inet_pton(AF_INET, address.c_str(), &ignored) == 1)
    return 32;
  return ::inet_pton(AF_INET6, address.c_str(), &ignored) == 1 ? 128 : 0;
}

bool is_address_or_range(const std::string& text) {
  const auto slash = text.find('/');
  const int bits = prefix_bits(text.substr(0, slash));
  if (bits == 0 || slash == std::string::npos)
    return bits != 0;
  int prefix = -1;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + slash + 1, end, prefix);
  return parsed.ec == std::errc{} && parsed.ptr == end && prefix >= 0 && prefix <= bits;
}

/// `https://Host:1/` -> `https://host:1`; nothing when it is no origin.
std::optional<std::string> as_origin(std::string text) {
  const auto scheme = text.find("://");
  if (scheme == std::string::npos || scheme == 0)
    return std::nullopt;
  if (text.ends_with('/') && text.size() > scheme + 3)
    text.pop_back();
  const auto authority = std::string_view(text).substr(scheme + 3);
  if (authority.empty() || authority.find_first_of("/@?# \t*") != std::string_view::npos)
    return std::nullopt;
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

void resolve_origins(reading& r, gateway_raw& raw) {
  for (std::size_t i = 0; i < raw.out.allowed_origins.size(); ++i) {
    auto& origin = raw.out.allowed_origins[i];
    if (origin == "*") {
      r.warn(raw.origins_at.element(i), "every web page may open the gateway");
      continue;
    }
    if (auto normal = as_origin(origin))
      origin = std::move(*normal);
    else
      r.fail(raw.origins_at.element(i),
             "expected an origin: scheme://host or scheme://host:port, without a path");
  }
}

/// "/x/y" of names that stand for themselves in an address, in HTML and in a policy.
bool is_base_path(std::string_view path) {
  constexpr std::string_view marks = "-._~";
  bool empty = true;
  for (const char c : path.substr(1)) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!word && marks.find(c) == std::string_view::npos && c != '/')
      return false;
    if (empty && (c == '/' || c == '.'))
      return false;
    empty = c == '/';
  }
  return !empty;
}

void resolve_control_ui(reading& r, gateway_raw& raw, const surroundings& around) {
  auto& ui = raw.out.control_ui;
  if (!ui.root.empty())
    ui.root = absolute_path(ui.root, around.home, around.working_dir);
  auto& base = ui.base_path;
  if (base.ends_with('/'))
    base.pop_back();
  if (!base.empty() && !base.starts_with('/'))
    base.insert(0, 1, '/');
  if (!base.empty() && !is_base_path(base))
    r.fail(raw.base_path_at, "expected a path such as \"/openclaw\": letters, digits and -._~ "
                             "between slashes");
}

void resolve_port(reading& r, gateway_raw& raw) {
  const auto variable = r.variables().ours("GATEWAY_PORT");
  if (!variable)
    return;
  std::int64_t port = 0;
  const auto* end = variable->value.data() + variable->value.size();
  const auto parsed = std::from_chars(variable->value.data(), end, port);
  if (parsed.ec != std::errc{} || parsed.ptr != end || port < 1 || port > port_max)
    return r.fail_setting("gateway.port",
                          fmt::format("the variable {} must be an integer from 1 to "
                                      "{}",
                                      variable->name, port_max));
  raw.out.port = static_cast<std::uint16_t>(port);
}

void apply_variable(reading& r, std::string_view suffix, std::string path,
                    configured_secret& credential) {
  auto variable = r.variables().ours(suffix);
  if (!variable)
    return;
  if (!is_usable_secret(variable->value))
    return r.fail_setting(std::move(path),
                          fmt::format("the variable {} has blanks around it or control characters "
                                      "in it",
                                      variable->name));
  credential.present = true;
  credential.refused = false;
  credential.unresolved.clear();
  credential.value = secret(std::move(variable->value));
}

auth_mode chosen_mode(reading& r, const gateway_raw& raw) {
  if (raw.auth)
    return *raw.auth;
  if (raw.token.present && raw.password.present)
    r.fail_setting("gateway.auth.mode",
                   "a token and a password are both set; say which one counts: "
                   "\"token\" or \"password\"");
  return raw.password.present && !raw.token.present ? auth_mode::password : auth_mode::token;
}

void make_lower(std::string& text) {
  for (auto& c : text)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
}

/// A proxy must be known by its address and name the user; else anybody could.
void resolve_trusted_proxy(reading& r, gateway_raw& raw) {
  auto& proxy = raw.out.auth.proxy;
  make_lower(proxy.user_header);
  for (auto& name : proxy.required_headers)
    make_lower(name);
  if (raw.out.auth.mode != auth_mode::trusted_proxy)
    return;
  if (proxy.user_header.empty())
    r.fail_setting("gateway.auth.trustedProxy.userHeader",
                   "is needed by gateway.auth.mode \"trusted-proxy\" and not set");
  if (raw.out.trusted_proxies.empty())
    r.fail_setting("gateway.trustedProxies",
                   "is needed by gateway.auth.mode \"trusted-proxy\": the addresses of the proxy");
}

/// Fails when `credential` is needed and has no value.
void need(reading& r, const configured_secret& credential, std::string path) {
  if (credential.refused)
    return;
  if (!credential.present)
    r.fail_setting(path, fmt::format("is needed by gateway.auth.mode and not set"));
  else if (!credential.unresolved.empty() && credential.at.value)
    r.fail(credential.at, credential.unresolved);
  else if (!credential.unresolved.empty())
    r.fail_setting(path, credential.unresolved);
  else if (credential.value.empty() && credential.at.value)
    r.fail(credential.at, "is empty");
}

/// Fail closed: whoever can reach the gateway from outside must prove who they are.
void resolve_auth(reading& r, gateway_raw& raw) {
  auto& auth = raw.out.auth;
  auth.mode = chosen_mode(r, raw);
  auth.mode_configured = raw.auth.has_value();
  auth.token = raw.token.value;
  auth.password = raw.password.value;
  if (auth.mode == auth_mode::password)
    return need(r, raw.password, "gateway.auth.password");
  if (auth.mode == auth_mode::token && raw.token.present)
    return need(r, raw.token, "gateway.auth.token");
  if (auth.mode == auth_mode::trusted_proxy)
    return;
  if (raw.out.loopback_only())
    return;
  const auto message =
      auth.mode == auth_mode::none
          ? "other machines can reach the gateway, but gateway.auth.mode is \"none\"; set a token, "
            "or bind to \"loopback\""
          : "other machines can reach the gateway, but no token is set; set gateway.auth.token or "
            "TROUPE_GATEWAY_TOKEN, or bind to \"loopback\"";
  r.fail(raw.bind_at, message);
}

void resolve_bind(reading& r, gateway_raw& raw) {
  const bool custom = raw.out.bind == bind_mode::custom;
  if (custom && raw.out.custom_bind_host.empty())
    r.fail(raw.bind_at, "\"custom\" needs gateway.customBindHost");
  else if (custom && prefix_bits(raw.out.custom_bind_host) == 0)
    r.fail(raw.host_at, "expected an IP address");
}

} // namespace

kind<gateway_raw> gateway_section() {
  using raw = gateway_raw;
  return object<raw>({
      key<raw>("mode", TR_MEMBER(mode), word({"local"}, {"remote"}),
               "This process is the gateway; connecting to another one is a client's business."),
      key<raw>("port", TR_MEMBER(out.port), whole<std::uint16_t>(1, port_max),
               "The one port for WebSocket, HTTP and the control page."),
      placed<bind_mode>("bind", TR_MEMBER(out.bind), TR_MEMBER(bind_at),
                        choice<bind_mode>({{"loopback", bind_mode::loopback},
                                           {"lan", bind_mode::lan},
                                           {"custom", bind_mode::custom}},
                                          {"auto", "tailnet"}),
                        "Who can reach the port: this machine, everyone, or one address."),
      placed<std::string>("customBindHost", TR_MEMBER(out.custom_bind_host), TR_MEMBER(host_at),
                          text({1, 64}), "The IP address for bind \"custom\"."),
      group<raw>("auth", auth_fields(), ""),
      group<raw>("controlUi", control_ui_fields(), ""),
      placed<std::vector<std::string>>(
          "trustedProxies", TR_MEMBER(out.trusted_proxies), TR_MEMBER(proxies_at),
          list_of(text({1, 64})), "Addresses or ranges whose forwarding headers are believed."),
      group<raw>("nodes",
                 {group<raw>("pairing",
                             {key<raw>("autoApproveLocal", TR_MEMBER(out.approve_local_devices),
                                       boolean(), "Devices of this machine need no approval.")},
                             "")},
                 ""),
      group<raw>("http", {group<raw>("endpoints", endpoint_groups(), "")}, ""),
      group<raw>("reload",
                 {key<raw>("mode", TR_MEMBER(out.reload),
                           choice<reload_mode>({{"hybrid", reload_mode::hybrid},
                                                {"hot", reload_mode::hot},
                                                {"restart", reload_mode::restart},
                                                {"off", reload_mode::off}}),
                           "What an edit of this file does: what can be is put into force at once; "
                           "with \"restart\" the gateway also stops for its supervisor when it has "
                           "to; \"off\": nothing.")},
                 ""),
  });
}

void resolve_gateway(reading& r, gateway_raw& raw, const surroundings& around) {
  resolve_port(r, raw);
  resolve_control_ui(r, raw, around);
  resolve_bind(r, raw);
  resolve_origins(r, raw);
  for (std::size_t i = 0; i < raw.out.trusted_proxies.size(); ++i)
    if (!is_address_or_range(raw.out.trusted_proxies[i]))
      r.fail(raw.proxies_at.element(i), "expected an IP address or a range such as 10.0.0.0/8");
  apply_variable(r, "GATEWAY_TOKEN", "gateway.auth.token", raw.token);
  apply_variable(r, "GATEWAY_PASSWORD", "gateway.auth.password", raw.password);
  resolve_auth(r, raw);
  resolve_trusted_proxy(r, raw);
}

} // namespace troupe::config
