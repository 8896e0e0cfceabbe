#include "tests/component/cluster/log_world.hpp"

namespace troupe::test {
namespace {

constexpr std::uint16_t shards = 4;
constexpr std::size_t groups = shards + 1;

log_options small_log() {
  log_options options;
  options.shards = shards;
  return options;
}

/// Proposes `count` rows in waves, so that they spread over several turns, and waits for all.
void propose_waves(local_log& log, answers& heard, std::uint64_t count, std::uint64_t wave) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const shard_id shard{static_cast<std::uint16_t>(i % shards)};
    log.propose(shard, log.lease(shard).term, one_row("k" + std::to_string(i), "v"),
                heard.expect(i));
    if (i % wave == wave - 1)
      heard.await_count(i + 1);
  }
  heard.await_count(count);
}

void check_answers(const log_world& world, const answers& heard, std::uint64_t count) {
  const auto all = heard.all();
  REQUIRE(all.size() == count);
  for (const auto& [number, results] : all) {
    INFO("proposal " << number);
    REQUIRE(results.size() == 1);
    const auto row = world.row(shard_id{static_cast<std::uint16_t>(number % shards)},
                               "k" + std::to_string(number));
    if (results[0].status == proposal_status::committed)
      CHECK(row == "v");
    if (results[0].status == proposal_status::not_leader)
      CHECK(row == std::nullopt);
  }
}

TEST_CASE("log: a store that is full at the nth turn loses nothing acknowledged", "[log]") {
  constexpr std::uint64_t proposals = 60;
  constexpr std::uint64_t wave = 6;
  // The boot's own turn, then one for every wave at least.
  constexpr int turns = 1 + proposals / wave;
  for (int nth = 1; nth <= turns; ++nth) {
    INFO("turn " << nth);
    log_world world{small_log()};
    world.faults->fail_turn(nth, errc::storage_full, nth % 3);
    answers heard;

    world.boot();
    propose_waves(*world.log, heard, proposals, wave);

    // After the halt everything is led again, in higher terms.
    world.lead.await_count(groups);
    CHECK(world.faults->fired());
    CHECK(world.lead.matched());
    CHECK(world.lead.deposed_calls() == (nth == 1 ? 0 : groups));
    CHECK(world.log->counters().halts == 1);
    CHECK(world.ask(shard_id{0}, one_row("after", "v")).status == proposal_status::committed);
    world.reboot();
    check_answers(world, heard, proposals);
    CHECK(world.row(shard_id{0}, "after") == "v");
  }
}

TEST_CASE("log: while the store is full nothing is led and everything is refused", "[log]") {
  log_world world{small_log()};
  world.boot();
  const auto term = world.lead.term(shard_id{0});
  answers heard;
  constexpr int endless = 1'000'000;

  world.faults->fail_turn(1, errc::storage_full, endless);
  world.log->propose(shard_id{0}, term, one_row("k", "v"), heard.expect(0));
  heard.await_count(1);
  world.lead.await_count(0);
  world.log->propose(shard_id{0}, term, one_row("k", "v"), heard.expect(1));
  heard.await_count(2);

  CHECK(heard.all().at(0).at(0).status == proposal_status::unknown);
  CHECK(heard.all().at(1).at(0).status == proposal_status::not_leader);
  CHECK(world.log->pressure() == storage_pressure::full);
  CHECK(world.log->lease(shard_id{0}).term == epoch{});
  const auto stopped = world.log->stop();
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == errc::storage_full);
}

TEST_CASE("log: a store that fails calls the fatal hook once and leads nothing", "[log]") {
  std::atomic<int> fatal{0};
  auto options = small_log();
  std::atomic<errc> reason_given{};
  options.fatal = [&](const error& reason) {
    reason_given = reason.code;
    ++fatal;
  };
  log_world world{options};
  world.boot();
  answers heard;
  const auto term = world.lead.term(shard_id{0});

  world.faults->fail_turn(1, errc::storage_failed);
  world.log->propose(shard_id{0}, term, one_row("k", "v"), heard.expect(0));
  heard.await_count(1);
  world.lead.await_count(0);
  world.log->propose(shard_id{0}, term, one_row("k", "v"), heard.expect(1));
  heard.await_count(2);

  CHECK(heard.all().at(0).at(0).status == proposal_status::unknown);
  CHECK(heard.all().at(1).at(0).status == proposal_status::not_leader);
  CHECK_FALSE(world.log->stop());
  CHECK(fatal == 1);
  CHECK(reason_given.load() == errc::storage_failed);
  const auto kept = world.store->identity();
  REQUIRE(kept);
  CHECK(kept.value()->clean_stop != kept.value()->boot_count);
}

TEST_CASE("log: pressure rises above 85 % and clears only below 80 %", "[log]") {
  log_world world{small_log()};
  world.boot();
  const auto await_pressure = [&](unsigned used, storage_pressure wanted) {
    world.faults->set_used_permille(used);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (world.log->pressure() != wanted && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
    return world.log->pressure();
  };

  CHECK(await_pressure(851, storage_pressure::high) == storage_pressure::high);
  world.faults->set_used_permille(820);
  // Two committed turns at least one check apart: the level between the bounds changes nothing.
  const auto until = std::chrono::steady_clock::now() + 3 * pressure_check_every;
  while (std::chrono::steady_clock::now() < until)
    CHECK(world.ask(shard_id{0}, one_row("k", "v")).status == proposal_status::committed);
  CHECK(world.log->pressure() == storage_pressure::high);
  CHECK(await_pressure(799, storage_pressure::none) == storage_pressure::none);
}

} // namespace
} // namespace troupe::test
