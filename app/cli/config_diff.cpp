#include "app/cli/target.hpp"
#include "app/cli/verbs.hpp"
#include "config/path.hpp"
#include "config/reload.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace troupe::cli {

namespace json = boost::json;

namespace {

/// A value in one short line; what is not there is a dash.
std::string short_text(const json::value* value) {
  constexpr std::size_t bytes_max = 60;
  if (!value)
    return "-";
  auto text = json::serialize(*value);
  if (text.size() > bytes_max) {
    text.resize(bytes_max);
    text += "...";
  }
  return printable(text);
}

const json::value* at(const json::value& root, const std::string& path) {
  const auto steps = config::path_steps(path);
  return steps ? config::find_path(root, *steps) : nullptr;
}

/// Compared as they are, shown without their secrets.
struct side {
  json::value written;
  json::value shown;
};

} // namespace

outcome<exit_status> run(const config_diff_verb& verb, const verb_context& with) {
  const auto options = load_options_of(with.global, with.around);
  const auto now = with.around.load_config(options);
  auto other = options;
  other.config_path = verb.other.empty() ? now.where.config_path + ".bak" : verb.other;
  const auto before = with.around.load_config(other);
  if (!now.source)
    return config_refused(now);
  if (!before.source || !before.where.config_exists)
    return failure{exit_status::failed,
                   "not_found",
                   "there is no readable config " + before.where.config_path + " to compare with",
                   "name another file: troupe config diff FILE",
                   {}};
  const side old{*before.source, config::redacted(*before.source)};
  const side fresh{*now.source, config::redacted(*now.source)};
  json::array told;
  std::string human;
  for (const auto& path : config::changed_paths(old.written, fresh.written)) {
    const auto* from = at(old.shown, path);
    const auto* to = at(fresh.shown, path);
    const auto kind = config::to_string(config::reload_kind_of(path));
    told.push_back({{"path", path},
                    {"before", from ? *from : json::value()},
                    {"after", to ? *to : json::value()},
                    {"reload", kind}});
    human += path + ": " + short_text(from) + " -> " + short_text(to) + "  (" + std::string(kind) +
             ")\n";
  }
  if (human.ends_with('\n'))
    human.pop_back();
  with.to.result({{"file", now.where.config_path},
                  {"other", before.where.config_path},
                  {"changed", std::move(told)}},
                 human.empty() ? "no difference" : human);
  return exit_status::ok;
}

} // namespace troupe::cli
