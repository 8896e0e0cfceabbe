#include "persistence/journal/frame.hpp"
#include "persistence/journal/group_fields.hpp"
#include "persistence/journal/key_range.hpp"
#include "persistence/journal/write_batch.hpp"
#include "persistence/tables/record.hpp"
#include "persistence/tables/row_key.hpp"
#include "tests/support/hex.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using test::hex;

// The worked examples of docs/formats/: these bytes are on disks. A failure here means that the
// format has changed, not that the test is old.

TEST_CASE("formats: the record of docs/formats/tables.md") {
  const auto record =
      record_writer{1}.add(300).add("hi").add(std::optional<int>{}).add_list({"x"}).take();
  CHECK(hex(record) == "9501cd012ca26869c091a178");
}

TEST_CASE("formats: the row key of docs/formats/tables.md") {
  const auto key = row_key{'\x21'}.text(std::string_view{"a\0b", 3}).number(258).take();
  CHECK(hex(key) == "216100ff6200010000000000000102");
}

TEST_CASE("formats: the write batch of docs/formats/log.md") {
  write_batch batch;
  batch.put("!a", "hi");
  batch.erase("!b");
  CHECK(hex(batch.encode()) == "920194c4022161c4026869c4022162c0");
}

TEST_CASE("formats: the log entry of docs/formats/log.md") {
  const auto key = log_key(shard_id{7}, 42);
  const auto payload = encode_entry_head({3, 1, ""}) + "hi";
  CHECK(hex(key) == "0007000000000000002a");
  CHECK(hex(payload) == "0000000000000003016869");
  std::string sum;
  append_u64(sum, frame_checksum(store_database::log, key, payload));
  CHECK(hex(sum) == "5bee7852b28e98d4");
}

TEST_CASE("formats: the row of docs/formats/log.md") {
  const auto key = store_key(shard_id{7}, "!a");
  CHECK(hex(key) == "00072161");
  std::string sum;
  append_u64(sum, frame_checksum(store_database::rows, key, "hi"));
  CHECK(hex(sum) == "3813691e113048ec");
}

TEST_CASE("formats: the fields of a group of docs/formats/log.md") {
  CHECK(hex(group_key(meta_shard, group_field::vote)) == "ffff76");
  CHECK(hex(encode_vote({3, 1})) == "93010301");
  CHECK(hex(encode_snapshot_point({9, 3, 1, "c"})) == "9501090301c40163");
  CHECK(hex(encode_number(42)) == "92012a");
}

TEST_CASE("formats: a framed value in another place is noticed") {
  const std::string payload = "payload";
  const auto framed = [&](store_database place, std::string_view key) {
    std::string value;
    append_u64(value, frame_checksum(place, key, payload));
    return value + payload;
  };
  const auto value = framed(store_database::rows, "key");

  CHECK(unframe(store_database::rows, "key", value).value() == payload);
  CHECK(unframe(store_database::rows, "kez", value).error().code == errc::corrupt);
  CHECK(unframe(store_database::log, "key", value).error().code == errc::corrupt);
  CHECK(unframe(store_database::rows, "key", value.substr(0, 7)).error().code == errc::corrupt);
  for (std::size_t at = 0; at < value.size(); ++at) {
    auto flipped = value;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    CHECK_FALSE(unframe(store_database::rows, "key", flipped));
  }
}

TEST_CASE("formats: the store's records come back as they were written") {
  const auto point = decode_snapshot_point(encode_snapshot_point({9, 3, 1, "conf"})).value();
  CHECK(point.index == 9);
  CHECK(point.term == 3);
  CHECK(point.configuration_index == 1);
  CHECK(point.configuration == "conf");
  const auto vote = decode_vote(encode_vote({UINT64_MAX, 7})).value();
  CHECK(vote.term == UINT64_MAX);
  CHECK(vote.voted_for == 7);
  const auto entry = decode_entry(encode_entry_head({5, 3, ""}) + "bytes").value();
  CHECK(entry.term == 5);
  CHECK(entry.kind == 3);
  CHECK(entry.payload == "bytes");
  CHECK(decode_entry("8 bytes!").error().code == errc::corrupt);
}
