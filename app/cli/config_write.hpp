#pragma once

#include "app/cli/target.hpp"
#include "app/cli/verbs.hpp"
#include "config/edit/change.hpp"

/// What the verbs that change the config file share.
namespace troupe::cli {

/// Checks and, unless `dry_run`, writes the config `next` in the place of `now`; prints what
/// changed and what a running gateway does about it. `loaded_by`: the options that `now` comes
/// from.
outcome<exit_status> write_config(const verb_context& with, const config::load_options& loaded_by,
                                  const config::load_outcome& now, const boost::json::value& next,
                                  bool dry_run);

/// The change is not acceptable; the first finding, and how many more.
failure change_refused(const config::refused_change& why);
/// The file could not be written.
failure not_written(const error& why);

} // namespace troupe::cli
