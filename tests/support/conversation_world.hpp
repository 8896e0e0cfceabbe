#pragma once

#include "actors/conversation/conversation_logic.hpp"
#include "persistence/tables/chunked_text.hpp"
#include "persistence/tables/conversation_tables.hpp"
#include "tests/support/long_text.hpp"
#include "tests/support/test_log.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <vector>

namespace troupe::test {

/// A conversation's decisions over rows in memory: `commit` applies a batch as the log would, and
/// `reload` is what a crash leaves.
struct conversation_world {
  static constexpr shard_id shard{3};
  static constexpr epoch term{1};
  const std::string key = "agent:main:main";

  test_log log;
  boot_facts facts{.boot = 1, .previous_stop_clean = true};
  wall_ms now = 1'000'000;
  conversation_logic logic;

  conversation_world() : logic(load()) { log.lead_all(term); }

  conversation_logic load() {
    auto loaded = conversation_logic::load(*log.rows().snapshot(), shard, key, "main", {});
    REQUIRE(loaded);
    return std::move(loaded).value();
  }
  void reload() { logic = load(); }
  /// The process died and was started again.
  void crash() {
    facts = {facts.boot + 1, false};
    reload();
  }
  /// It stopped in order.
  void restart() {
    facts = {facts.boot + 1, true};
    reload();
  }

  void commit(const write_batch& batch) {
    if (!batch.empty())
      log.propose(shard, term, batch, [](proposal_result) {});
  }
  void commit(const conversation_logic::decision& decided) {
    for (const auto& chunks : decided.chunks)
      commit(chunks);
    commit(decided.batch);
  }
  /// As the actor does when nothing is on its way.
  void sweep() {
    commit(logic.announce_sweep());
    auto batches = logic.sweep(*log.rows().snapshot(), shard);
    REQUIRE(batches);
    for (const auto& batch : batches.value())
      commit(batch);
  }

  std::optional<tables::run_row> run(const std::string& run_id) {
    auto bytes = log.rows().snapshot()->get(shard, tables::run_key(logic.id(), run_id));
    REQUIRE(bytes);
    if (!bytes.value())
      return std::nullopt;
    auto row = tables::decode_run(*bytes.value());
    REQUIRE(row);
    return row.value();
  }
  std::vector<tables::message_row> transcript() {
    std::vector<tables::message_row> out;
    REQUIRE(log.rows().snapshot()->scan(shard, tables::message_prefix(logic.id()), {},
                                        scan_order::ascending,
                                        [&](std::string_view, std::string_view value) {
                                          auto row = tables::decode_message(value);
                                          REQUIRE(row);
                                          out.push_back(row.value());
                                          return scan_step::more;
                                        }));
    for (auto& row : out)
      REQUIRE(tables::join_texts(row, {*log.rows().snapshot(), shard, logic.id()}));
    return out;
  }
  std::size_t count(const std::string& prefix) {
    std::size_t rows = 0;
    REQUIRE(log.rows().snapshot()->scan(shard, prefix, {}, scan_order::ascending,
                                        [&](std::string_view, std::string_view) {
                                          ++rows;
                                          return scan_step::more;
                                        }));
    return rows;
  }

  result<conversation_logic::submitted> submit(const std::string& run_id,
                                               const std::string& text = "hello") {
    submit_input input;
    input.key = key;
    input.run_id = run_id;
    input.text = text;
    auto decided = logic.submit(input, run(run_id), facts, now++);
    if (decided)
      commit(decided.value());
    return decided;
  }
  conversation_logic::closed close(const std::string& text = "hi") {
    tables::message_row answer;
    answer.role = tables::message_role::assistant;
    answer.run_id = logic.active()->run_id;
    answer.text = text;
    run_outcome outcome;
    outcome.status = tables::run_status::ok;
    outcome.stop_reason = "stop";
    outcome.text = text;
    auto decided = logic.close({answer}, outcome, {}, facts, now++, {});
    commit(decided);
    return decided;
  }
  conversation_logic::decision step(const std::string& call_id,
                                    tables::effect_class effect = tables::effect_class::once) {
    tables::message_row asks;
    asks.role = tables::message_role::assistant;
    asks.run_id = logic.active()->run_id;
    asks.calls.push_back({call_id, "tool", "{}"});
    tables::intent_row intent;
    intent.call_id = call_id;
    intent.tool = "tool";
    intent.effect = effect;
    auto decided = logic.record_step({asks}, {intent}, {}, now++);
    commit(decided);
    return decided;
  }
};

} // namespace troupe::test
