#include "actors/gateway/introspection.hpp"

#include "actors/gateway/json_writer.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace troupe::gateway {
namespace {

constexpr std::size_t top_max = 100'000;

int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const auto low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

/// The value of `name` in "a=1&b=2", decoded; empty when absent.
std::string parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const auto equals = pair.find('=');
    if (pair.substr(0, equals) == name)
      return equals == std::string_view::npos ? std::string{} : decode(pair.substr(equals + 1));
  }
  return {};
}

std::uint64_t rank(const actor_info& actor, std::string_view by) {
  if (by == "inbox")
    return actor.inbox;
  if (by == "handled")
    return actor.handled;
  if (by == "busy")
    return actor.busy_ns;
  return actor.restarts;
}

bool is_rank(std::string_view by) {
  return by == "inbox" || by == "handled" || by == "busy" || by == "restarts";
}

void write_actor(json_writer& out, const actor_info& actor) {
  out.begin_object()
      .member("path", actor.path)
      .member("kind", actor.kind)
      .member("state", actor.state)
      .member("inbox", actor.inbox)
      .member("handled", actor.handled)
      .member("busyUs", actor.busy_ns / 1'000)
      .member("failures", actor.failures)
      .member("restarts", actor.restarts);
  out.member_if("lastError", actor.last_error).member("ageMs", actor.age.count()).end_object();
}

} // namespace

std::string actors_report(std::vector<actor_info> actors, std::string_view query) {
  const auto total = actors.size();
  const auto kind = parameter(query, "kind");
  const auto prefix = parameter(query, "prefix");
  std::erase_if(actors, [&](const actor_info& actor) {
    return (!kind.empty() && actor.kind != kind) || !actor.path.starts_with(prefix);
  });
  const auto matched = actors.size();
  if (const auto by = parameter(query, "by"); is_rank(by))
    std::ranges::stable_sort(actors, std::ranges::greater{},
                             [&](const actor_info& actor) { return rank(actor, by); });
  const auto top = parameter(query, "top");
  std::size_t shown = top_max;
  std::from_chars(top.data(), top.data() + top.size(), shown);
  actors.resize(std::min({actors.size(), shown, top_max}));

  json_writer out;
  out.begin_object().member("total", total).member("matched", matched).key("actors").begin_array();
  for (const auto& actor : actors)
    write_actor(out, actor);
  out.end_array().end_object();
  return out.take();
}

} // namespace troupe::gateway
