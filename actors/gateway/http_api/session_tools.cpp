#include "actors/gateway/http_api/session_tools.hpp"

#include "actors/gateway/history.hpp"
#include "actors/gateway/http_api/body.hpp"
#include "actors/gateway/json_writer.hpp"
#include "actors/gateway/session_key.hpp"
#include "actors/gateway/sessions.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <string>
#include <variant>

namespace troupe::gateway::http_api {
namespace {

namespace json = boost::json;

constexpr std::uint64_t sessions_default = 50;
constexpr std::uint64_t sessions_max = 200;
constexpr std::uint64_t messages_default = 50;
constexpr std::uint64_t messages_max = 200;

std::uint64_t limit_in(const json::object& arguments, std::uint64_t otherwise, std::uint64_t most) {
  const auto* wanted = member(arguments, "limit");
  if (wanted == nullptr || !wanted->is_int64() || wanted->get_int64() < 1)
    return otherwise;
  return std::min(static_cast<std::uint64_t>(wanted->get_int64()), most);
}

std::string_view kind_of(std::string_view key) {
  const auto agent = agent_of(key);
  const auto rest = agent.empty() ? key : key.substr(std::min(key.size(), agent.size() + 7));
  if (rest == "main")
    return "main";
  if (rest.starts_with("cron:"))
    return "cron";
  return rest.starts_with("hook:") ? "hook" : "other";
}

void write_session(json_writer& out, const tables::conversation_row& row,
                   const config::settings& settings) {
  const auto model = model_of(row, settings);
  out.begin_object()
      .member("key", row.key)
      .member("sessionId", row.session_id)
      .member("agentId", row.agent_id)
      .member("kind", kind_of(row.key))
      .member("channel", "unknown")
      .member("archived", row.archived_at != 0)
      .member("pinned", row.pinned_at != 0)
      .member("updatedAt", row.updated_at)
      .member("model", model.ref.model)
      .member("contextTokens", model.context_window);
  if (row.context_tokens != 0)
    out.member("totalTokens", row.context_tokens);
  out.member_if("status", row.active_run.empty() ? row.last_status : "running")
      .member("abortedLastRun", row.aborted_last_run)
      .end_object();
}

tool_output list_sessions(const gateway_context& context, const json::object& arguments) {
  const auto config = context.config.get();
  auto rows = all_conversations(*context.log);
  rows.resize(
      std::min<std::size_t>(rows.size(), limit_in(arguments, sessions_default, sessions_max)));
  json_writer out;
  out.begin_object().member("count", rows.size()).key("sessions").begin_array();
  for (const auto& row : rows)
    write_session(out, row, config->values);
  out.end_array().end_object();
  return {out.take(), false};
}

tool_output read_history(const gateway_context& context, const json::object& arguments) {
  const auto written = string_member(arguments, "sessionKey");
  if (written.empty())
    return {"sessionKey required", true};
  const auto config = context.config.get();
  const auto key = canonical_session_key(written, {}, config->values.agents);
  if (const auto* wrong = std::get_if<protocol_error>(&key))
    return {wrong->message, true};
  history_query query;
  query.key = std::get<session_key>(key).text;
  query.limit = limit_in(arguments, messages_default, messages_max);
  const auto page = json::parse(
      history_page(*context.log, config->values, query, {}, context.time->now_wall_ms()));
  json_writer out;
  out.begin_object()
      .member("sessionKey", query.key)
      .member_raw("messages", json::serialize(page.at("messages")))
      .end_object();
  return {out.take(), false};
}

} // namespace

session_tool find_session_tool(std::string_view name) {
  if (name == "sessions_list")
    return list_sessions;
  return name == "sessions_history" ? read_history : nullptr;
}

} // namespace troupe::gateway::http_api
