#include "cluster/raft/lease_table.hpp"
#include "cluster/raft/proposal_queue.hpp"

#include <catch2/catch.hpp>

#include <thread>

namespace troupe::test {
namespace {

proposal of_size(std::size_t bytes, int* refused) {
  return {epoch{1}, {}, std::string(bytes, 'x'), [refused](proposal_result result) {
            if (result.status == proposal_status::not_leader)
              ++*refused;
          }};
}

TEST_CASE("queue: refuses one proposal over its count, and takes it after a release", "[raft]") {
  proposal_queue queue;
  int refused = 0;
  std::deque<queued_proposal> taken;
  std::vector<proposal_done> refusals;

  for (std::size_t i = 0; i <= proposals_queued_max; ++i)
    queue.push(shard_id{0}, of_size(1, &refused));
  CHECK_FALSE(queue.drain(taken, refusals));
  CHECK(taken.size() == proposals_queued_max);
  CHECK(refusals.size() == 1);
  CHECK(refused == 0);
  // What was drained still counts until the loop says it has begun its turn.
  queue.push(shard_id{0}, of_size(1, &refused));
  queue.release(taken.size(), taken.size());
  queue.push(shard_id{0}, of_size(1, &refused));
  CHECK_FALSE(queue.drain(taken, refusals));

  CHECK(taken.size() == proposals_queued_max + 1);
  CHECK(refusals.size() == 2);
}

TEST_CASE("queue: refuses over its bytes", "[raft]") {
  proposal_queue queue;
  int refused = 0;
  std::deque<queued_proposal> taken;
  std::vector<proposal_done> refusals;

  queue.push(shard_id{0}, of_size(proposals_queued_bytes_max, &refused));
  queue.push(shard_id{0}, of_size(1, &refused));
  queue.drain(taken, refusals);

  CHECK(taken.size() == 1);
  CHECK(refusals.size() == 1);
}

TEST_CASE("queue: refusals have a bound too, then the caller hears it itself", "[raft]") {
  proposal_queue queue;
  int refused = 0;
  std::deque<queued_proposal> taken;
  std::vector<proposal_done> refusals;

  for (std::size_t i = 0; i < proposals_queued_max + proposals_refused_max + 3; ++i)
    queue.push(shard_id{0}, of_size(1, &refused));
  queue.drain(taken, refusals);

  CHECK(refusals.size() == proposals_refused_max);
  CHECK(refused == 3);
}

TEST_CASE("queue: closed, it refuses on the caller's thread and ends every wait", "[raft]") {
  proposal_queue queue;
  int refused = 0;
  std::deque<queued_proposal> taken;
  std::vector<proposal_done> refusals;

  std::thread waiter{[&] { queue.wait(1, std::chrono::hours{1}); }};
  queue.close();
  waiter.join();
  queue.push(shard_id{0}, of_size(1, &refused));

  CHECK(queue.drain(taken, refusals));
  CHECK(taken.empty());
  CHECK(refused == 1);
}

TEST_CASE("leases: a reader sees a term with a time of that term", "[raft]") {
  constexpr std::uint64_t terms = 20'000;
  lease_table table{1};
  std::atomic<bool> done{false};
  std::uint64_t torn = 0;
  std::thread reader{[&] {
    while (!done.load()) {
      const auto held = table.read(0);
      const auto term = static_cast<std::int64_t>(held.term.value());
      // A term's times lie in its own thousand.
      if (term != 0 && held.valid_until.count() / 1000 != term)
        ++torn;
    }
  }};

  for (std::uint64_t term = 1; term <= terms; ++term) {
    const auto base = static_cast<std::int64_t>(term) * 1000;
    table.grant(0, epoch{term}, std::chrono::nanoseconds{base});
    table.renew(0, std::chrono::nanoseconds{base + 999});
    table.revoke(0);
  }
  done = true;
  reader.join();

  CHECK(torn == 0);
  CHECK(table.read(0).term == epoch{});
}

} // namespace
} // namespace troupe::test
