#include "actors/bridge/commit_queue.hpp"
#include "tests/support/actor_world.hpp"
#include "tests/support/test_log.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {
namespace {

constexpr shard_id shard{3};

write_batch batch_of(const std::string& key) {
  write_batch batch;
  batch.put(key, "v");
  return batch;
}

/// A commit queue whose owner is the test.
struct queue_world : actor_world {
  test_log log;
  commit_queue queue{log, shard, epoch{1}, self->address()};
  std::string told; ///< What has followed, in order.
  bool sound = true;

  queue_world() {
    log.lead_all(epoch{1});
    log.complete(completion::manual);
  }
  void commit(const std::string& key, const std::vector<std::string>& chunks = {}) {
    std::vector<write_batch> batches;
    for (const auto& each : chunks)
      batches.push_back(batch_of(each));
    queue.commit(std::move(batches), batch_of(key), [this, key] { told += key; });
  }
  /// The log answers its oldest proposal, and the owner hears of it.
  void settle_one() {
    REQUIRE(log.finish_one());
    hear();
  }
  void hear() {
    self->receive([&](const proposal_settled& report) { sound = queue.settled(report); });
  }
  std::string proposed() const {
    std::string keys;
    for (const auto& each : log.proposals())
      keys += each.batch.writes().front().key;
    return keys;
  }
};

} // namespace

TEST_CASE_METHOD(queue_world, "commit queue: plain batches are proposed at once, in order") {
  commit("a");
  commit("b");
  CHECK(proposed() == "ab");
  CHECK(told.empty());
  settle_one();
  CHECK(told == "a");
  settle_one();
  CHECK(told == "ab");
  CHECK(queue.idle());
}

TEST_CASE_METHOD(queue_world,
                 "commit queue: a batch waits for all its chunks, those behind it too") {
  commit("a");
  commit("b", {"1", "2", "3"});
  commit("c");
  queue.commit({}, [this] { told += "-"; });
  commit("d", {"4"});
  CHECK(proposed() == "a12");
  settle_one();
  CHECK(told == "a");
  settle_one();
  CHECK(proposed() == "a123");
  settle_one();
  CHECK(proposed() == "a123");
  settle_one();
  CHECK(proposed() == "a123bc4");
  settle_one();
  CHECK(told == "ab");
  settle_one();
  CHECK(told == "abc-");
  settle_one();
  CHECK(proposed() == "a123bc4d");
  settle_one();
  CHECK(told == "abc-d");
  CHECK(queue.idle());
  CHECK(sound);
}

TEST_CASE_METHOD(queue_world, "commit queue: never more chunks on their way than allowed") {
  std::vector<std::string> chunks(20, "x");
  commit("a", chunks);
  for (int i = 0; i < 20; ++i) {
    CHECK(log.open() <= chunk_batches_open_max);
    settle_one();
  }
  settle_one();
  CHECK(told == "a");
}

TEST_CASE("commit queue: what refers to a chunk that is not committed is never proposed") {
  for (const auto status : {proposal_status::not_leader, proposal_status::unknown})
    for (std::uint64_t nth = 1; nth <= 3; ++nth) {
      INFO("chunk " << nth);
      queue_world world;
      world.log.answer(nth, status);
      world.log.complete(completion::at_once);
      world.commit("a", {"1", "2", "3"});
      world.commit("b");
      while (world.sound)
        world.hear();
      CHECK(world.proposed().find_first_of("ab") == std::string::npos);
      CHECK(world.told.empty());
      CHECK_FALSE(world.queue.idle());
    }
}

TEST_CASE_METHOD(queue_world, "commit queue: the owner goes when nothing is on its way any more") {
  log.answer(2, proposal_status::not_leader);
  commit("a");
  commit("b"); // Refused at once, while `a` is still open.
  hear();
  CHECK(sound);
  commit("c");
  CHECK(proposed() == "ab");
  settle_one();
  CHECK_FALSE(sound);
  CHECK(told.empty());
}

} // namespace troupe::test
