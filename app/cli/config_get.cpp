#include "app/cli/target.hpp"
#include "app/cli/verbs.hpp"

namespace troupe::cli {

namespace json = boost::json;

namespace {

/// Scalars are printed as they are, so that a shell can use them.
std::string plain(const json::value& value) {
  if (const auto* text = value.if_string())
    return std::string{*text};
  return pretty(value);
}

} // namespace

outcome<exit_status> run(const config_get_verb& verb, const verb_context& with) {
  const auto loaded = with.around.load_config(load_options_of(with.global, with.around));
  if (!loaded.config)
    return config_refused(loaded);
  const auto found = config::get_effective(*loaded.config, verb.path);
  if (!found)
    return failure{exit_status::failed,
                   "not_found",
                   found.assume_error().detail,
                   "see what can be set with `troupe config schema`",
                   {}};
  const auto& value = found.assume_value();
  with.to.result({{"path", verb.path}, {"value", value}, {"file", loaded.where.config_path}},
                 plain(value));
  return exit_status::ok;
}

} // namespace troupe::cli
