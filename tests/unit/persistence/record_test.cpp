#include "persistence/tables/record.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <limits>

using namespace troupe;

namespace {

enum class colour : std::uint8_t { red, green, blue };

std::string sample() {
  return record_writer{2}
      .add(std::uint64_t{7})
      .add(-3)
      .add("text")
      .add(true)
      .add(1.5)
      .add(std::optional<std::string>{})
      .add(colour::green)
      .add_list({"a", "b"})
      .add(record_writer{1}.add("inner"))
      .add_bytes(std::string("\0\xff", 2))
      .take();
}

/// Reads all of `sample`, and says whether it was well.
result<std::string> read_sample(std::string_view bytes) {
  TR_TRY(auto in, record_reader::open(bytes, 2));
  std::string out;
  out += std::to_string(in.read<std::uint64_t>());
  out += std::to_string(in.read<int>());
  out += in.read<std::string>();
  out += in.read<bool>() ? "yes" : "no";
  out += std::to_string(in.read<double>());
  out += in.read_optional<std::string>().value_or("nothing");
  out += std::to_string(static_cast<int>(in.read_enum(colour::blue)));
  for (const auto& text : in.read_texts())
    out += text;
  auto inner = in.read_record(1);
  out += inner.read<std::string_view>();
  in.absorb(inner);
  out += in.read<std::string>();
  TR_TRY(in.finish("sample"));
  return out;
}

} // namespace

TEST_CASE("record: fields come back in order") {
  const auto read = read_sample(sample());
  REQUIRE(read);
  CHECK(read.value() == "7-3textyes1.500000nothing1abinner" + std::string("\0\xff", 2));
}

TEST_CASE("record: integers and texts of any value come back") {
  CHECK(rc::check([](std::int64_t a, std::uint64_t b, std::int32_t c, const std::string& text) {
    const auto bytes = record_writer{1}.add(a).add(b).add(c).add(text).add_bytes(text).take();
    auto in = record_reader::open(bytes, 1).value();
    RC_ASSERT(in.read<std::int64_t>() == a);
    RC_ASSERT(in.read<std::uint64_t>() == b);
    RC_ASSERT(in.read<std::int32_t>() == c);
    RC_ASSERT(in.read<std::string>() == text);
    RC_ASSERT(in.read<std::string_view>() == text);
    RC_ASSERT(bool(in.finish("record")));
  }));
}

TEST_CASE("record: the version before the newest is read, others are not") {
  const auto of = [](unsigned version) { return record_writer{version}.add(1).take(); };
  CHECK(record_reader::open(of(3), 3).value().version() == 3);
  CHECK(record_reader::open(of(2), 3).value().version() == 2);
  CHECK(record_reader::open(of(1), 3).error().code == errc::corrupt);
  CHECK(record_reader::open(of(4), 3).error().code == errc::corrupt);
  CHECK(record_reader::open(of(0), 1).error().code == errc::corrupt);
}

TEST_CASE("record: fields of a newer writer are ignored, missing ones have a default") {
  const auto longer = record_writer{1}.add("known").add("added later").take();
  auto in = record_reader::open(longer, 1).value();
  CHECK(in.read<std::string>() == "known");
  CHECK(in.finish("record"));

  const auto shorter = record_writer{1}.add("known").take();
  auto old = record_reader::open(shorter, 1).value();
  CHECK(old.read<std::string>() == "known");
  CHECK_FALSE(old.more());
  CHECK(old.read_or<std::string>("default") == "default");
  CHECK(old.finish("record"));
}

TEST_CASE("record: a wrong field sticks and is named at the end") {
  const auto bytes = record_writer{1}.add("text").add(5).take();
  auto in = record_reader::open(bytes, 1).value();
  CHECK(in.read<int>() == 0);
  CHECK(in.read<int>() == 0);
  const auto done = in.finish("thing");
  REQUIRE_FALSE(done);
  CHECK(done.error().code == errc::corrupt);
  CHECK(done.error().detail.starts_with("thing: field 2"));
}

TEST_CASE("record: a missing field is corrupt") {
  const auto bytes = record_writer{1}.take();
  auto in = record_reader::open(bytes, 1).value();
  CHECK(in.read<std::string>().empty());
  CHECK_FALSE(in.finish("record"));
}

TEST_CASE("record: numbers out of the type's range and unknown enumerators are corrupt") {
  const auto bytes =
      record_writer{1}.add(256).add(-1).add(std::numeric_limits<std::uint64_t>::max()).take();
  const auto fails = [&](auto read) {
    auto in = record_reader::open(bytes, 1).value();
    read(in);
    return !in.finish("record");
  };
  CHECK(fails([](record_reader& in) { in.read<std::uint8_t>(); }));
  CHECK(fails([](record_reader& in) { in.read<std::int8_t>(); }));
  CHECK(fails([](record_reader& in) { in.read_enum(colour::blue); }));
  CHECK_FALSE(fails([](record_reader& in) { in.read<std::uint16_t>(); }));
  CHECK(fails([](record_reader& in) { in.read<int>(), in.read<unsigned>(); }));
  CHECK(fails([](record_reader& in) { in.read<int>(), in.read<int>(), in.read<std::int64_t>(); }));
}

TEST_CASE("record: failures of nested records reach the outer one") {
  const auto bytes = record_writer{1}.add(record_writer{9}.add(1)).take();
  auto in = record_reader::open(bytes, 1).value();
  auto inner = in.read_record(1);
  CHECK(inner.failed());
  CHECK_FALSE(in.finish("outer"));

  const auto list =
      record_writer{1}
          .add_list(std::vector<int>{1, 2}, [](record_writer& to, int item) { to.add(item); })
          .take();
  auto texts = record_reader::open(list, 1).value();
  CHECK(texts.read_texts().size() == 1);
  CHECK_FALSE(texts.finish("outer"));
}

TEST_CASE("record: bytes that are cut, flipped or followed by others never crash") {
  const auto good = sample();
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK(read_sample(good.substr(0, size)).error().code == errc::corrupt);
  CHECK_FALSE(read_sample(good + '\xc0'));
  for (std::size_t at = 0; at < good.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      auto flipped = good;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      const auto read = read_sample(flipped);
      if (!read)
        CHECK(read.error().code == errc::corrupt);
    }
}

TEST_CASE("record: claims of huge or deep content are refused before memory is taken") {
  CHECK_FALSE(record_reader::open(std::string_view{"\xdd\xff\xff\xff\xff\x01", 6}, 1));
  CHECK_FALSE(record_reader::open(std::string_view{"\x92\x01\xdd\x7f\xff\xff\xff", 7}, 1));
  CHECK_FALSE(record_reader::open(std::string_view{"\x92\x01\xdf\x7f\xff\xff\xff", 7}, 1));
  CHECK_FALSE(record_reader::open(std::string_view{"\x92\x01\xc6\xff\xff\xff\xff", 7}, 1));
  const std::string deep(100000, '\x91');
  CHECK_FALSE(record_reader::open(deep + '\x01', 1));
  const std::string nested(record_reader::depth_max - 2, '\x91');
  CHECK(record_reader::open("\x92\x01" + nested + '\x01', 1));
}
