#include "app/cli/json_view.hpp"
#include "app/cli/one_call.hpp"

#include <algorithm>
#include <vector>

namespace troupe::cli {

namespace json = boost::json;

namespace {

using row = std::vector<std::string>;

std::string age_text(std::int64_t ms) {
  const auto s = std::max<std::int64_t>(0, ms) / 1000;
  if (s < 60)
    return std::to_string(s) + " s ago";
  if (s < 3'600)
    return std::to_string(s / 60) + " min ago";
  if (s < 86'400)
    return std::to_string(s / 3'600) + " h ago";
  return std::to_string(s / 86'400) + " d ago";
}

row row_of(const json::value& session, std::int64_t now_ms) {
  return {std::string{text_at(session, "key")}, age_text(now_ms - number_at(session, "updatedAt")),
          std::string{text_at(session, "modelProvider")} + "/" +
              std::string{text_at(session, "model")},
          std::to_string(number_at(session, "totalTokens")) + " tokens",
          flag_at(session, "hasActiveRun") ? "running" : std::string{text_at(session, "status")}};
}

/// Columns as wide as their widest entry.
std::string table(const std::vector<row>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& each : rows)
    for (std::size_t i = 0; i < each.size(); ++i) {
      widths.resize(std::max(widths.size(), each.size()));
      widths[i] = std::max(widths[i], each[i].size());
    }
  std::string out;
  for (const auto& each : rows) {
    std::string line;
    for (std::size_t i = 0; i < each.size(); ++i) {
      auto cell = printable(each[i]);
      if (i + 1 < each.size())
        cell.resize(widths[i] + 2, ' ');
      line += cell;
    }
    out += (out.empty() ? "" : "\n") + line;
  }
  return out;
}

} // namespace

outcome<exit_status> run(const sessions_verb& verb, const verb_context& with) {
  const auto deadline = deadline_of(with.global, asking_default);
  TR_TRY(const auto link, open_link(with, {{"operator.read"}, false}, deadline));
  json::object params{{"limit", verb.limit}};
  if (!verb.agent.empty())
    params["agentId"] = verb.agent;
  TR_TRY(const auto list, link->call("sessions.list", std::move(params), deadline));
  const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  std::vector<row> rows;
  if (const auto* sessions = find(list, "sessions"); sessions && sessions->is_array())
    for (const auto& session : sessions->get_array())
      rows.push_back(row_of(session, now_ms));
  with.to.result({{"list", list}}, rows.empty() ? "no sessions yet" : table(rows));
  return exit_status::ok;
}

} // namespace troupe::cli
