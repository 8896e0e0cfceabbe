#include "persistence/journal/write_batch.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

using namespace troupe;

namespace {

bool same(const write_batch& left, const write_batch& right) {
  return std::equal(
      left.writes().begin(), left.writes().end(), right.writes().begin(), right.writes().end(),
      [](const row_write& a, const row_write& b) { return a.key == b.key && a.value == b.value; });
}

write_batch sample() {
  write_batch batch;
  batch.put("key", "value");
  batch.put(std::string("\0\xff", 2), "");
  batch.erase("gone");
  batch.put("long", std::string(300, 'x'));
  return batch;
}

} // namespace

TEST_CASE("write batch: any puts and erases come back in order") {
  CHECK(rc::check([](const std::vector<std::tuple<std::string, bool, std::string>>& rows) {
    write_batch batch;
    for (const auto& [key, puts, value] : rows) {
      const auto row = "k" + key.substr(0, row_key_bytes_max - 1);
      if (puts)
        batch.put(row, value);
      else
        batch.erase(row);
    }
    const auto encoded = batch.encode();
    RC_ASSERT(encoded.size() <= batch.encoded_bytes());
    const auto decoded = write_batch::decode(encoded);
    RC_ASSERT(bool(decoded));
    RC_ASSERT(same(decoded.value(), batch));
  }));
}

TEST_CASE("write batch: the bound on its encoded size holds for large keys and values") {
  write_batch batch;
  batch.put(std::string(row_key_bytes_max, 'k'), std::string(200000, 'v'));
  write_batch other;
  for (int i = 0; i < 20; ++i)
    other.erase(std::string(row_key_bytes_max, static_cast<char>('a' + i)));
  batch.append(std::move(other));
  CHECK(batch.writes().size() == 21);
  CHECK(batch.encode().size() <= batch.encoded_bytes());
}

TEST_CASE("write batch: an empty batch comes back empty") {
  CHECK(write_batch::decode(write_batch{}.encode()).value().empty());
}

TEST_CASE("write batch: bytes that are cut, flipped or followed by others never crash") {
  const auto good = sample().encode();
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK(write_batch::decode(std::string_view{good}.substr(0, size)).error().code ==
          errc::corrupt);
  CHECK(write_batch::decode(good + '\xc0').error().code == errc::corrupt);
  for (std::size_t at = 0; at < good.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      auto flipped = good;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      const auto decoded = write_batch::decode(flipped);
      if (!decoded)
        CHECK(decoded.error().code == errc::corrupt);
      else
        CHECK(decoded.value().encode().size() <= flipped.size() + 16); // other keys or values
    }
}

TEST_CASE("write batch: other versions, shapes and key lengths are corrupt") {
  const auto corrupt = [](std::string_view bytes) {
    const auto decoded = write_batch::decode(bytes);
    return !decoded && decoded.error().code == errc::corrupt;
  };
  CHECK(corrupt({"\x92\x02\x90", 3}));                               // version 2
  CHECK(corrupt({"\x91\x01", 2}));                                   // no list
  CHECK(corrupt({"\x92\x01\x91\xc4\x01k", 6}));                      // a key alone
  CHECK(corrupt({"\x92\x01\x92\xc4\x00\xc0", 6}));                   // an empty key
  CHECK(corrupt({"\x92\x01\x92\xa1k\xc0", 6}));                      // a text as key
  CHECK(corrupt({"\x92\x01\x92\xc4\x01k\x05", 7}));                  // a number as value
  CHECK(corrupt({"\x92\x01\xdd\xff\xff\xff\xfe\xc4\x01k\xc0", 11})); // a huge list
  const auto with_key = [](std::size_t size) {
    std::string bytes{"\x92\x01\x92\xc5", 4};
    bytes += static_cast<char>(size >> 8);
    bytes += static_cast<char>(size & 0xff);
    return bytes + std::string(size, 'k') + '\xc0';
  };
  CHECK_FALSE(corrupt(with_key(row_key_bytes_max)));
  CHECK(corrupt(with_key(row_key_bytes_max + 1)));
}
