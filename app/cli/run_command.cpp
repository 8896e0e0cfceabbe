#include "app/cli/environment.hpp"
#include "app/cli/verbs.hpp"

#include <ostream>

namespace troupe::cli {

int run_command(const std::vector<std::string>& arguments, const environment& around) {
  auto parsed = parse_command_line(arguments);
  if (!parsed)
    return console{around, wants_json(arguments)}.fail(parsed.assume_error());
  if (const auto* help = std::get_if<help_text>(&parsed.assume_value())) {
    *around.out << help->text << std::flush;
    return 0;
  }
  const auto& chosen = std::get<command>(parsed.assume_value());
  const console to{around, chosen.global.json};
  const verb_context with{around, to, chosen.global};
  const auto ended = std::visit([&](const auto& verb) { return run(verb, with); }, chosen.what);
  if (!ended)
    return to.fail(ended.assume_error());
  return static_cast<int>(ended.assume_value());
}

} // namespace troupe::cli
