#include "app/cli/config_write.hpp"

#include "config/reload.hpp"

#include <boost/json/value_from.hpp>

namespace troupe::cli {

namespace json = boost::json;

namespace {

json::array effects(const std::vector<std::string>& paths) {
  json::array out;
  for (const auto& path : paths)
    out.push_back({{"path", path}, {"reload", config::to_string(config::reload_kind_of(path))}});
  return out;
}

std::string effect_text(config::reload_kind kind) {
  switch (kind) {
  case config::reload_kind::none:
    return "no effect";
  case config::reload_kind::hot:
    return "a running gateway takes it at once";
  case config::reload_kind::restart:
    break;
  }
  return "in force after a restart";
}

} // namespace

failure change_refused(const config::refused_change& why) {
  std::string message = "the change is not accepted: " + why.findings.front().text();
  if (why.findings.size() > 1)
    message += " (and " + std::to_string(why.findings.size() - 1) + " more)";
  return {exit_status::failed,
          "invalid_config",
          std::move(message),
          "nothing was written; see what can be set with `troupe config schema`",
          {}};
}

failure not_written(const error& why) {
  const bool again = why.code == errc::cancelled;
  return {exit_status::failed,
          again ? "config_changed" : "not_written",
          why.detail,
          again ? "run the command again" : "the file is as it was; mend what the message names",
          {}};
}

outcome<exit_status> write_config(const verb_context& with, const config::load_options& loaded_by,
                                  const config::load_outcome& now, const json::value& next,
                                  bool dry_run) {
  auto planned = config::plan_change(loaded_by, now, next);
  if (const auto* refused = std::get_if<config::refused_change>(&planned))
    return change_refused(*refused);
  const auto& change = std::get<config::planned_change>(planned);
  const bool written = !dry_run && !change.changed.empty();
  if (written)
    if (const auto done = config::write_change(change); !done)
      return not_written(done.assume_error());
  with.to.object(
      {{"file", change.path},
       {"changed", effects(change.changed)},
       {"written", written},
       {"backup", written && change.before ? json::value(change.path + ".bak") : json::value()}});
  for (const auto& path : change.changed)
    with.to.line((path.empty() ? "the whole config" : path) + ": " +
                 effect_text(config::reload_kind_of(path)));
  if (change.changed.empty())
    with.to.line("nothing changed");
  else
    with.to.line((written ? "written: " : "would be written: ") + change.path);
  return exit_status::ok;
}

} // namespace troupe::cli
