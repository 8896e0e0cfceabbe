#include "base/log.hpp"
#include "base/poll.hpp"
#include "cluster/log/local_log.hpp"
#include "persistence/journal/lmdb_journal.hpp"
#include "tests/support/temp_dir.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <semaphore>
#include <vector>

// Closed-loop proposers over a real store: each proposes again when its last batch is committed.
// Arguments: proposers, value bytes, seconds.
namespace troupe::test {
namespace {

using bench_clock = std::chrono::steady_clock;

class waiting_leaders final : public leadership_listener {
public:
  explicit waiting_leaders(std::size_t wanted) : wanted_(wanted), terms_(wanted) {}
  void on_leading(shard_id shard, epoch term) override {
    if (shard != meta_shard)
      terms_[shard.value()] = term;
    if (++led_ == wanted_)
      all_.release();
  }
  void on_deposed(shard_id, epoch) override {}
  void wait() { all_.acquire(); }
  epoch term(shard_id shard) const { return terms_[shard.value()]; }

private:
  std::size_t wanted_;
  std::atomic<std::size_t> led_{0};
  std::vector<epoch> terms_;
  std::binary_semaphore all_{0};
};

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

long resident_kb() {
  std::ifstream statm{"/proc/self/statm"};
  long total = 0;
  long resident = 0;
  statm >> total >> resident;
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

class bench {
public:
  bench(local_log& log, const waiting_leaders& lead, std::size_t proposers, std::size_t bytes)
      : log_(log), lead_(lead), value_(bytes, 'v'), asked_(proposers) {}

  void run(double seconds) {
    const auto turns = log_.counters();
    const auto cpu = cpu_seconds();
    const auto began = bench_clock::now();
    for (std::size_t i = 0; i < asked_.size(); ++i)
      propose(i);
    auto open = asked_.size();
    while (open > 0) {
      const auto ready = take_ready();
      const auto now = bench_clock::now();
      for (const auto who : ready) {
        latency_us_.push_back(std::chrono::duration<double, std::micro>{now - asked_[who]}.count());
        if (std::chrono::duration<double>{now - began}.count() < seconds)
          propose(who);
        else
          --open;
      }
    }
    const std::chrono::duration<double> took = bench_clock::now() - began;
    report(took.count(), cpu_seconds() - cpu, turns);
  }

private:
  void propose(std::size_t who) {
    const shard_id shard{static_cast<std::uint16_t>(who % log_.shards())};
    asked_[who] = bench_clock::now();
    write_batch batch;
    batch.put("bench/" + std::to_string(who) + "/" + std::to_string(count_++ % 1000), value_);
    log_.propose(shard, lead_.term(shard), std::move(batch), [this, who](proposal_result result) {
      if (result.status != proposal_status::committed)
        std::abort();
      bool wake = false;
      {
        const std::lock_guard lock{mutex_};
        wake = ready_.empty();
        ready_.push_back(who);
      }
      if (wake)
        some_ready_.notify_one();
    });
  }

  std::vector<std::size_t> take_ready() {
    std::unique_lock lock{mutex_};
    some_ready_.wait(lock, [this] { return !ready_.empty(); });
    return std::exchange(ready_, {});
  }

  void report(double seconds, double cpu, const loop_counters& before) {
    std::sort(latency_us_.begin(), latency_us_.end());
    const auto n = latency_us_.size();
    const auto after = log_.counters();
    const auto turns = after.turns - before.turns;
    std::printf("%zu proposers x %zu B: %.0f commits/s, p50 %.2f ms, p99 %.2f ms, %.1f us CPU per "
                "proposal, %.1f per turn, %.2f ms per commit\n",
                asked_.size(), value_.size(), static_cast<double>(n) / seconds,
                latency_us_[n / 2] / 1e3, latency_us_[n * 99 / 100] / 1e3,
                cpu / static_cast<double>(n) * 1e6,
                static_cast<double>(n) / static_cast<double>(turns),
                static_cast<double>(after.commit_us_total - before.commit_us_total) /
                    static_cast<double>(turns) / 1e3);
  }

  local_log& log_;
  const waiting_leaders& lead_;
  const std::string value_;
  std::vector<bench_clock::time_point> asked_;
  std::uint64_t count_ = 0;
  std::vector<double> latency_us_;
  std::mutex mutex_;
  std::condition_variable some_ready_;
  std::vector<std::size_t> ready_; // Written by the log's thread, under `mutex_`.
};

int run(std::size_t proposers, std::size_t bytes, double seconds) {
  const temp_dir directory;
  lmdb_journal_options options;
  options.directory = directory / "store";
  auto store = open_lmdb_journal(options);
  if (!store)
    return 1;
  waiting_leaders lead{33};
  local_log log{*store.value(), system_clock(), {}};
  const auto began = bench_clock::now();
  if (!log.start(lead))
    return 1;
  lead.wait();
  std::printf("first boot to 33 leaders: %.1f ms, RSS %ld KB\n",
              std::chrono::duration<double, std::milli>{bench_clock::now() - began}.count(),
              resident_kb());
  bench{log, lead, proposers, bytes}.run(seconds);
  std::printf("RSS %ld KB\n", resident_kb());
  const auto passes = log.counters().passes;
  const auto cpu = cpu_seconds();
  poll_until(std::chrono::seconds{5}, [] { return false; });
  std::printf("idle: %.1f wakeups/s, %.2f ms CPU/s\n",
              static_cast<double>(log.counters().passes - passes) / 5,
              (cpu_seconds() - cpu) / 5 * 1e3);
  return log.stop() ? 0 : 1;
}

} // namespace
} // namespace troupe::test

int main(int count, char** arguments) {
  const auto number = [&](int at, double otherwise) {
    return count > at ? std::atof(arguments[at]) : otherwise;
  };
  static_cast<void>(troupe::log::start({troupe::log::level::warn, troupe::log::level::off, ""}));
  return troupe::test::run(static_cast<std::size_t>(number(1, 64)),
                           static_cast<std::size_t>(number(2, 300)), number(3, 5));
}
