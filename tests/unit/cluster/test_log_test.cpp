#include "tests/support/test_log.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {
namespace {

constexpr shard_id shard{1};

class listener final : public leadership_listener {
public:
  void on_leading(shard_id which, epoch term) override { heard.push_back({which, term, true}); }
  void on_deposed(shard_id which, epoch term) override { heard.push_back({which, term, false}); }
  struct change {
    shard_id shard;
    epoch term;
    bool leads;
  };
  std::vector<change> heard;
};

struct test_log_world {
  proposal_done note() {
    return [this](proposal_result result) { statuses.push_back(result.status); };
  }
  void propose(const std::string& key, epoch term = epoch{1}) {
    write_batch batch;
    batch.put(key, "v");
    log.propose(shard, term, std::move(batch), note());
  }
  bool has(const std::string& key) const {
    return log.rows().snapshot()->get(shard, key).value().has_value();
  }
  test_log log;
  std::vector<proposal_status> statuses;
};

TEST_CASE_METHOD(test_log_world, "test log: each outcome comes at the nth proposal", "[test_log]") {
  log.lead_all(epoch{1});
  log.answer(2, proposal_status::not_leader);
  log.answer(3, proposal_status::unknown, fate::kept);
  log.answer(4, proposal_status::unknown, fate::lost);

  for (const auto* key : {"a", "b", "c", "d", "e"})
    propose(key);

  CHECK(statuses == std::vector{proposal_status::committed, proposal_status::not_leader,
                                proposal_status::unknown, proposal_status::unknown,
                                proposal_status::committed});
  CHECK((has("a") && !has("b") && has("c") && !has("d") && has("e")));
}

TEST_CASE_METHOD(test_log_world, "test log: refuses what is not led in that epoch", "[test_log]") {
  propose("a");
  log.lead(shard, epoch{2});
  propose("b", epoch{1});
  propose("c", epoch{2});

  CHECK(statuses == std::vector{proposal_status::not_leader, proposal_status::not_leader,
                                proposal_status::committed});
}

TEST_CASE_METHOD(test_log_world, "test log: deposition answers what is open", "[test_log]") {
  listener heard;
  log.listen(heard);
  log.lead(shard, epoch{1});
  log.complete(completion::manual);
  propose("a");
  propose("b");
  CHECK(log.finish_one());

  log.depose(shard);

  CHECK(statuses == std::vector{proposal_status::committed, proposal_status::unknown});
  CHECK((has("a") && !has("b")));
  CHECK(log.lease(shard).term == epoch{});
  REQUIRE(heard.heard.size() == 2);
  CHECK(heard.heard[0].leads);
  CHECK_FALSE(heard.heard[1].leads);
  CHECK_FALSE(log.finish_one());
}

TEST_CASE_METHOD(test_log_world, "test log: scans in both directions from a key", "[test_log]") {
  for (const auto* key : {"p/1", "p/2", "p/3", "q"})
    log.put(shard, key, "v");
  const auto scan = [&](std::string_view from, scan_order order) {
    std::string seen;
    const auto done = log.rows().snapshot()->scan(shard, "p/", from, order,
                                                  [&](std::string_view key, std::string_view) {
                                                    seen += key.back();
                                                    return scan_step::more;
                                                  });
    CHECK(done);
    return seen;
  };

  CHECK(scan("", scan_order::ascending) == "123");
  CHECK(scan("p/2", scan_order::ascending) == "23");
  CHECK(scan("", scan_order::descending) == "321");
  CHECK(scan("p/2", scan_order::descending) == "21");
}

} // namespace
} // namespace troupe::test
