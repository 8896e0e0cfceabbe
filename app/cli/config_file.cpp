#include "app/cli/target.hpp"
#include "app/cli/verbs.hpp"

namespace troupe::cli {

outcome<exit_status> run(const config_file_verb&, const verb_context& with) {
  const auto loaded = with.around.load_config(load_options_of(with.global, with.around));
  if (loaded.where.config_path.empty())
    return config_refused(loaded);
  with.to.result({{"file", loaded.where.config_path}, {"exists", loaded.where.config_exists}},
                 loaded.where.config_path);
  return exit_status::ok;
}

} // namespace troupe::cli
