#include "actors/conversation/limits.hpp"
#include "actors/support/reply.hpp"
#include "tests/support/long_text.hpp"
#include "tests/support/node_world.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>

namespace troupe::test {
namespace {

using tables::run_status;

bool alive(const node_world& world, const std::string& path_part) {
  for (const auto& actor : world.context->registry->list())
    if (actor.path.find(path_part) != std::string::npos)
      return true;
  return false;
}

} // namespace

TEST_CASE_METHOD(node_world, "conversation: a plain turn costs two commits and tells its events") {
  REQUIRE(submit_until_accepted("r1"));
  REQUIRE(finished("r1"));

  CHECK(log.proposals().size() == 2);
  std::string text;
  for (const auto& delta : seen<run_event::text_delta>())
    text += delta.text;
  CHECK(text == "hi there");
  REQUIRE(seen<run_event::finished>().size() == 1);
  CHECK(seen<run_event::finished>()[0].outcome->text == "hi there");
  CHECK(seen<run_event::message_committed>().size() == 2);
}

TEST_CASE_METHOD(node_world, "conversation: whoever waits for a run gets its outcome, also later") {
  REQUIRE(submit_until_accepted("r1"));
  REQUIRE(finished("r1"));

  const auto outcome = ask<run_outcome>(router, await_run{key, "r1"});

  REQUIRE(outcome);
  CHECK(outcome->status == run_status::ok);
  CHECK(outcome->text == "hi there");
  const auto unknown = ask<run_outcome>(router, await_run{key, "other"});
  REQUIRE_FALSE(unknown);
  CHECK(from_caf(unknown.error()).code == errc::not_found);
}

TEST_CASE_METHOD(node_world,
                 "conversation: a provider that breaks off is asked again, text replaced") {
  int calls = 0;
  const auto sound = provider.answer;
  provider.answer = [&](const std::string& body) {
    return ++calls < 3 ? std::vector<std::string>{} : sound(body);
  };
  REQUIRE(submit_until_accepted("r1"));
  const auto row = finished("r1");
  REQUIRE(row);
  CHECK(row->status == run_status::ok);
  CHECK(calls == 3);
  CHECK(seen<run_event::model_retry>().size() == 2);
}

TEST_CASE(
    "conversation: a provider whose secret has no value is not called, and the turn says why") {
  node_world world{"models.providers.fake.apiKey: the variable FAKE_KEY is not set"};
  REQUIRE(world.submit_until_accepted("r1"));
  const auto row = world.finished("r1");
  REQUIRE(row);
  CHECK(row->status == run_status::error);
  CHECK(row->error.find("FAKE_KEY is not set") != std::string::npos);
  CHECK(world.provider.calls == 0);
}

TEST_CASE_METHOD(node_world, "conversation: a crashing model call fails the turn, nothing else") {
  provider.answer = [](const std::string&) -> std::vector<std::string> {
    throw std::runtime_error{"planted"};
  };
  REQUIRE(submit_until_accepted("r1"));
  const auto row = finished("r1");
  REQUIRE(row);
  CHECK(row->status == run_status::error);
  CHECK(row->error.find("inside the gateway") != std::string::npos);
}

TEST_CASE_METHOD(node_world,
                 "conversation: a run that keeps crashing is quarantined, its neighbours live") {
  REQUIRE(submit_until_accepted("r0"));
  REQUIRE(finished("r0"));
  provider.answer = [](const std::string&) { return std::vector<std::string>{}; };
  REQUIRE(submit_until_accepted("r1"));
  for (std::uint32_t crash = 0; crash < crashes_max; ++crash) {
    REQUIRE(alive(*this, "/run/r1"));
    kill(newest_run);
    pass(std::chrono::seconds{1});
  }
  const auto row = run_row("r1");
  REQUIRE(row);
  CHECK(row->state == tables::run_state::closed);
  CHECK(row->status == run_status::error);
  const auto refused = ask<input_receipt>(router, input("r2"));
  REQUIRE_FALSE(refused);
  CHECK(from_caf(refused.error()).code == errc::forbidden);

  auto other = input("r3");
  other.key = "agent:main:other";
  log.lead(log.shard_of(other.key), first_term);
  self->send(router, shard_leading{log.shard_of(other.key), first_term});
  run();
  CHECK(ask<input_receipt>(router, other));

  const auto released = ask<session_written>(router, release_session{key});
  REQUIRE(released);
  CHECK(ask<input_receipt>(router, input("r2")));
}

TEST_CASE_METHOD(node_world, "conversation: abort closes the run and keeps what was said") {
  provider.answer = [](const std::string&) { return std::vector<std::string>{}; };
  REQUIRE(submit_until_accepted("r1"));
  REQUIRE(submit_until_accepted("r2"));

  const auto aborted = ask<aborted_runs>(router, abort_runs{key, ""});

  REQUIRE(aborted);
  CHECK(aborted->run_ids.size() == 2);
  // It is answered when all of them have ended and that is told.
  CHECK(seen<run_event::finished>().size() == 2);
  CHECK(run_row("r1")->status == run_status::aborted);
  CHECK(run_row("r2")->status == run_status::aborted);
  CHECK(finished("r1")->status == run_status::aborted);
  CHECK(finished("r2")->status == run_status::aborted);
  CHECK_FALSE(alive(*this, "/run/"));
}

TEST_CASE_METHOD(node_world,
                 "conversation: an idle one leaves memory and comes back with its history") {
  REQUIRE(submit_until_accepted("r1"));
  REQUIRE(finished("r1"));
  REQUIRE(alive(*this, "/conversation/"));

  pass(passivate_after);
  pass(passivate_after);

  CHECK_FALSE(alive(*this, "/conversation/"));
  REQUIRE(submit_until_accepted("r2"));
  REQUIRE(finished("r2"));
  CHECK(transcript().size() == 4);
  CHECK(ask<input_receipt>(router, input("r1"))->kind == receipt_kind::finished);
}

TEST_CASE_METHOD(node_world,
                 "conversation: no new input when the disk is nearly full, outcomes still go") {
  provider.answer = [](const std::string&) { return std::vector<std::string>{}; };
  REQUIRE(submit_until_accepted("r1"));
  log.set_pressure(storage_pressure::high);

  const auto refused = ask<input_receipt>(router, input("r2"));

  REQUIRE_FALSE(refused);
  CHECK(from_caf(refused.error()).code == errc::overloaded);
  REQUIRE(ask<aborted_runs>(router, abort_runs{key, ""}));
  CHECK(finished("r1")->status == run_status::aborted);
  CHECK(ask<input_receipt>(router, input("r1"))->kind == receipt_kind::finished);
}

TEST_CASE_METHOD(node_world, "conversation: a lapsed lease stops events and tools, not the run") {
  REQUIRE(submit_until_accepted("r0"));
  REQUIRE(finished("r0"));
  events.clear();
  log.limit_lease(shard(), time.now_boot());

  const auto refused = ask<input_receipt>(router, input("r1"));

  CHECK_FALSE(refused);
  CHECK(events.empty());
  log.limit_lease(shard(), endless_lease);
  REQUIRE(submit_until_accepted("r1"));
  CHECK(finished("r1")->status == run_status::ok);
  CHECK(finished("r1")->crashes == 0);
}

TEST_CASE_METHOD(node_world, "conversation: a long answer is told and kept whole") {
  const auto text = long_text(900'000);
  provider.answer = [&](const std::string&) {
    std::vector<std::string> chunks;
    for (std::size_t at = 0; at < text.size(); at += 30'000)
      chunks.push_back(R"({"id":"x","choices":[{"delta":{"content":")" + text.substr(at, 30'000) +
                       R"("}}]})");
    chunks.push_back(R"({"id":"x","choices":[{"delta":{},"finish_reason":"stop"}]})");
    return chunks;
  };
  REQUIRE(submit_until_accepted("r1"));
  REQUIRE(finished("r1"));

  CHECK((transcript().back().text == text));
  REQUIRE(seen<run_event::finished>().size() == 1);
  CHECK((seen<run_event::finished>()[0].outcome->text == text));
  const auto outcome = ask<run_outcome>(router, await_run{key, "r1"});
  REQUIRE(outcome);
  CHECK((outcome->text == text));
}

TEST_CASE_METHOD(node_world, "conversation: an answer over its bound stops there, as length") {
  provider.answer = [&](const std::string&) {
    const std::string piece(100'000, 'x');
    return std::vector<std::string>(12, R"({"id":"x","choices":[{"delta":{"content":")" + piece +
                                            R"("}}]})");
  };
  REQUIRE(submit_until_accepted("r1"));
  const auto row = finished("r1");
  REQUIRE(row);
  CHECK(row->status == run_status::ok);
  CHECK(row->stop_reason == "length");
  CHECK(transcript().back().text.size() == 1'000'000);
}

TEST_CASE_METHOD(node_world,
                 "conversation: a long input that waited is told whole when it begins") {
  const auto text = long_text(300'000);
  const auto sound = provider.answer;
  provider.answer = [](const std::string&) { return std::vector<std::string>{}; };
  REQUIRE(submit_until_accepted("r1"));
  REQUIRE(submit_until_accepted("r2", text));
  provider.answer = sound;
  REQUIRE(finished("r2"));
  std::size_t told = 0;
  for (const auto& message : seen<run_event::message_committed>())
    if (message.row->run_id == "r2" && message.row->role == tables::message_role::user) {
      ++told;
      CHECK((message.row->text == text));
    }
  CHECK(told == 1);
}

TEST_CASE_METHOD(node_world, "conversation: chunks of a withdrawn input are swept") {
  provider.answer = [](const std::string&) { return std::vector<std::string>{}; };
  const auto id = tables::digest_of(key);
  REQUIRE(submit_until_accepted("r1"));
  REQUIRE(submit_until_accepted("r2", long_text(300'000)));
  REQUIRE(count(tables::chunk_prefix(id)) > 0);

  REQUIRE(ask<aborted_runs>(router, abort_runs{key, "r2"}));

  CHECK(count(tables::chunk_prefix(id)) == 0);
  CHECK(count(tables::unclaimed_key(id)) == 0);
  REQUIRE(ask<aborted_runs>(router, abort_runs{key, ""}));
  REQUIRE(finished("r1"));
  CHECK(count(tables::busy_prefix()) == 0);
}

TEST_CASE_METHOD(node_world,
                 "conversation: chunks of an upload that broke off are swept by the next leader") {
  const auto id = tables::digest_of(key);
  log.complete(completion::manual);
  auto pending = self->request(router, caf::infinite, input("r1", long_text(1u << 20)));
  run();
  REQUIRE(log.finish_one());
  REQUIRE(log.finish_one());
  run();
  REQUIRE(count(tables::chunk_prefix(id)) == 6);
  depose();
  log.complete(completion::at_once);

  lead(epoch{2});

  CHECK(count(tables::chunk_prefix(id)) == 0);
  CHECK(count(tables::unclaimed_key(id)) == 0);
  CHECK(count(tables::busy_prefix()) == 0);
  CHECK_FALSE(run_row("r1"));
  run();
  pending.receive([](input_receipt&) { FAIL("acknowledged without its commit"); },
                  [](caf::error& failure) { CHECK(from_caf(failure).code == errc::unavailable); });
}

TEST_CASE_METHOD(node_world,
                 "conversation: a delete waits for what is on its way, and erases that too") {
  log.complete(completion::manual);
  auto submitted = self->request(router, caf::infinite, input("r1", long_text(300'000)));
  run();
  while (log.finish_one())
    run();
  submitted.receive([](input_receipt&) {},
                    [](caf::error& failure) { FAIL(caf::to_string(failure)); });
  CHECK(run_row("r1")->state == tables::run_state::closed);
  log.complete(completion::at_once);

  const auto deleted = ask<session_deleted>(router, delete_session{key});

  REQUIRE(deleted);
  CHECK(deleted->deleted);
  CHECK(count(tables::chunk_prefix(tables::digest_of(key))) == 0);
  CHECK(count(tables::message_prefix(tables::digest_of(key))) == 0);
}

TEST_CASE_METHOD(node_world, "conversation: a text whose chunk is gone fails its turn, named") {
  provider.answer = [](const std::string&) { return std::vector<std::string>{}; };
  REQUIRE(submit_until_accepted("r1"));
  REQUIRE(submit_until_accepted("r2", long_text(300'000)));
  write_batch lost;
  REQUIRE(log.rows().snapshot()->scan(shard(), tables::chunk_prefix(tables::digest_of(key)), {},
                                      scan_order::ascending,
                                      [&](std::string_view chunk, std::string_view) {
                                        lost.erase(std::string{chunk});
                                        return scan_step::stop;
                                      }));
  log.propose(shard(), first_term, lost, [](proposal_result) {});

  REQUIRE(ask<aborted_runs>(router, abort_runs{key, "r1"}));

  const auto row = finished("r2");
  REQUIRE(row);
  CHECK(row->status == run_status::error);
  CHECK(row->error.find("chunk") != std::string::npos);
}

} // namespace troupe::test
