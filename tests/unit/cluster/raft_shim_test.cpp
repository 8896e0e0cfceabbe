#include "cluster/raft/raft_shim.h"

#include <catch2/catch.hpp>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace troupe::test {
namespace {

constexpr std::uint64_t self = 1;
constexpr std::uint64_t peer = 2;

std::string configuration(std::vector<std::uint64_t> ids) {
  std::vector<std::string> names;
  for (const auto id : ids)
    names.push_back(std::to_string(id));
  std::vector<raft_shim_server> servers;
  for (std::size_t i = 0; i < ids.size(); ++i)
    servers.push_back({ids[i], names[i].c_str(), true});
  std::string encoded(1024, '\0');
  encoded.resize(
      raft_shim_encode_configuration(servers.data(), servers.size(), encoded.data(), 1024));
  return encoded;
}

class shim_world {
public:
  explicit shim_world(std::vector<std::uint64_t> ids) : configured(configuration(ids)) {
    const raft_shim_options options{self, "1", 100, 20, 1};
    shim.reset(raft_shim_create(&options));
    REQUIRE(shim);
  }
  void start(std::uint64_t term, std::vector<raft_shim_entry> entries, std::uint64_t first = 1) {
    const raft_shim_snapshot_point none{};
    raft_shim_start(shim.get(), term, self, &none, first, entries.data(), entries.size(), now,
                    &update);
  }
  raft_shim_entry change(std::uint64_t term = 1) const {
    return {term, RAFT_SHIM_CHANGE, configured.data(), configured.size()};
  }
  raft_shim_message message(std::uint8_t type, std::uint64_t term) const {
    raft_shim_message out{};
    out.type = type;
    out.version = type == RAFT_SHIM_APPEND_ENTRIES ? 0 : 2;
    out.peer = peer;
    out.term = term;
    out.candidate = type == RAFT_SHIM_REQUEST_VOTE ? peer : 0;
    return out;
  }
  int receive(const raft_shim_message& in) {
    raft_shim_receive(shim.get(), &in, now, &update);
    return update.status;
  }
  int submit(std::vector<raft_shim_entry> entries) {
    raft_shim_submit(shim.get(), entries.data(), static_cast<std::uint32_t>(entries.size()), now,
                     &update);
    return update.status;
  }
  int persisted(std::uint64_t index) {
    raft_shim_persisted(shim.get(), index, now, &update);
    return update.status;
  }

  struct closer {
    void operator()(raft_shim* handle) const { raft_shim_destroy(handle); }
  };
  std::string configured;
  std::unique_ptr<raft_shim, closer> shim;
  raft_shim_update update{};
  std::uint64_t now = 1000;
};

const raft_shim_entry command{0, RAFT_SHIM_COMMAND, "x", 1};

TEST_CASE("shim: a sole voter leads at once and commits what is persisted", "[raft]") {
  shim_world world{{self}};

  world.start(2, {world.change()});
  CHECK(world.update.state == RAFT_SHIM_LEADER);
  CHECK(world.update.commit_index == 1);
  REQUIRE(world.submit({command, command}) == RAFT_SHIM_OK);
  CHECK(world.update.entries_first == 2);
  CHECK(world.update.entries_count == 2);
  CHECK(world.update.commit_index == 1);
  REQUIRE(world.persisted(3) == RAFT_SHIM_OK);

  CHECK(world.update.commit_index == 3);
  CHECK(world.update.persisted_index == 3);
}

TEST_CASE("shim: a log that is not one poisons the group", "[raft]") {
  const shim_world sound{{self}};
  const std::vector<std::vector<raft_shim_entry>> logs{
      {},
      {command},
      {{1, RAFT_SHIM_COMMAND, "x", 1}},
      {{1, RAFT_SHIM_CHANGE, "\1\377", 2}},
      {sound.change(3)},
      {sound.change(2), {1, RAFT_SHIM_COMMAND, "x", 1}},
      {sound.change(1), {1, 9, "x", 1}}};

  for (const auto& log : logs) {
    shim_world world{{self}};
    world.start(2, log);
    CHECK(world.update.status == RAFT_SHIM_POISONED);
    CHECK(std::string{raft_shim_reason(world.shim.get())} != "");
    CHECK(world.submit({command}) == RAFT_SHIM_POISONED);
  }
}

TEST_CASE("shim: persisting what was never handed out, or twice, poisons the group", "[raft]") {
  const auto index = GENERATE(std::uint64_t{1}, std::uint64_t{4});
  shim_world world{{self}};
  world.start(2, {world.change()});
  REQUIRE(world.submit({command, command}) == RAFT_SHIM_OK);

  CHECK(world.persisted(index) == RAFT_SHIM_POISONED);
  CHECK(world.persisted(3) == RAFT_SHIM_POISONED);
}

TEST_CASE("shim: events before the start are refused", "[raft]") {
  shim_world world{{self}};

  CHECK(world.submit({command}) == RAFT_SHIM_REFUSED);
  CHECK(world.receive(world.message(RAFT_SHIM_APPEND_ENTRIES, 1)) == RAFT_SHIM_REFUSED);
}

TEST_CASE("shim: malformed messages are refused and change nothing", "[raft]") {
  shim_world world{{self, peer, 3}};
  world.start(2, {world.change()});
  const raft_shim_entry newer{9, RAFT_SHIM_COMMAND, "x", 1};
  const raft_shim_entry broken{5, RAFT_SHIM_CHANGE, "\1\377\377\377\377\377\377\377\377", 9};

  auto from_self = world.message(RAFT_SHIM_APPEND_ENTRIES, 5);
  from_self.peer = self;
  CHECK(world.receive(from_self) == RAFT_SHIM_REFUSED);
  CHECK(world.receive(world.message(RAFT_SHIM_APPEND_ENTRIES, 0)) == RAFT_SHIM_REFUSED);
  CHECK(world.receive(world.message(RAFT_SHIM_INSTALL_SNAPSHOT, 5)) == RAFT_SHIM_REFUSED);
  CHECK(world.receive(world.message(77, 5)) == RAFT_SHIM_REFUSED);
  CHECK(world.receive(world.message(RAFT_SHIM_REQUEST_VOTE_RESULT, 9)) == RAFT_SHIM_REFUSED);
  auto vote_for_another = world.message(RAFT_SHIM_REQUEST_VOTE, 5);
  vote_for_another.candidate = 3;
  CHECK(world.receive(vote_for_another) == RAFT_SHIM_REFUSED);
  auto append = world.message(RAFT_SHIM_APPEND_ENTRIES, 5);
  append.prev_log_index = 1;
  append.prev_log_term = 1;
  append.entries_count = 1;
  for (const auto* entry : {&newer, &broken}) {
    append.entries = entry;
    CHECK(world.receive(append) == RAFT_SHIM_REFUSED);
  }
  CHECK(world.update.term == 2);
  CHECK(world.update.last_index == 1);
}

TEST_CASE("shim: a second leader in our own term poisons the group", "[raft]") {
  shim_world world{{self}};
  world.start(2, {world.change()});

  CHECK(world.receive(world.message(RAFT_SHIM_APPEND_ENTRIES, 2)) == RAFT_SHIM_POISONED);
}

TEST_CASE("shim: a leader that contradicts what is committed poisons the group", "[raft]") {
  shim_world world{{self, peer, 3}};
  world.start(2, {world.change()});
  const raft_shim_entry first{2, RAFT_SHIM_COMMAND, "a", 1};
  auto append = world.message(RAFT_SHIM_APPEND_ENTRIES, 2);
  append.prev_log_index = 1;
  append.prev_log_term = 1;
  append.leader_commit = 2;
  append.entries = &first;
  append.entries_count = 1;
  REQUIRE(world.receive(append) == RAFT_SHIM_OK);
  REQUIRE(world.persisted(2) == RAFT_SHIM_OK);
  REQUIRE(world.update.commit_index == 2);

  const raft_shim_entry other{3, RAFT_SHIM_COMMAND, "b", 1};
  append.term = 3;
  append.entries = &other;

  CHECK(world.receive(append) == RAFT_SHIM_POISONED);
}

TEST_CASE("shim: a late append does not take the commit index back", "[raft]") {
  shim_world world{{self, peer, 3}};
  world.start(2, {world.change()});
  const std::vector<raft_shim_entry> entries(5, {2, RAFT_SHIM_COMMAND, "a", 1});
  auto append = world.message(RAFT_SHIM_APPEND_ENTRIES, 2);
  append.prev_log_index = 1;
  append.prev_log_term = 1;
  append.leader_commit = 4;
  append.entries = entries.data();
  append.entries_count = 5;
  REQUIRE(world.receive(append) == RAFT_SHIM_OK);
  REQUIRE(world.persisted(6) == RAFT_SHIM_OK);
  REQUIRE(world.update.commit_index == 4);

  append.leader_commit = 6;
  append.entries_count = 1;

  CHECK(world.receive(append) == RAFT_SHIM_OK);
  CHECK(world.update.commit_index == 4);
}

TEST_CASE("shim: a late refusal does not take a follower back behind what it has", "[raft]") {
  shim_world world{{self, peer, 3}};
  world.start(2, {world.change()});
  const auto grant = [&](std::uint64_t term, bool pre_vote) {
    auto vote = world.message(RAFT_SHIM_REQUEST_VOTE_RESULT, term);
    vote.vote_granted = true;
    vote.pre_vote = pre_vote;
    return world.receive(vote);
  };
  world.now = world.update.deadline_ms;
  raft_shim_timeout(world.shim.get(), world.now, &world.update);
  REQUIRE(grant(3, true) == RAFT_SHIM_OK);
  REQUIRE(grant(3, false) == RAFT_SHIM_OK);
  REQUIRE(world.update.state == RAFT_SHIM_LEADER);
  REQUIRE(world.submit({command, command, command}) == RAFT_SHIM_OK);
  auto result = world.message(RAFT_SHIM_APPEND_ENTRIES_RESULT, 3);
  result.last_log_index = 3;
  REQUIRE(world.receive(result) == RAFT_SHIM_OK);

  result.rejected = 3;
  result.last_log_index = 1;
  CHECK(world.receive(result) == RAFT_SHIM_REFUSED);
  result.rejected = 4;
  REQUIRE(world.receive(result) == RAFT_SHIM_OK);

  REQUIRE(world.update.messages_count == 1);
  CHECK(world.update.messages[0].prev_log_index == 3);
  CHECK(world.update.messages[0].entries_count == 1);
}

TEST_CASE("shim: the answer to an append of an older term claims nothing", "[raft]") {
  shim_world world{{self, peer, 3}};
  world.start(5, {world.change(1)});
  auto append = world.message(RAFT_SHIM_APPEND_ENTRIES, 4);

  for (const std::uint64_t previous : {0u, 1u}) {
    append.prev_log_index = previous;
    append.prev_log_term = previous;
    REQUIRE(world.receive(append) == RAFT_SHIM_OK);
    REQUIRE(world.update.messages_count == 1);
    CHECK(world.update.messages[0].type == RAFT_SHIM_APPEND_ENTRIES_RESULT);
    CHECK(world.update.messages[0].term == 5);
    CHECK(world.update.messages[0].last_log_index == 0);
  }
}

TEST_CASE("shim: of an append only what lies before a later change is taken", "[raft]") {
  shim_world world{{self, peer, 3}};
  world.start(2, {world.change()});
  const std::array<raft_shim_entry, 3> entries{raft_shim_entry{2, RAFT_SHIM_COMMAND, "a", 1},
                                               world.change(2),
                                               raft_shim_entry{2, RAFT_SHIM_COMMAND, "b", 1}};
  auto append = world.message(RAFT_SHIM_APPEND_ENTRIES, 2);
  append.prev_log_index = 1;
  append.prev_log_term = 1;
  append.entries = entries.data();
  append.entries_count = 3;

  REQUIRE(world.receive(append) == RAFT_SHIM_OK);

  CHECK(world.update.entries_count == 1);
  CHECK(world.update.last_index == 2);
}

TEST_CASE("shim: truncation keeps what trails and refuses to go back", "[raft]") {
  shim_world world{{self}};
  world.start(2, {world.change()});
  REQUIRE(world.submit(std::vector<raft_shim_entry>(9, command)) == RAFT_SHIM_OK);
  REQUIRE(world.persisted(10) == RAFT_SHIM_OK);
  raft_shim_snapshot_point point{};
  std::uint64_t keep_from = 0;
  const auto truncate = [&](std::uint64_t index) {
    raft_shim_truncate(world.shim.get(), index, 2, world.now, &point, &keep_from, &world.update);
    return world.update.status;
  };

  REQUIRE(truncate(8) == RAFT_SHIM_OK);
  CHECK(point.index == 8);
  CHECK(point.term == 2);
  CHECK(point.configuration_index == 1);
  CHECK(keep_from == 7);
  std::array<raft_shim_server, RAFT_SHIM_SERVERS_MAX> servers{};
  REQUIRE(raft_shim_decode_configuration(point.configuration, point.configuration_size,
                                         servers.data()) == 1);
  CHECK(servers[0].id == self);
  CHECK(truncate(8) == RAFT_SHIM_REFUSED);
  CHECK(truncate(11) == RAFT_SHIM_REFUSED);
}

TEST_CASE("shim: a configuration cut at any byte is refused", "[raft]") {
  const auto whole = configuration({self, peer, 3});
  std::array<raft_shim_server, RAFT_SHIM_SERVERS_MAX> servers{};
  REQUIRE(raft_shim_decode_configuration(whole.data(), whole.size(), servers.data()) == 3);
  // Format, count, and three servers of id, one digit, zero and role; what follows is padding.
  constexpr std::size_t needed = 9 + 3 * 11;

  for (std::size_t size = 0; size < needed; ++size) {
    const std::vector<char> cut(whole.begin(), whole.begin() + static_cast<int>(size));
    CHECK(raft_shim_decode_configuration(cut.data(), cut.size(), servers.data()) == 0);
  }
}

} // namespace
} // namespace troupe::test
