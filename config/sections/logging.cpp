#include "config/sections/sections.hpp"
#include "config/source/paths.hpp"

namespace troupe::config {
namespace {

kind<log::level> level() {
  return choice<log::level>({{"trace", log::level::trace},
                             {"debug", log::level::debug},
                             {"info", log::level::info},
                             {"warn", log::level::warn},
                             {"error", log::level::error},
                             {"fatal", log::level::error},
                             {"silent", log::level::off}});
}

} // namespace

kind<logging_settings> logging_section() {
  return object<logging_settings>({
      key<logging_settings>("level", TR_MEMBER(level), level(), "What goes to the log file."),
      key<logging_settings>("consoleLevel", TR_MEMBER(console_level), level(),
                            "What goes to standard error."),
      key<logging_settings>("file", TR_MEMBER(file), text({1, 4096}),
                            "The log file; logs/troupe.log in the state directory if not set."),
  });
}

void resolve_logging(logging_settings& settings, const surroundings& around) {
  settings.file = settings.file.empty()
                      ? around.state_dir + "/logs/troupe.log"
                      : absolute_path(settings.file, around.home, around.working_dir);
}

} // namespace troupe::config
