#include "cluster/raft/group.hpp"
#include "tests/support/journal_helpers.hpp"
#include "tests/support/memory_journal.hpp"

namespace troupe::test {
namespace {

constexpr shard_id shard{5};
constexpr std::uint64_t self = 11;

/// One sole voter over a journal in memory, turned by hand.
class group_world : public group_host {
public:
  group_world() { boot(); }

  /// What a process start does; anything staged or unflushed of the last one is lost.
  void boot() {
    subject.reset();
    store = std::make_unique<memory_journal>(disk);
    auto found = store->load(shard);
    REQUIRE(found);
    const group_member member{self, "n"};
    if (found.value().term == 0)
      found = bootstrap_group(*store, shard, {&member, 1});
    REQUIRE(found);
    auto started = group::start(options, *store, *this, std::move(found).value(), now);
    REQUIRE(started);
    subject = std::move(started).value();
    led = {};
  }
  void turn() {
    subject->tick(now);
    subject->submit(now);
    REQUIRE(store->commit_turn());
    subject->settle(now);
    subject->truncate(now);
  }
  void propose(std::uint64_t number, epoch expected) {
    write_batch batch;
    batch.put("k" + std::to_string(number), "v");
    auto payload = batch.encode();
    subject->propose(
        {expected, std::move(batch), std::move(payload), [this, number](proposal_result result) {
           answers.push_back({number, result});
         }});
  }
  row_map rows() const { return all_rows(*store, shard); }

  void leading(shard_id which, epoch term) override {
    CHECK(which == shard);
    led = term;
  }
  void deposed(shard_id, epoch term) override {
    CHECK(term == led);
    led = {};
    ++depositions;
  }
  void send(std::uint64_t, std::string) override { FAIL("a sole voter sends nothing"); }

  struct answer {
    std::uint64_t number;
    proposal_result result;
  };
  std::shared_ptr<memory_disk> disk = std::make_shared<memory_disk>();
  std::unique_ptr<memory_journal> store;
  group_options options = [] {
    group_options chosen;
    chosen.shard = shard;
    chosen.raft_id = self;
    return chosen;
  }();
  std::unique_ptr<group> subject;
  std::vector<answer> answers;
  epoch led;
  int depositions = 0;
  std::uint64_t now = 1000;
};

TEST_CASE_METHOD(group_world, "group: leads only when its own entry is on disk", "[raft]") {
  CHECK(led == epoch{});
  propose(1, epoch{2});

  turn();

  CHECK(led == epoch{2});
  CHECK(subject->applied_index() == 2);
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].result.status == proposal_status::not_leader);
}

TEST_CASE_METHOD(group_world, "group: each start leads in a new term", "[raft]") {
  turn();
  const auto first = led;

  boot();
  turn();

  CHECK(led.value() == first.value() + 1);
}

TEST_CASE_METHOD(group_world, "group: answers in order, after the rows are visible", "[raft]") {
  turn();

  propose(1, led);
  propose(2, led);
  propose(3, epoch{led.value() - 1});
  propose(4, epoch{led.value() + 1});
  CHECK(answers.size() == 2);
  turn();

  REQUIRE(answers.size() == 4);
  CHECK(answers[0].number == 3);
  CHECK(answers[0].result.status == proposal_status::not_leader);
  CHECK(answers[1].number == 4);
  CHECK(answers[1].result.status == proposal_status::not_leader);
  CHECK(answers[2].number == 1);
  CHECK(answers[2].result.status == proposal_status::committed);
  CHECK(answers[2].result.index == log_index{3});
  CHECK(answers[3].number == 2);
  CHECK(answers[3].result.index == log_index{4});
  CHECK(rows() == row_map{{"k1", "v"}, {"k2", "v"}});
  CHECK(subject->pending() == 0);
}

TEST_CASE_METHOD(group_world, "group: nothing is committed before its turn is", "[raft]") {
  turn();

  propose(1, led);
  subject->submit(now);

  CHECK(answers.empty());
  CHECK(rows().empty());
  CHECK(subject->pending() == 1);
}

TEST_CASE_METHOD(group_world, "group: rows that were not flushed come back from the log",
                 "[raft]") {
  turn();
  propose(1, led);
  turn();
  REQUIRE(answers.at(0).result.status == proposal_status::committed);

  boot();
  CHECK(rows().empty());
  turn();

  CHECK(rows() == row_map{{"k1", "v"}});
}

TEST_CASE_METHOD(group_world, "group: abandoned, appended is unknown and queued is not", "[raft]") {
  turn();
  propose(1, led);
  subject->submit(now);
  propose(2, led);

  subject->abandon();

  CHECK(depositions == 1);
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].number == 1);
  CHECK(answers[0].result.status == proposal_status::unknown);
  CHECK(answers[1].number == 2);
  CHECK(answers[1].result.status == proposal_status::not_leader);
}

TEST_CASE_METHOD(group_world, "group: a lost turn leaves nothing behind", "[raft]") {
  turn();
  propose(1, led);
  subject->submit(now);
  subject->abandon();
  store->discard_staged();

  boot();
  turn();
  propose(2, led);
  turn();

  CHECK(rows() == row_map{{"k2", "v"}});
}

TEST_CASE("group: the log is cut behind what is flushed and starts from there", "[raft]") {
  group_world world;
  world.options.truncate_entries = 20;
  world.options.trailing_entries = 3;
  world.boot();
  world.turn();

  for (std::uint64_t i = 0; i < 100; ++i) {
    world.propose(i, world.led);
    world.turn();
  }

  const auto& stored = world.disk->groups[shard];
  CHECK(stored.snapshot.index >= 80);
  CHECK(stored.log.size() < 30);
  CHECK(stored.log.begin()->first == stored.snapshot.index - 2);
  world.boot();
  world.turn();
  CHECK(world.rows().size() == 100);
  world.propose(100, world.led);
  world.turn();
  CHECK(world.answers.back().result.status == proposal_status::committed);
}

TEST_CASE("group: the log is cut by bytes as well", "[raft]") {
  group_world world;
  world.options.truncate_bytes = 200;
  world.boot();
  world.turn();

  for (std::uint64_t i = 0; i < 50; ++i) {
    world.propose(i, world.led);
    world.turn();
  }

  CHECK(world.disk->groups[shard].snapshot.index > 30);
}

TEST_CASE_METHOD(group_world, "group: an entry that cannot be read stops the group", "[raft]") {
  turn();
  propose(1, led);
  turn();
  disk->groups[shard].log.at(3).payload = "not a batch";

  boot();
  turn();
  propose(2, epoch{3});
  turn();

  CHECK(subject->stopped());
  CHECK(led == epoch{});
  CHECK(answers.back().result.status == proposal_status::not_leader);
}

TEST_CASE_METHOD(group_world, "group: an idle sole voter stays leader", "[raft]") {
  turn();

  for (int i = 0; i < 100; ++i) {
    now = subject->deadline_ms();
    subject->tick(now);
  }

  CHECK(led == epoch{2});
  CHECK(depositions == 0);
  CHECK_FALSE(store->must_sync());
}

} // namespace
} // namespace troupe::test
