#include "actors/gateway/session_key.hpp"

#include "actors/gateway/limits.hpp"

#include <algorithm>
#include <array>

namespace troupe::gateway {
namespace {

constexpr std::string_view agent_prefix = "agent:";

std::string lower(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && blank(text.back()))
    text.remove_suffix(1);
  return text;
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

session_key_or_error compose(std::string agent, std::string_view rest,
                             const config::agents_settings& agents) {
  if (agents.find(agent) == nullptr)
    return unknown_agent(agent);
  auto text = std::string{agent_prefix} + agent + ":" + std::string{rest};
  if (text.size() > session_key_bytes_max)
    return invalid_request("session key is longer than 512 characters");
  return session_key{std::move(text), std::move(agent)};
}

} // namespace

std::string_view session_key::rest() const {
  const auto whole = std::string_view{text};
  const auto begin = agent_prefix.size() + agent_id.size() + 1;
  return begin <= whole.size() ? whole.substr(begin) : std::string_view{};
}

protocol_error unknown_agent(std::string_view agent_id) {
  json_writer details;
  details.begin_object()
      .member("code", "UNKNOWN_AGENT_ID")
      .member("agentId", agent_id.empty() ? std::string_view{"(empty)"} : agent_id)
      .end_object();
  return invalid_request("unknown agent id \"" + std::string{agent_id} + "\"", details.take());
}

session_key_or_error canonical_session_key(std::string_view written, std::string_view agent_id,
                                           const config::agents_settings& agents) {
  const auto key = trim(written);
  if (key.empty())
    return invalid_request("session key is empty");
  if (key.size() > session_key_bytes_max)
    return invalid_request("session key is longer than 512 characters");
  if (has_control(key))
    return invalid_request("session key contains control characters");
  const auto wanted = lower(trim(agent_id));
  if (lower(key.substr(0, agent_prefix.size())) != agent_prefix)
    return compose(wanted.empty() ? agents.default_id : wanted, lower(key) == "main" ? "main" : key,
                   agents);

  const auto after = key.substr(agent_prefix.size());
  const auto colon = after.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == after.size())
    return invalid_request("session key must look like agent:<agentId>:<name>");
  auto named = lower(after.substr(0, colon));
  if (!wanted.empty() && wanted != named)
    return invalid_request("agentId \"" + wanted + "\" does not match the session key's agent \"" +
                           named + "\"");
  const auto rest = after.substr(colon + 1);
  return compose(std::move(named), lower(rest) == "main" ? "main" : rest, agents);
}

std::string_view agent_of(std::string_view canonical_key) {
  if (!canonical_key.starts_with(agent_prefix))
    return {};
  const auto after = canonical_key.substr(agent_prefix.size());
  return after.substr(0, after.find(':'));
}

bool is_reserved_namespace(std::string_view rest) {
  constexpr std::array<std::string_view, 3> reserved{"subagent:", "cron:", "acp:"};
  const auto text = lower(rest.substr(0, 16));
  return std::ranges::any_of(reserved,
                             [&](std::string_view prefix) { return text.starts_with(prefix); });
}

} // namespace troupe::gateway
