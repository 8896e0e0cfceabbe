#include "app/cli/target.hpp"
#include "app/cli/verbs.hpp"

#include <boost/json/value_from.hpp>

namespace troupe::cli {

namespace json = boost::json;

namespace {

json::array listed(const std::vector<config::finding>& findings) {
  json::array list;
  for (const auto& each : findings)
    list.push_back({{"path", each.path},
                    {"line", each.line},
                    {"column", each.column},
                    {"message", each.message}});
  return list;
}

json::object as_object(const config::load_outcome& loaded) {
  json::object told{{"ok", loaded.config.has_value()},
                    {"file", loaded.where.config_path},
                    {"exists", loaded.where.config_exists},
                    {"errors", listed(loaded.errors)}};
  if (loaded.config) {
    told["warnings"] = listed(loaded.config->warnings);
    told["noEffect"] = json::value_from(loaded.config->no_effect);
    told["unenforced"] = json::value_from(loaded.config->unenforced);
    return told;
  }
  const auto why = config_refused(loaded);
  told["error"] = {{"code", why.code}, {"message", why.message}, {"next", "mend what is listed"}};
  return told;
}

void print_accepted(const config::loaded& config, const console& to) {
  for (const auto& warning : config.warnings)
    to.line("warning: " + warning.text());
  for (const auto& key : config.no_effect)
    to.line("no effect: " + key + " is known, but not built yet; it restricts nothing");
  for (const auto& key : config.unenforced)
    to.line("not enforced: " + key + " restricts who may do what, but is accepted unenforced");
  to.line(config.where.config_path +
          (config.where.config_exists ? ": the gateway would start with it"
                                      : " does not exist: the gateway would start with defaults"));
}

} // namespace

outcome<exit_status> run(const config_validate_verb& verb, const verb_context& with) {
  auto options = load_options_of(with.global, with.around);
  if (!verb.file.empty())
    options.config_path = verb.file;
  options.accept_unenforced = verb.accept_unenforced;
  const auto loaded = with.around.load_config(options);
  with.to.object(as_object(loaded));
  if (loaded.config) {
    print_accepted(*loaded.config, with.to);
    return exit_status::ok;
  }
  for (const auto& error : loaded.errors)
    with.to.line("error: " + error.text());
  with.to.line(loaded.where.config_path + ": the gateway refuses it; mend what is listed");
  return exit_status::failed;
}

} // namespace troupe::cli
