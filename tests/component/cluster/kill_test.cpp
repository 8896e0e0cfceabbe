#include "tests/component/cluster/log_world.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

namespace troupe::test {
namespace {

constexpr std::uint64_t proposers = 32;

/// Proposes without end and writes each number to `acknowledged` once it is committed. The process
/// is a fork of a single thread and ends by a signal.
[[noreturn]] void propose_until_killed(const std::string& directory, int acknowledged,
                                       std::uint64_t first) {
  lmdb_journal_options options;
  options.directory = directory;
  options.map_bytes = std::size_t{1} << 30;
  auto store = open_lmdb_journal(options);
  if (!store)
    ::_exit(2);
  leaders lead;
  local_log log{*store.value(), system_clock(), {}};
  if (!log.start(lead))
    ::_exit(3);
  lead.await_count(33);
  std::atomic<std::uint64_t> open{0};
  for (std::uint64_t next = first;; ++next) {
    while (open.load() >= proposers)
      std::this_thread::yield();
    ++open;
    const shard_id shard{static_cast<std::uint16_t>(next % 32)};
    log.propose(shard, lead.term(shard), one_row("k" + std::to_string(next), std::to_string(next)),
                [&open, acknowledged, next](proposal_result result) {
                  if (result.status != proposal_status::committed ||
                      ::write(acknowledged, &next, sizeof next) != sizeof next)
                    ::_exit(4);
                  --open;
                });
  }
}

/// Runs the proposers in a child, kills it after `acknowledgements` and returns all that it
/// acknowledged.
std::vector<std::uint64_t> run_and_kill(const std::string& directory, std::size_t acknowledgements,
                                        std::uint64_t first) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    propose_until_killed(directory, ends[1], first);
  }
  ::close(ends[1]);
  std::vector<std::uint64_t> acknowledged;
  std::uint64_t number = 0;
  // What the child wrote before its death is still in the pipe afterwards.
  while (::read(ends[0], &number, sizeof number) == sizeof number) {
    acknowledged.push_back(number);
    if (acknowledged.size() == acknowledgements)
      ::kill(child, SIGKILL);
  }
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  return acknowledged;
}

TEST_CASE("log: what was acknowledged outlives kill -9 under load", "[log]") {
  constexpr int kills = 5;
  constexpr std::uint64_t numbers_per_life = 1'000'000;
  random_generator random{20261125};
  const temp_dir directory;
  std::vector<std::uint64_t> acknowledged;

  for (std::uint64_t life = 0; life < kills; ++life) {
    const auto seen =
        run_and_kill(directory / "store", 50 + random.below(400), life * numbers_per_life);
    acknowledged.insert(acknowledged.end(), seen.begin(), seen.end());
  }

  auto store = open_store(directory / "store");
  leaders lead;
  local_log log{*store, system_clock(), {}};
  REQUIRE(log.start(lead));
  lead.await_count(33);
  CHECK_FALSE(log.last_stop_was_clean());
  CHECK(log.identity().boot_count == kills + 1);
  const auto rows = log.rows().snapshot();
  std::size_t lost = 0;
  for (const auto number : acknowledged) {
    const auto row =
        rows->get(shard_id{static_cast<std::uint16_t>(number % 32)}, "k" + std::to_string(number));
    REQUIRE(row);
    lost += row.value() == std::to_string(number) ? 0u : 1u;
  }
  std::printf("%d kills, %zu acknowledged, %zu lost\n", kills, acknowledged.size(), lost);
  CHECK(acknowledged.size() >= 50 * kills);
  CHECK(lost == 0);
}

} // namespace
} // namespace troupe::test
