#include "base/random.hpp"
#include "cluster/raft/messages.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {
namespace {

raft_wire_message sample() {
  raft_wire_message message;
  message.group = shard_id{7};
  message.from = 0x1122334455667788;
  message.to = 2;
  message.fields.type = RAFT_SHIM_APPEND_ENTRIES;
  message.fields.version = 2;
  message.fields.term = 3;
  message.fields.candidate = 4;
  message.fields.last_log_index = 5;
  message.fields.last_log_term = 6;
  message.fields.prev_log_index = 7;
  message.fields.prev_log_term = 8;
  message.fields.leader_commit = 9;
  message.fields.rejected = 10;
  message.fields.features = 11;
  message.fields.capacity = 12;
  message.fields.disrupt_leader = true;
  message.fields.vote_granted = true;
  message.entries = {{3, RAFT_SHIM_COMMAND, "first"}, {3, RAFT_SHIM_BARRIER, ""}};
  return message;
}

TEST_CASE("raft message: every field comes back", "[raft]") {
  const auto bytes = encode(sample());

  const auto decoded = decode_raft_message(bytes);

  REQUIRE(decoded);
  const auto& got = decoded.value();
  const auto want = sample();
  CHECK(got.group == want.group);
  CHECK(got.from == want.from);
  CHECK(got.to == want.to);
  CHECK(got.fields.peer == want.from);
  CHECK(got.fields.type == want.fields.type);
  CHECK(got.fields.version == want.fields.version);
  CHECK(got.fields.term == want.fields.term);
  CHECK(got.fields.candidate == want.fields.candidate);
  CHECK(got.fields.last_log_index == want.fields.last_log_index);
  CHECK(got.fields.last_log_term == want.fields.last_log_term);
  CHECK(got.fields.prev_log_index == want.fields.prev_log_index);
  CHECK(got.fields.prev_log_term == want.fields.prev_log_term);
  CHECK(got.fields.leader_commit == want.fields.leader_commit);
  CHECK(got.fields.rejected == want.fields.rejected);
  CHECK(got.fields.features == want.fields.features);
  CHECK(got.fields.capacity == want.fields.capacity);
  CHECK(got.fields.disrupt_leader);
  CHECK_FALSE(got.fields.pre_vote);
  CHECK(got.fields.vote_granted);
  REQUIRE(got.entries.size() == 2);
  CHECK(got.entries[0].payload == "first");
  CHECK(got.entries[1].kind == RAFT_SHIM_BARRIER);
  CHECK(encode(got) == bytes);
}

TEST_CASE("raft message: cut at any byte or with more behind it is refused", "[raft]") {
  const auto bytes = encode(sample());

  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decode_raft_message(std::string_view{bytes}.substr(0, size)));
  CHECK_FALSE(decode_raft_message(bytes + "x"));
  CHECK_FALSE(decode_raft_message(std::string(raft_wire_bytes_max + 1, '\1')));
}

TEST_CASE("raft message: flipped bytes are refused or read, never trusted with a size", "[raft]") {
  random_generator random{1};
  const auto bytes = encode(sample());

  for (int i = 0; i < 20'000; ++i) {
    auto broken = bytes;
    broken[random.below(broken.size())] = static_cast<char>(random.below(256));
    const auto decoded = decode_raft_message(broken);
    if (decoded)
      CHECK(encode(decoded.value()).size() == broken.size());
  }
}

} // namespace
} // namespace troupe::test
