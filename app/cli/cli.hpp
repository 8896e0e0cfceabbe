#pragma once

#include "base/log.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

/// The command line of `troupe`. One file per verb beside this one; everything but `gateway run`
/// is a client of a running gateway or looks at the config file.
namespace troupe {

/// What `main` returns. Scripts may rely on the numbers.
enum class exit_status : std::uint8_t {
  ok = 0,
  failed = 1,        ///< The gateway refused, the run failed, the config is not accepted.
  usage = 2,         ///< The command line itself is wrong.
  unreachable = 3,   ///< No gateway answers at the address.
  unauthorized = 4,  ///< It answers, but not to this token or with these scopes.
  timed_out = 5,     ///< `--timeout` passed; the work may still go on in the gateway.
  interrupted = 130, ///< Ctrl-C.
};

/// What `troupe gateway run` was told. Empty or unset: the config decides.
struct gateway_run_options {
  std::string state_dir;
  std::string config_path;
  std::optional<std::uint16_t> port;
  std::string bind; ///< "loopback", "lan" or an IP address.
  std::vector<std::string> accept_unenforced;
  std::optional<log::level> log_level; ///< Of the console.
  bool quiet = false;                  ///< No banner; the log says what there is to say.
  bool json = false;                   ///< The banner as one JSON object.
};

/// What the composition root provides.
struct cli_hooks {
  /// Runs the gateway until it is told to stop; its value is the process's exit status.
  std::function<int(const gateway_run_options&)> gateway_run;
};

/// Parses, runs the verb, prints, and says how it went: an `exit_status`.
/// Blocks until the verb is done. Thread: main, once.
int run_cli(int argc, char** argv, const cli_hooks& hooks);

} // namespace troupe
