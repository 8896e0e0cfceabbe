#include "app/run_gateway.hpp"
#include "persistence/journal/lmdb_journal.hpp"
#include "tests/e2e/crash/crash_plan.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

/// The gateway with windows in which it kills itself: crash_plan.hpp. `troupe_crashing STATE_DIR`.
namespace {

using namespace troupe;

/// Its effect in the world: one line in the ledger, on disk before it returns.
tool_output pay(const tool_context& context, std::string_view) {
  const char* ledger = std::getenv("TROUPE_CRASH_LEDGER");
  const int file = open(ledger, O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
  const auto line = context.run_id + " " + context.call_id + "\n";
  if (write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    return {"the ledger cannot be written", true};
  fsync(file);
  close(file);
  crash::plan::instance().pass(crash::window::after_tool);
  return {"paid", false};
}

} // namespace

int main(int count, char** words) {
  if (count != 2) {
    std::fputs("usage: troupe_crashing STATE_DIR\n", stderr);
    return 2;
  }
  static_cast<void>(crash::plan::instance());
  gateway_node::seams between;
  between.open_journal = [](const std::string& directory) -> result<std::unique_ptr<journal>> {
    std::filesystem::create_directories(directory);
    crash::plan::instance().watch_store(directory);
    TR_TRY(auto inner, open_lmdb_journal({.directory = directory}));
    return crash::crashing_journal(std::move(inner));
  };
  between.decorate_log = crash::crashing_log;
  between.add_tools = [](tool_catalog& tools) {
    tools.add({.name = "pay",
               .description = "Pays. Never twice.",
               .schema = R"({"type":"object"})",
               .effect = effect_class::once,
               .run = pay});
  };
  gateway_run_options options;
  options.state_dir = words[1];
  options.config_path = std::string{words[1]} + "/troupe.json";
  options.port = 0;
  options.quiet = true;
  return run_gateway(options, "crashing", between);
}
