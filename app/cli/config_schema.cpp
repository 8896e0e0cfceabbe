#include "app/cli/verbs.hpp"

namespace troupe::cli {

outcome<exit_status> run(const config_schema_verb&, const verb_context& with) {
  const auto schema = with.around.config_schema();
  with.to.result({{"schema", schema}}, pretty(schema));
  return exit_status::ok;
}

} // namespace troupe::cli
