#include "actors/conversation/limits.hpp"
#include "actors/support/reply.hpp"
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

} // namespace troupe::test
