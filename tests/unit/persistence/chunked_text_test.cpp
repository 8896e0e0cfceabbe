#include "persistence/tables/chunked_text.hpp"
#include "persistence/tables/record.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/long_text.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace troupe;
using namespace troupe::tables;
using test::hex;
using test::long_text;

namespace {

constexpr std::size_t message_bytes_max = 4u << 20;
const digest conversation = digest_of("agent:main:main");

/// Chunk rows in memory, and how many were read.
struct chunk_rows final : row_snapshot {
  std::map<std::string, std::string, std::less<>> rows;
  mutable std::size_t reads = 0;

  result<std::optional<std::string>> get(shard_id, std::string_view key) const override {
    ++reads;
    const auto found = rows.find(key);
    return found == rows.end() ? std::optional<std::string>{} : std::optional{found->second};
  }
  result<void>
  scan(shard_id, std::string_view, std::string_view, scan_order,
       const std::function<scan_step(std::string_view, std::string_view)>&) const override {
    return boost::outcome_v2::success();
  }

  chunk_source source() const { return {*this, shard_id{3}, conversation}; }
  void put(const split_text& split) {
    for (const auto& piece : split.pieces)
      rows[chunk_key(conversation, piece.id)] = encode_chunk(piece.bytes);
  }
};

} // namespace

TEST_CASE("chunked text: split and joined it is the same, whatever its length") {
  for (const std::size_t head : {std::size_t{0}, text_head_bytes_max})
    for (const std::size_t base : {std::size_t{0}, head, chunk_bytes_max, head + chunk_bytes_max,
                                   head + 2 * chunk_bytes_max, message_bytes_max})
      for (const std::size_t bytes : {base == 0 ? base : base - 1, base, base + 1}) {
        INFO(bytes << " bytes, head " << head);
        const auto text = long_text(bytes);
        const auto split = tables::split(text, head);
        CHECK(split.head.size() == std::min(head, bytes));
        const auto rest = bytes - split.head.size();
        CHECK(split.rest.bytes == rest);
        REQUIRE(split.rest.pieces.size() == (rest + chunk_bytes_max - 1) / chunk_bytes_max);
        chunk_rows rows;
        rows.put(split);
        CHECK(rows.rows.size() == split.pieces.size());

        const auto joined = join(split.head, split.rest, rows.source());

        REQUIRE(joined);
        CHECK((joined.value() == text));
      }
}

TEST_CASE("chunked text: equal pieces are one chunk") {
  const std::string text(10 * chunk_bytes_max, 'x');
  const auto split = tables::split(text, 0);
  chunk_rows rows;
  rows.put(split);
  CHECK(split.rest.pieces.size() == 10);
  CHECK(rows.rows.size() == 1);
  CHECK((join("", split.rest, rows.source()).value() == text));
}

TEST_CASE("chunked text: the head ends between characters, the pieces where they must") {
  for (std::size_t before = 0; before < 4; ++before) {
    std::string text(text_head_bytes_max - before, 'x');
    for (int i = 0; i < 40'000; ++i)
      text += "\xf0\x9f\x8e\xad";
    const auto split = tables::split(text, text_head_bytes_max);
    CHECK(split.head.size() == text_head_bytes_max - before);
    chunk_rows rows;
    rows.put(split);
    CHECK((join(split.head, split.rest, rows.source()).value() == text));
  }
  const std::string no_text(2 * text_head_bytes_max, '\x80');
  CHECK(tables::split(no_text, text_head_bytes_max).head.empty());
}

TEST_CASE("chunked text: no more is read than is wanted") {
  const auto text = long_text(message_bytes_max);
  const auto split = tables::split(text, text_head_bytes_max);
  chunk_rows rows;
  rows.put(split);
  for (const std::size_t wanted : {std::size_t{0}, text_head_bytes_max - 1, text_head_bytes_max,
                                   std::size_t{500'000}, message_bytes_max - 1}) {
    INFO(wanted);
    rows.reads = 0;
    const auto some = join(split.head, split.rest, rows.source(), wanted);
    REQUIRE(some);
    CHECK(some.value().size() > wanted);
    CHECK(text.starts_with(some.value()));
    CHECK(rows.reads <= 1 + wanted / chunk_bytes_max);
  }
  CHECK((join(split.head, split.rest, rows.source(), message_bytes_max).value() == text));
}

TEST_CASE("chunked text: a missing or wrong chunk is corrupt, and named") {
  const auto text = long_text(3 * chunk_bytes_max);
  const auto split = tables::split(text, 0);
  for (std::size_t i = 0; i < split.pieces.size(); ++i) {
    const auto& piece = split.pieces[i];
    const auto name = hex({reinterpret_cast<const char*>(piece.id.data()), piece.id.size()});
    const auto key = chunk_key(conversation, piece.id);
    chunk_rows rows;
    rows.put(split);
    const auto refused = [&](std::optional<std::string> value) {
      if (value)
        rows.rows[key] = *value;
      else
        rows.rows.erase(key);
      const auto joined = join("", split.rest, rows.source());
      REQUIRE_FALSE(joined);
      CHECK(joined.error().code == errc::corrupt);
      return joined.error().detail;
    };
    CHECK(refused({}).find(name) != std::string::npos);
    CHECK(refused(encode_chunk(split.pieces[(i + 1) % 3].bytes)).find(name) != std::string::npos);
    auto flipped = std::string{piece.bytes};
    flipped.back() = static_cast<char>(flipped.back() ^ 1);
    CHECK(refused(encode_chunk(flipped)).find(name) != std::string::npos);
    refused("no record");
  }
  chunk_rows rows;
  rows.put(split);
  auto longer = split.rest;
  longer.bytes += 1;
  CHECK(join("", longer, rows.source()).error().code == errc::corrupt);
  auto shorter = split.rest;
  shorter.pieces.pop_back();
  CHECK(join("", shorter, rows.source()).error().code == errc::corrupt);
}

TEST_CASE("chunked text: rows keep their references, and rows of an older writer have none") {
  message_row message;
  message.seq = 7;
  message.text = "head";
  message.text_chunks = {70'000, {digest_of("a"), digest_of("b")}};
  message.calls.push_back({"c1", "write", "", {5, {digest_of("c")}}});
  message.calls.push_back({"c2", "read", "{}"});
  message.reasoning_chunks = {7, {digest_of("d")}};
  const auto read = decode_message(encode(message)).value();
  CHECK(read.text_chunks.bytes == 70'000);
  CHECK((read.text_chunks.pieces == message.text_chunks.pieces));
  CHECK((read.calls[0].arguments_chunks.pieces == message.calls[0].arguments_chunks.pieces));
  CHECK(read.calls[1].arguments_chunks.empty());
  CHECK((read.reasoning_chunks.pieces == message.reasoning_chunks.pieces));
  CHECK(text_bytes(read) == 4 + 70'000 + 5 + 2 + 7);

  input_row input;
  input.text = "head";
  input.text_chunks = {1, {digest_of("a")}};
  CHECK(decode_input(encode(input)).value().text_chunks.pieces.size() == 1);

  const auto older = record_writer{1}
                         .add(1u)
                         .add("r1")
                         .add("text")
                         .add(5)
                         .add("cli")
                         .add("cli")
                         .add("")
                         .add("")
                         .add(0u)
                         .take();
  CHECK(decode_input(older).value().text == "text");
  CHECK(decode_input(older).value().text_chunks.empty());
}

TEST_CASE("message row: what the model thought is kept, and an older writer's row has none") {
  message_row message;
  message.text = "text";
  message.reasoning = "[]";
  CHECK(decode_message(encode(message)).value().reasoning == "[]");

  record_writer older{1};
  older.add(1u).add("id").add(2u).add("r1").add(5).add("text").add("").add_list(
      std::vector<std::string>{});
  older.add("").add("").add(false);
  for (int i = 0; i < 5; ++i)
    older.add("");
  for (unsigned i = 0; i < 4; ++i)
    older.add(i);
  older.add("").add("").add_nil();
  const auto read = decode_message(older.take());
  INFO((read ? std::string{} : read.error().detail));
  REQUIRE(read);
  CHECK(read.value().text == "text");
  CHECK(read.value().cache_write == 3);
  CHECK(read.value().reasoning.empty());
  CHECK(read.value().reasoning_chunks.empty());
}

TEST_CASE("chunked text: references that cannot be are refused before memory is taken") {
  input_row input;
  input.text_chunks = {chunk_bytes_max + 1, {digest_of("a")}};
  CHECK(decode_input(encode(input)).error().code == errc::corrupt);
  input.text_chunks = {1, std::vector<digest>(chunks_per_text_max + 1)};
  CHECK(decode_input(encode(input)).error().code == errc::corrupt);
  input.text_chunks.pieces.pop_back();
  CHECK(decode_input(encode(input)));
}

TEST_CASE("formats: the long text of docs/formats/tables.md") {
  const auto text = std::string(1024, 'a') + "bc";
  const auto split = tables::split(text, text_head_bytes_max);
  input_row input;
  input.text = split.head;
  input.text_chunks = split.rest;
  const std::string id = "1e0bbd6c686ba050b8eb03ffeedc64fd";
  CHECK(hex(encode(input)).ends_with("93010291c410" + id + "c400")); // No options.
  CHECK(hex(encode_chunk(split.pieces.at(0).bytes)) == "9201c4026263");
  const auto key = chunk_key(conversation, split.pieces.at(0).id);
  CHECK(hex(key).starts_with("09"));
  CHECK(hex(key).ends_with(id));
  CHECK(key.size() == 33);
  CHECK((chunk_of_key(key).value() == split.pieces.at(0).id));
  CHECK(chunk_of_key(key + "x").error().code == errc::corrupt);
}
