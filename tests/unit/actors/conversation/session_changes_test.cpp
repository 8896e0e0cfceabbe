#include "actors/conversation/conversation_logic.hpp"
#include "actors/conversation/limits.hpp"
#include "actors/conversation/prompt.hpp"
#include "tests/support/conversation_world.hpp"

#include <catch2/catch.hpp>

/// Commands, sessions.patch and sessions.compact.
namespace troupe::test {
namespace {

using tables::run_state;
using tables::run_status;

struct changed_world : conversation_world {
  result<conversation_logic::submitted> command(const std::string& run_id, input_command wanted,
                                                const std::string& text = "/command") {
    submit_input input;
    input.key = key;
    input.run_id = run_id;
    input.text = text;
    input.client_id = "cli";
    input.command = std::move(wanted);
    auto decided = logic.submit(input, run(run_id), facts, now++);
    if (decided)
      commit(decided.value());
    return decided;
  }
  static input_command reply(const std::string& text) {
    return {.resets = {}, .model = {}, .reply = text};
  }
  static input_command reset(const std::string& text) {
    return {.resets = "reset", .model = {}, .reply = text};
  }

  result<conversation_logic::decision> patch(const patch_session& wanted) {
    auto decided = logic.patch(wanted, now++);
    if (decided)
      commit(decided.value());
    return decided;
  }
  session_compacted compact(std::uint64_t lines_max) {
    auto decided = logic.compact(*log.rows().snapshot(), shard, lines_max, now++);
    REQUIRE(decided);
    commit(decided.value());
    return decided.value().told;
  }
  /// Seqs of what a prompt would contain.
  std::vector<std::uint64_t> in_context() {
    const config::model_settings model{.id = "m", .name = "m"};
    prompt_inputs inputs;
    inputs.model = &model;
    const auto read =
        read_transcript(*log.rows().snapshot(), shard, logic.row(), inputs, 1u << 20, 0);
    REQUIRE(read);
    std::vector<std::uint64_t> seqs;
    for (const auto& row : read.value().of_run)
      seqs.push_back(row.seq);
    return seqs;
  }
  void turns(int count) {
    for (int i = 0; i < count; ++i) {
      REQUIRE(submit("turn-" + std::to_string(now)));
      close();
    }
  }
  /// What a crash leaves is what the object holds.
  void check_rows() {
    const auto before = tables::encode(logic.row());
    reload();
    CHECK(tables::encode(logic.row()) == before);
  }
};
using seqs = std::vector<std::uint64_t>;

} // namespace

TEST_CASE_METHOD(changed_world, "command: its answer is accepted and committed at once") {
  const auto before = log.proposals().size();
  const auto decided = command("c1", reply("all is well"), "/status");

  REQUIRE(decided);
  CHECK(log.proposals().size() == before + 1);
  CHECK(decided.value().receipt.kind == receipt_kind::started);
  CHECK_FALSE(decided.value().start_run);
  REQUIRE(decided.value().answered);
  CHECK(decided.value().answered->text == "all is well");
  CHECK(decided.value().answered->at_once);
  CHECK_FALSE(logic.active());
  const auto rows = transcript();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].text == "/status");
  CHECK(rows[0].client_id == "cli");
  CHECK(rows[1].text == "all is well");
  CHECK(rows[1].role == tables::message_role::assistant);
  CHECK(run("c1")->state == run_state::closed);
  CHECK(run("c1")->status == run_status::ok);
  CHECK(run("c1")->final_seq == 2);
  check_rows();
}

TEST_CASE_METHOD(changed_world, "command: is shown and never part of a prompt") {
  turns(1);
  REQUIRE(command("c1", reply("a")));
  turns(1);
  CHECK(transcript().size() == 6);
  CHECK(in_context() == seqs{1, 2, 5, 6});
}

TEST_CASE_METHOD(changed_world, "command: the same key is done once, also after a crash") {
  REQUIRE(command("c1", {.resets = "new", .model = {}, .reply = "a"}));
  const auto session = logic.row().session_id;
  SECTION("at once") {}
  SECTION("after a crash") {
    crash();
  }
  const auto again = command("c1", {.resets = "new", .model = {}, .reply = "a"});
  REQUIRE(again);
  CHECK(again.value().receipt.kind == receipt_kind::finished);
  CHECK(again.value().batch.empty());
  CHECK(logic.row().session_id == session);
}

TEST_CASE_METHOD(changed_world, "command: is answered while a run is active and the queue full") {
  REQUIRE(submit("r1"));
  for (int i = 0; i < 20; ++i)
    REQUIRE(submit("q" + std::to_string(i)));
  REQUIRE_FALSE(submit("one too many"));
  REQUIRE(command("c1", reply("a")));
  CHECK(logic.active()->run_id == "r1");
  CHECK(logic.queue().size() == 20);
  const auto closed = close();
  CHECK(closed.outcome->run_id == "r1");
  CHECK(run("r1")->final_seq == 4);
}

TEST_CASE_METHOD(changed_world, "command: a reset begins a session, in one batch with its answer") {
  turns(2);
  const auto session = logic.row().session_id;
  const auto before = log.proposals().size();
  REQUIRE(command("c1", reset("done")));
  CHECK(log.proposals().size() == before + 1);
  CHECK(logic.row().session_id != session);
  CHECK(logic.row().history_from == 5);
  CHECK(logic.row().message_seq == 6);
  CHECK(in_context().empty());
  check_rows();
}

TEST_CASE_METHOD(changed_world,
                 "command: the text behind a reset is the new session's first turn") {
  turns(1);
  const auto decided = command("c1", reset({}), "hello again");
  REQUIRE(decided);
  CHECK(decided.value().start_run);
  CHECK_FALSE(decided.value().answered);
  CHECK(logic.active()->run_id == "c1");
  CHECK(in_context() == seqs{3});
  CHECK(transcript().back().text == "hello again");
  check_rows();
}

TEST_CASE_METHOD(changed_world, "command: a reset waits for nothing and interrupts nothing") {
  REQUIRE(submit("r1"));
  const auto session = logic.row().session_id;
  const auto refused = command("c1", reset("done"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unavailable);
  CHECK(logic.row().session_id == session);
  CHECK(logic.active()->run_id == "r1");
  CHECK_FALSE(run("c1"));
}

TEST_CASE_METHOD(changed_world, "command: a reset releases from quarantine, and what waited runs") {
  REQUIRE(submit("r1"));
  REQUIRE(submit("r2"));
  for (std::uint32_t i = 0; i < crashes_max; ++i) {
    crash();
    commit(logic.take_over(takeover_cause::new_leader, facts, now));
  }
  REQUIRE_FALSE(logic.row().quarantine.empty());
  CHECK(submit("r3").error().code == errc::forbidden);
  REQUIRE(command("c1", reply("quarantined"))); // /status still answers.
  const auto decided = command("c2", reset("done"));
  REQUIRE(decided);
  CHECK(decided.value().answered);
  CHECK(decided.value().start_run);
  CHECK(logic.active()->run_id == "r2");
  check_rows();
}

TEST_CASE_METHOD(changed_world, "command: sets the session's model, and clears it") {
  REQUIRE(command("c1", {.resets = {}, .model = "fake/fake-2", .reply = "set"}));
  CHECK(logic.row().model == "fake/fake-2");
  check_rows();
  REQUIRE(command("c2", {.resets = {}, .model = "", .reply = "cleared"}));
  CHECK(logic.row().model.empty());
}

TEST_CASE_METHOD(changed_world, "patch: changes what is set and leaves the rest") {
  turns(1);
  patch_session wanted;
  wanted.label = "mine";
  wanted.model = "fake/fake-2";
  REQUIRE(patch(wanted));
  wanted = {};
  wanted.pinned = true;
  REQUIRE(patch(wanted));
  CHECK(logic.row().label == "mine");
  CHECK(logic.row().model == "fake/fake-2");
  CHECK(logic.row().pinned_at > 0);
  CHECK(logic.row().archived_at == 0);
  wanted = {};
  wanted.label = "";
  wanted.pinned = false;
  REQUIRE(patch(wanted));
  CHECK(logic.row().label.empty());
  CHECK(logic.row().pinned_at == 0);
  CHECK(logic.row().model == "fake/fake-2");
  check_rows();
}

TEST_CASE_METHOD(changed_world, "patch: a session that does not exist is made") {
  patch_session wanted;
  wanted.label = "new";
  REQUIRE(patch(wanted));
  CHECK(logic.exists());
  CHECK_FALSE(logic.row().session_id.empty());
  check_rows();
}

TEST_CASE_METHOD(changed_world, "patch: marks make no session newer, and none is written twice") {
  turns(1);
  const auto updated = logic.row().updated_at;
  patch_session wanted;
  wanted.archived = true;
  REQUIRE(patch(wanted));
  const auto archived = logic.row().archived_at;
  CHECK(archived > 0);
  CHECK(logic.row().updated_at == updated);
  const auto again = patch(wanted);
  REQUIRE(again);
  CHECK(again.value().batch.empty());
  CHECK(logic.row().archived_at == archived);
}

TEST_CASE_METHOD(changed_world, "patch: only the mark that was seen is taken away") {
  turns(1);
  patch_session mark;
  mark.unread = true;
  REQUIRE(patch(mark));
  const auto marked = logic.row().marked_unread_at;
  REQUIRE(marked > 0);
  patch_session read;
  read.unread = false;
  read.expected_marked_unread_at = 0; // The page has not seen the mark.
  REQUIRE(patch(read));
  CHECK(logic.row().marked_unread_at == marked);
  CHECK(logic.row().last_read_at == 0);
  read.expected_marked_unread_at = marked;
  REQUIRE(patch(read));
  CHECK(logic.row().marked_unread_at == 0);
  CHECK(logic.row().last_read_at > marked);
  check_rows();
}

TEST_CASE_METHOD(changed_world, "patch: another session than expected and long names are refused") {
  turns(1);
  patch_session wanted;
  wanted.label = "x";
  wanted.expected_session_id = "another";
  CHECK(patch(wanted).error().code == errc::invalid_argument);
  wanted.expected_session_id = logic.row().session_id;
  CHECK(patch(wanted));
  wanted.label = std::string(name_bytes_max + 1, 'x');
  CHECK(patch(wanted).error().code == errc::invalid_argument);
  CHECK(logic.row().label == "x");
}

TEST_CASE_METHOD(changed_world, "patch: is possible while a run is active") {
  REQUIRE(submit("r1"));
  patch_session wanted;
  wanted.model = "fake/fake-2";
  REQUIRE(patch(wanted));
  CHECK(logic.active()->run_id == "r1");
  CHECK(count(tables::busy_prefix()) == 1);
  check_rows();
}

TEST_CASE_METHOD(changed_world, "compact: keeps the newest turns, from a user's message on") {
  turns(3); // 1 … 6
  SECTION("whole turns") {
    const auto told = compact(2);
    CHECK(told.compacted);
    CHECK(told.kept == 2);
    CHECK(in_context() == seqs{5, 6});
  }
  SECTION("half a turn goes whole") {
    const auto told = compact(3);
    CHECK(told.compacted);
    CHECK(told.kept == 2);
    CHECK(in_context() == seqs{5, 6});
  }
  SECTION("one more") {
    CHECK(compact(5).kept == 4);
    CHECK(in_context() == seqs{3, 4, 5, 6});
  }
  CHECK(logic.row().context_tokens == 0);
  check_rows();
}

TEST_CASE_METHOD(changed_world, "compact: does nothing where there is nothing to leave out") {
  CHECK_FALSE(compact(1).compacted);
  turns(1);
  CHECK(compact(2).reason == "Nothing to compact (session too small)");
  CHECK_FALSE(compact(1).compacted); // The last turn has two messages.
  CHECK(in_context() == seqs{1, 2});
  REQUIRE(submit("r1"));
  const auto busy = logic.compact(*log.rows().snapshot(), shard, 1, now);
  REQUIRE_FALSE(busy);
  CHECK(busy.error().code == errc::unavailable);
}

} // namespace troupe::test
