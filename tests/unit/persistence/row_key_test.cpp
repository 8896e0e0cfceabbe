#include "persistence/tables/row_key.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

using namespace troupe;

namespace {

/// Texts with many zeros and 0xff, where mistakes would be.
rc::Gen<std::string> nasty_text() {
  return rc::gen::container<std::string>(rc::gen::element('\x00', '\x01', 'a', '\xff'));
}

} // namespace

TEST_CASE("row key: components come back as they went in") {
  CHECK(rc::check([] {
    const auto text = *nasty_text();
    const auto other = *nasty_text();
    const auto number = *rc::gen::arbitrary<std::uint64_t>();
    const auto key = row_key{'T'}.text(text).number(number).text(other).raw("xy").take();

    row_key_reader reader{key};
    RC_ASSERT(reader.table('T'));
    RC_ASSERT(reader.text() == text);
    RC_ASSERT(reader.number() == number);
    RC_ASSERT(reader.text() == other);
    RC_ASSERT(reader.raw(2) == "xy");
    RC_ASSERT(bool(reader.finish("key")));
  }));
}

TEST_CASE("row key: keys sort as their components do") {
  CHECK(rc::check([] {
    const auto a = *nasty_text();
    const auto b = *nasty_text();
    const auto m = *rc::gen::arbitrary<std::uint64_t>();
    const auto n = *rc::gen::arbitrary<std::uint64_t>();
    const auto left = row_key{'T'}.text(a).number(m).take();
    const auto right = row_key{'T'}.text(b).number(n).take();
    // std::string compares as unsigned bytes.
    RC_ASSERT((left < right) == (std::pair{a, m} < std::pair{b, n}));
  }));
}

TEST_CASE("row key: a scan over one text never meets another") {
  CHECK(rc::check([] {
    const auto wanted = *nasty_text();
    const auto other =
        *rc::gen::suchThat(nasty_text(), [&](const std::string& text) { return text != wanted; });
    const auto key = row_key{'T'}.text(other).number(1).take();
    RC_ASSERT_FALSE(key.starts_with(row_key{'T'}.text(wanted).take()));
  }));
}

TEST_CASE("row key: any bytes are read or refused, never more") {
  CHECK(rc::check([](const std::string& bytes) {
    row_key_reader reader{bytes};
    reader.table('T');
    reader.text();
    reader.number();
    const auto done = reader.finish("key");
    if (done)
      RC_ASSERT(bytes.size() >= 11u);
    else
      RC_ASSERT(done.error().code == errc::corrupt);
  }));
}

TEST_CASE("row key: a key of another table, cut short or with more behind it is corrupt") {
  const auto key = row_key{'T'}.text("a").number(7).take();
  for (std::size_t size = 0; size < key.size(); ++size) {
    row_key_reader reader{std::string_view{key}.substr(0, size)};
    reader.table('T');
    reader.text();
    reader.number();
    CHECK_FALSE(reader.finish("key"));
  }
  row_key_reader other{key};
  CHECK_FALSE(other.table('U'));
  CHECK_FALSE(other.finish("key"));
  row_key_reader longer{key};
  longer.table('T');
  longer.text();
  CHECK_FALSE(longer.finish("key"));
}
