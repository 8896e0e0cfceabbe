#include "config/sections/sections.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace troupe::config {
namespace {

constexpr std::int64_t port_max = 65'535;

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

std::vector<field<gateway_raw>> auth_fields() {
  return {
      placed<std::optional<auth_mode>>(
          "mode", TR_MEMBER(auth), TR_MEMBER(auth_at),
          maybe(choice<auth_mode>({{"token", auth_mode::token},
                                   {"password", auth_mode::password},
                                   {"none", auth_mode::none}},
                                  {"trusted-proxy"})),
          "How clients prove who they are; needed when both a token and a password are set."),
      key<gateway_raw>("token", TR_MEMBER(token), secret_text(),
                       "The shared token; made and stored at first start when it is not set and "
                       "only this machine can connect."),
      key<gateway_raw>("password", TR_MEMBER(password), secret_text(), "The shared password."),
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
      group<raw>("controlUi",
                 {placed<std::vector<std::string>>("allowedOrigins", TR_MEMBER(out.allowed_origins),
                                                   TR_MEMBER(origins_at), list_of(text({1, 512})),
                                                   "Origins of web pages that may connect.")},
                 ""),
      placed<std::vector<std::string>>(
          "trustedProxies", TR_MEMBER(out.trusted_proxies), TR_MEMBER(proxies_at),
          list_of(text({1, 64})), "Addresses or ranges whose forwarding headers are believed."),
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

void resolve_gateway(reading& r, gateway_raw& raw) {
  resolve_port(r, raw);
  resolve_bind(r, raw);
  resolve_origins(r, raw);
  for (std::size_t i = 0; i < raw.out.trusted_proxies.size(); ++i)
    if (!is_address_or_range(raw.out.trusted_proxies[i]))
      r.fail(raw.proxies_at.element(i), "expected an IP address or a range such as 10.0.0.0/8");
  apply_variable(r, "GATEWAY_TOKEN", "gateway.auth.token", raw.token);
  apply_variable(r, "GATEWAY_PASSWORD", "gateway.auth.password", raw.password);
  resolve_auth(r, raw);
}

} // namespace troupe::config
