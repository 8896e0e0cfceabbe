#include "app/cli/interrupt.hpp"
#include "app/cli/json_view.hpp"
#include "app/cli/one_call.hpp"

#include <boost/json/parse.hpp>

#include <array>

namespace troupe::cli {

namespace json = boost::json;

namespace {

constexpr std::chrono::seconds between_looks{1};
/// Lines of one look while following; more come with the next.
constexpr int lines_per_look = 1'000;

/// One line of the log file for people: time, level, area, message. A line that is no JSON is shown
/// as it is.
std::string readable(const std::string& line) {
  boost::system::error_code broken;
  const auto parsed = json::parse(line, broken);
  const auto message = broken ? std::string_view{} : text_at(parsed, "message");
  if (message.empty())
    return printable(line);
  return printable(std::string{text_at(parsed, "time")} + "  " +
                   std::string{text_at(parsed, "level")} + "  " +
                   std::string{text_at(parsed, "area")} + ": " + std::string{message});
}

void print_lines(const json::value& page, const verb_context& with) {
  if (flag_at(page, "reset"))
    with.to.note("(the log file is a new one)");
  if (const auto* lines = find(page, "lines"); lines && lines->is_array())
    for (const auto& line : lines->get_array())
      if (const auto* text = line.if_string())
        with.to.line(readable(std::string{*text}));
}

outcome<json::value> look(gateway_link& link, std::int64_t cursor, unsigned limit,
                          time_point deadline) {
  json::object params{{"limit", limit}};
  if (cursor >= 0)
    params["cursor"] = cursor;
  return link.call("logs.tail", std::move(params), deadline);
}

/// Until Ctrl-C, or until the gateway goes.
outcome<exit_status> follow(gateway_link& link, std::int64_t cursor, const verb_context& with) {
  interrupt_watch interrupt{with.around.interrupts};
  const std::array watched{interrupt.descriptor()};
  auto next_look = std::chrono::steady_clock::now() + between_looks;
  while (true) {
    const auto happened = link.next(next_look, watched);
    if (std::holds_alternative<net::ws_readable>(happened))
      return exit_status::ok;
    if (const auto* closed = std::get_if<net::ws_closed>(&happened))
      return connection_lost(closed->reason);
    if (!std::holds_alternative<net::ws_quiet>(happened))
      continue; // Events of others.
    TR_TRY(const auto page,
           look(link, cursor, lines_per_look, std::chrono::steady_clock::now() + asking_default));
    print_lines(page, with);
    cursor = number_at(page, "cursor", cursor);
    next_look = std::chrono::steady_clock::now() + between_looks;
  }
}

} // namespace

outcome<exit_status> run(const logs_verb& verb, const verb_context& with) {
  if (verb.follow && with.to.json())
    return usage("--follow prints lines, --json one object",
                 "use one of them, or `troupe gateway call logs.tail`");
  const auto deadline = deadline_of(with.global, asking_default);
  TR_TRY(const auto link, open_link(with, {{"operator.read"}, false}, deadline));
  TR_TRY(const auto page, look(*link, -1, verb.limit, deadline));
  with.to.object({{"log", page}});
  print_lines(page, with);
  if (!verb.follow)
    return exit_status::ok;
  return follow(*link, number_at(page, "cursor", -1), with);
}

} // namespace troupe::cli
