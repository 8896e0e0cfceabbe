#include "app/cli/config_write.hpp"
#include "config/json5/reader.hpp"
#include "config/path.hpp"

#include <boost/json/object.hpp>

namespace troupe::cli {

namespace json = boost::json;

namespace {

outcome<std::vector<std::string>> steps_of(const std::string& path) {
  auto steps = config::path_steps(path);
  if (!steps || steps->empty())
    return usage("\"" + path + "\" is no path", "write it as gateway.port or a.b[0]");
  return std::move(*steps);
}

outcome<json::value> value_of(const config_set_verb& verb) {
  if (!verb.ref_source.empty()) {
    json::object reference{{"source", verb.ref_source}, {"id", verb.ref_id}};
    if (!verb.ref_provider.empty())
      reference.emplace("provider", verb.ref_provider);
    return json::value(std::move(reference));
  }
  if (!verb.has_value)
    return usage("there is no value", "troupe config set " + verb.path + " VALUE");
  auto parsed = config::json5::read(verb.value);
  if (auto* document = std::get_if<config::json5::document>(&parsed))
    return std::move(document->value);
  if (verb.strict)
    return usage("the value is not JSON5: " + std::get<config::json5::syntax_error>(parsed).message,
                 "quote text for the shell and for JSON: '\"text\"'");
  return json::value(verb.value);
}

/// The config as it is written, for a change of one place in it.
outcome<json::value> source_of(const config::load_outcome& now) {
  if (now.source)
    return *now.source;
  if (!now.where.config_exists)
    return json::value(json::object());
  return config_refused(now);
}

} // namespace

outcome<exit_status> run(const config_set_verb& verb, const verb_context& with) {
  TR_TRY(const auto steps, steps_of(verb.path));
  TR_TRY(auto value, value_of(verb));
  auto options = load_options_of(with.global, with.around);
  options.accept_unenforced = verb.accept_unenforced;
  const auto now = with.around.load_config(options);
  TR_TRY(auto next, source_of(now));
  if (!config::assign_path(next, steps, std::move(value)))
    return usage(verb.path + " leads through something that is no object",
                 "look at it with `troupe config get`");
  return write_config(with, options, now, next, verb.dry_run);
}

outcome<exit_status> run(const config_unset_verb& verb, const verb_context& with) {
  TR_TRY(const auto steps, steps_of(verb.path));
  auto options = load_options_of(with.global, with.around);
  options.accept_unenforced = verb.accept_unenforced;
  const auto now = with.around.load_config(options);
  TR_TRY(auto next, source_of(now));
  if (!config::erase_path(next, steps))
    return failure{exit_status::failed,
                   "not_found",
                   verb.path + " is not written in " + now.where.config_path,
                   "see what is with `troupe config diff` or an editor",
                   {}};
  return write_config(with, options, now, next, verb.dry_run);
}

} // namespace troupe::cli
