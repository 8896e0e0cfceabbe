#include "app/cli/verbs.hpp"

namespace troupe::cli {

outcome<exit_status> run(const version_verb&, const verb_context& with) {
  with.to.result({{"version", TROUPE_VERSION}, {"protocol", 4}},
                 "troupe " TROUPE_VERSION " (gateway protocol 4)");
  return exit_status::ok;
}

} // namespace troupe::cli
