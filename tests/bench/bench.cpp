#include "tests/bench/scenarios.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

/// Every number that README and docs/benchmarks.md claim, measured on the built release.
///   bench TROUPE PROVIDER_FAKE DIRECTORY [--check] [SCENARIO…]
/// Prints the table of docs/benchmarks.md; with --check exits 1 when a target is missed.
namespace {

using namespace troupe::bench;

struct scenario {
  std::string_view name;
  void (*measure)(world&, report&);
};
constexpr std::array<scenario, 7> scenarios{{
    {"start", measure_start},
    {"idle", measure_idle},
    {"handshakes", measure_handshakes},
    {"turns", measure_turns},
    {"completions", measure_completions},
    {"fanout", measure_fanout},
    {"history", measure_history},
}};

/// Of this length a sync is what the durable targets suppose.
constexpr double sync_ms_supposed = 2;

/// Of one 4 KiB append with fdatasync.
void measure_sync(const std::filesystem::path& directory, report& out) {
  const auto path = directory / "sync-probe";
  const int fd = open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0)
    give_up("cannot write to " + directory.string());
  const std::string page(4096, 'x');
  std::vector<double> times;
  for (int i = 0; i < 200; ++i) {
    const auto begun = steady::now();
    if (write(fd, page.data(), page.size()) != static_cast<ssize_t>(page.size()) ||
        fdatasync(fd) != 0)
      give_up("the disk refused a sync");
    times.push_back(milliseconds(steady::now() - begun));
  }
  close(fd);
  std::filesystem::remove(path);
  std::ranges::sort(times);
  const auto median = percentile(times, 50);
  out.set_slow_disk(median > sync_ms_supposed);
  out.add("one sync (4 KiB append, fdatasync) p50 / p99",
          fmt::format("{:.1f} / {:.1f} ms", median, percentile(times, 99)));
}

void allow_many_files() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

const scenario& scenario_named(std::string_view name) {
  const auto* const found = std::ranges::find(scenarios, name, &scenario::name);
  if (found == scenarios.end())
    give_up("there is no scenario " + std::string{name});
  return *found;
}

} // namespace

int main(int count, char** words) {
  if (count < 4)
    give_up("usage: bench TROUPE PROVIDER_FAKE DIRECTORY [--check] [SCENARIO...]");
  bool check = false;
  std::vector<scenario> wanted;
  for (int i = 4; i < count; ++i) {
    if (const std::string_view word{words[i]}; word == "--check")
      check = true;
    else
      wanted.push_back(scenario_named(word));
  }
  if (wanted.empty())
    wanted.assign(scenarios.begin(), scenarios.end());

  allow_many_files();
  world in{words[1], words[2], words[3]};
  report out;
  measure_sync(in.directory(), out);
  for (const auto& each : wanted)
    each.measure(in, out);
  const auto all_met = out.print();
  return check && !all_met ? 1 : 0;
}
