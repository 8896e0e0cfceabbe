#pragma once

#include "config/load.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What a changed config does to a running gateway. Pure: looks at no file and changes nothing but
/// its arguments. Source: features section 1, "Hot reload" and "What is hot".
namespace troupe::config {

enum class reload_kind : std::uint8_t {
  none,    ///< Nothing depends on it.
  hot,     ///< In force at once: for new runs, requests and connections.
  restart, ///< In force after a restart; until then the old value stays.
};
std::string_view to_string(reload_kind kind);

/// Everything at or below `prefix`, unless a longer prefix says otherwise.
struct reload_rule {
  std::string_view prefix;
  reload_kind kind;
};
/// The table, one group of rows per section; what no row covers needs a restart.
std::span<const reload_rule> reload_rules();
reload_kind reload_kind_of(std::string_view path);

/// The paths at which two configs differ, in the order of the keys, without a repetition. Objects
/// are looked into, also where only one side has them; an array counts as one value.
std::vector<std::string> changed_paths(const boost::json::value& before,
                                       const boost::json::value& after);
/// As above for two loaded configs: what is written, what follows from it together with the
/// environment, and secrets, which show by their paths only.
std::vector<std::string> changed_paths(const loaded& before, const loaded& after);

struct reload_plan {
  std::vector<std::string> none;
  std::vector<std::string> hot;
  std::vector<std::string> restart;
  bool empty() const { return none.empty() && hot.empty() && restart.empty(); }
};
/// Sorts what changed by what follows from it. Known keys that are not built count as `none`, and
/// so do the paths of `decided`: those that the command line decides.
reload_plan plan_reload(const loaded& before, const loaded& after,
                        const std::vector<std::string>& decided = {});

/// Where a provider's secret has no value any more although the config says the same about the
/// provider as before (a file that is being replaced, a variable that is gone), the old value goes
/// on, with a warning. Source: features section 1, "Secret runtime model".
void keep_stale_secrets(const loaded& before, loaded& next);

/// Gives `next` the values of `running` for everything that needs a restart, so that it can go into
/// force: its `values`, and its `effective` for the paths of `pending`.
void keep_running(const loaded& running, const std::vector<std::string>& pending, loaded& next);

} // namespace troupe::config
