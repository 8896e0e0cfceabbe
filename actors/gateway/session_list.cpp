#include "actors/gateway/session_list.hpp"

#include "actors/gateway/sessions.hpp"

#include <algorithm>

namespace troupe::gateway {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool contains(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return lower(a) == lower(b); }) != text.end() ||
         part.empty();
}

bool matches(const tables::conversation_row& row, const session_list_query& query, wall_ms now) {
  constexpr wall_ms minute = 60'000;
  const auto archived = row.archived_at > 0;
  if (query.archived != archived_sessions::all &&
      archived != (query.archived == archived_sessions::only))
    return false;
  if (!query.agent_id.empty() && row.agent_id != query.agent_id)
    return false;
  if (query.active_minutes > 0 && now - row.updated_at > query.active_minutes * minute)
    return false;
  if (!query.label.empty() && row.label != query.label)
    return false;
  if (!query.spawned_by.empty() && row.parent_key != query.spawned_by)
    return false;
  return contains(row.key, query.search) || contains(row.label, query.search);
}

} // namespace

std::string session_list(const replicated_log& log, const config::loaded& config,
                         const session_list_query& query, wall_ms now, list_subscribed subscribed) {
  auto rows = all_conversations(log);
  std::erase_if(rows, [&](const auto& row) { return !matches(row, query, now); });
  const auto limit =
      query.limit == 0 ? session_list_limit_default : std::min(query.limit, session_list_limit_max);
  const auto first = std::min<std::uint64_t>(query.offset, rows.size());
  const auto last = std::min<std::uint64_t>(first + limit, rows.size());

  json_writer out;
  out.begin_object();
  if (subscribed == list_subscribed::yes)
    out.member("subscribed", true);
  out.member("ts", now)
      .member("path", config.where.state_dir + "/store")
      .member("count", last - first)
      .member("totalCount", rows.size())
      .member("limitApplied", limit);
  if (last < rows.size())
    out.member("nextOffset", last);
  else
    out.member_null("nextOffset");
  out.member("hasMore", last < rows.size()).member_raw("owners", "[]").key("defaults");
  write_session_defaults(out, config.values, query.agent_id);
  out.key("sessions").begin_array();
  for (auto i = first; i < last; ++i) {
    row_extras extras;
    if (query.with_titles || query.with_last_message)
      extras = read_extras(log, rows[i]);
    if (!query.with_titles)
      extras.derived_title.clear();
    if (!query.with_last_message)
      extras.last_message.clear();
    write_session_row(out, rows[i], config.values, now, extras);
  }
  out.end_array().end_object();
  return out.take();
}

} // namespace troupe::gateway
