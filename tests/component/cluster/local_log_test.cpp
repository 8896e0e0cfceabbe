#include "tests/component/cluster/log_world.hpp"

#include <array>

namespace troupe::test {
namespace {

constexpr std::size_t groups = 33;

TEST_CASE_METHOD(log_world, "log: a new store is led after its first turn", "[log]") {
  boot();

  CHECK(log->last_stop_was_clean());
  CHECK(log->identity().boot_count == 1);
  CHECK(log->identity().raft_id != 0);
  CHECK_FALSE(log->identity().cluster_id.empty());
  CHECK(log->counters().turns == 1);
  for (std::uint16_t shard = 0; shard < log->shards(); ++shard) {
    const auto held = log->lease(shard_id{shard});
    CHECK(held.valid(lead.term(shard_id{shard}), system_clock().now_boot()));
  }
}

TEST_CASE_METHOD(log_world, "log: what is committed is read at once and after a restart", "[log]") {
  boot();
  const auto first = lead.term(shard_id{3});

  CHECK(ask(shard_id{3}, one_row("k", "v")).status == proposal_status::committed);
  CHECK(ask(meta_shard, one_row("m", "w")).status == proposal_status::committed);
  CHECK(row(shard_id{3}, "k") == "v");
  reboot();

  CHECK(row(shard_id{3}, "k") == "v");
  CHECK(row(meta_shard, "m") == "w");
  CHECK(lead.term(shard_id{3}) > first);
  CHECK(log->last_stop_was_clean());
  CHECK(log->identity().boot_count == 2);
}

TEST_CASE_METHOD(log_world, "log: a process that vanished is noticed, its rows are whole",
                 "[log]") {
  boot();
  REQUIRE(ask(shard_id{0}, one_row("k", "v")).status == proposal_status::committed);
  // The loop's thread ends without the identity being marked, and the next start sees a crash.
  REQUIRE(log->stop());
  auto crashed = log->identity();
  crashed.clean_stop = 0;
  REQUIRE(store->write_identity(crashed));
  log.reset();
  lead.forget();

  boot();

  CHECK_FALSE(log->last_stop_was_clean());
  CHECK(row(shard_id{0}, "k") == "v");
}

TEST_CASE_METHOD(log_world, "log: an epoch that is not in force is refused", "[log]") {
  boot();
  const auto term = lead.term(shard_id{1});
  answers heard;

  log->propose(shard_id{1}, epoch{term.value() - 1}, one_row("k", "old"), heard.expect(1));
  log->propose(shard_id{1}, epoch{term.value() + 1}, one_row("k", "new"), heard.expect(2));
  heard.await_count(2);

  for (const auto& [number, results] : heard.all())
    CHECK(results.at(0).status == proposal_status::not_leader);
  CHECK(row(shard_id{1}, "k") == std::nullopt);
}

TEST_CASE_METHOD(log_world, "log: one shard's proposals commit in their order", "[log]") {
  constexpr std::uint64_t proposals = 2000;
  boot();
  answers even;
  answers odd;

  for (std::uint64_t i = 0; i < proposals; ++i)
    log->propose(shard_id{static_cast<std::uint16_t>(i % 2)},
                 lead.term(shard_id{static_cast<std::uint16_t>(i % 2)}),
                 one_row("last", std::to_string(i)), (i % 2 == 0 ? even : odd).expect(i));
  even.await_count(proposals / 2);
  odd.await_count(proposals / 2);

  for (auto* each : {&even, &odd}) {
    const auto order = each->order();
    CHECK(std::is_sorted(order.begin(), order.end()));
    std::uint64_t index = 0;
    for (const auto& [number, results] : each->all()) {
      REQUIRE(results.size() == 1);
      REQUIRE(results[0].status == proposal_status::committed);
      REQUIRE(results[0].index.value() > index);
      index = results[0].index.value();
    }
  }
  CHECK(row(shard_id{0}, "last") == std::to_string(proposals - 2));
  CHECK(row(shard_id{1}, "last") == std::to_string(proposals - 1));
}

TEST_CASE_METHOD(log_world, "log: many threads propose, each answer comes once", "[log]") {
  constexpr std::uint64_t threads = 4;
  constexpr std::uint64_t each = 500;
  boot();
  answers heard;
  std::vector<std::thread> proposers;

  for (std::uint64_t t = 0; t < threads; ++t)
    proposers.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < each; ++i) {
        const shard_id shard{static_cast<std::uint16_t>((t + i) % 32)};
        log->propose(shard, log->lease(shard).term, one_row(std::to_string(t * each + i), "v"),
                     heard.expect(t * each + i));
      }
    });
  for (auto& thread : proposers)
    thread.join();
  heard.await_count(threads * each);

  const auto all = heard.all();
  CHECK(all.size() == threads * each);
  for (const auto& [number, results] : all) {
    REQUIRE(results.size() == 1);
    REQUIRE(results[0].status == proposal_status::committed);
  }
}

TEST_CASE_METHOD(log_world, "log: over the queue's bound the answer is not_leader", "[log]") {
  boot();
  answers heard;
  const std::string large(200u << 10, 'x');
  // More bytes than the queue and one turn hold, faster than any disk takes them.
  const auto proposals = 3 * proposals_queued_bytes_max / large.size();

  for (std::size_t i = 0; i < proposals; ++i)
    log->propose(shard_id{0}, lead.term(shard_id{0}), one_row("k", large), heard.expect(i));
  heard.await_count(proposals);

  std::size_t refused = 0;
  for (const auto& [number, results] : heard.all()) {
    REQUIRE(results.size() == 1);
    REQUIRE(results[0].status != proposal_status::unknown);
    refused += results[0].status == proposal_status::not_leader ? 1u : 0u;
  }
  CHECK(refused > 0);
  CHECK(refused < proposals);
}

TEST_CASE_METHOD(log_world, "log: a stop answers what was accepted, later it refuses", "[log]") {
  constexpr std::uint64_t proposals = 300;
  boot();
  answers heard;

  for (std::uint64_t i = 0; i < proposals; ++i)
    log->propose(shard_id{0}, lead.term(shard_id{0}), one_row(std::to_string(i), "v"),
                 heard.expect(i));
  REQUIRE(log->stop());
  log->propose(shard_id{0}, lead.term(shard_id{0}), one_row("late", "v"), heard.expect(proposals));

  const auto all = heard.all();
  REQUIRE(all.size() == proposals + 1);
  for (std::uint64_t i = 0; i < proposals; ++i)
    REQUIRE(all.at(i).at(0).status == proposal_status::committed);
  CHECK(all.at(proposals).at(0).status == proposal_status::not_leader);
  CHECK(log->lease(shard_id{0}).term == epoch{});
  // Nothing is left to apply: the rows on disk are all of them.
  for (std::size_t i = 0; i <= 32; ++i) {
    const auto loaded = store->load(i == 32 ? meta_shard : shard_id{static_cast<std::uint16_t>(i)});
    REQUIRE(loaded);
    CHECK(loaded.value().applied_index ==
          loaded.value().first_index + loaded.value().entries.size() - 1);
  }
}

TEST_CASE_METHOD(log_world, "log: another number of shards refuses to start", "[log]") {
  boot();
  REQUIRE(log->stop());
  log_options other;
  other.shards = 16;
  local_log refused{*store, system_clock(), other};

  const auto started = refused.start(lead);

  REQUIRE_FALSE(started);
  CHECK(started.error().code == errc::invalid_argument);
  CHECK(started.error().detail.find("32 shards") != std::string::npos);
}

TEST_CASE_METHOD(log_world, "log: a store that lost one group's log is refused", "[log]") {
  boot();
  REQUIRE(log->stop());
  // A second identity over empty groups stands for a disk that kept one and lost the other.
  log_options fewer;
  fewer.shards = 2;
  const temp_dir other;
  auto partial = open_store(other / "store");
  const group_member self{7, "n"};
  REQUIRE(bootstrap_group(*partial, shard_id{0}, {&self, 1}));
  REQUIRE(partial->commit_turn());
  local_log refused{*partial, system_clock(), fewer};

  const auto started = refused.start(lead);

  REQUIRE_FALSE(started);
  CHECK(started.error().code == errc::corrupt);
}

TEST_CASE("log: the store stays small over 50,000 entries", "[log]") {
  constexpr std::size_t entries = 50'000;
  constexpr std::size_t wave = 2000;
  constexpr std::size_t log_entries_max = 2 * 2048 + 512;
  log_options options;
  options.shards = 2;
  log_world world{options};
  world.boot();
  answers heard;
  const std::string value(300, 'v');

  for (std::size_t i = 0; i < entries; ++i) {
    world.log->propose(shard_id{0}, world.lead.term(shard_id{0}),
                       one_row(std::to_string(i % 100), value), heard.expect(i));
    if (i % wave == wave - 1)
      heard.await_count(i + 1);
  }
  heard.await_count(entries);
  REQUIRE(world.log->stop());
  CHECK(world.log->counters().committed == entries);

  const auto loaded = world.store->load(shard_id{0});
  REQUIRE(loaded);
  CHECK(loaded.value().snapshot.index > entries - log_entries_max);
  CHECK(loaded.value().entries.size() < log_entries_max);
  CHECK(world.store->used_permille() < 1000);
  world.reboot();
  CHECK(world.row(shard_id{0}, "99") == value);
  CHECK(world.ask(shard_id{0}, one_row("k", "v")).status == proposal_status::committed);
}

TEST_CASE_METHOD(log_world, "log: leases are renewed while nothing happens", "[log]") {
  boot();
  const auto granted = log->lease(shard_id{0});

  const auto deadline = std::chrono::steady_clock::now() + patience;
  auto held = log->lease(shard_id{0});
  while (held.valid_until <= granted.valid_until && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
    held = log->lease(shard_id{0});
  }

  CHECK(held.valid_until > granted.valid_until);
  CHECK(held.term == granted.term);
}

} // namespace
} // namespace troupe::test
