#include "persistence/journal/frame.hpp"

#include "base/checksum.hpp"

#include <algorithm>
#include <cstring>

namespace troupe {
namespace {

template <class Integer>
Integer read_big_endian(std::string_view from) {
  Integer value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i)
    value = static_cast<Integer>(value << 8 | static_cast<unsigned char>(from[i]));
  return value;
}

template <class Integer>
void write_big_endian(char* to, Integer value) {
  for (std::size_t i = sizeof value; i-- > 0; value = static_cast<Integer>(value >> 8))
    to[i] = static_cast<char>(value & 0xff);
}

} // namespace

void append_u16(std::string& to, std::uint16_t value) {
  to.resize(to.size() + sizeof value);
  write_big_endian(to.data() + to.size() - sizeof value, value);
}

void append_u64(std::string& to, std::uint64_t value) {
  to.resize(to.size() + sizeof value);
  write_big_endian(to.data() + to.size() - sizeof value, value);
}

std::uint16_t read_u16(std::string_view from) {
  return read_big_endian<std::uint16_t>(from);
}

std::uint64_t read_u64(std::string_view from) {
  return read_big_endian<std::uint64_t>(from);
}

std::uint64_t frame_checksum(store_database place, std::string_view key, std::string_view payload) {
  return checksum(payload, checksum(key, static_cast<std::uint64_t>(place)));
}

result<std::string_view> unframe(store_database place, std::string_view key,
                                 std::string_view value) {
  if (value.size() < frame_bytes)
    return error{errc::corrupt, "a value of the store is shorter than its frame"};
  const auto payload = value.substr(frame_bytes);
  if (read_u64(value) != frame_checksum(place, key, payload))
    return error{errc::corrupt, "a value of the store does not match its checksum"};
  return payload;
}

result<void> put_framed(lmdb::transaction& within, MDB_dbi database, store_database place,
                        std::string_view key, std::string_view head, std::string_view payload) {
  TR_TRY(auto room, within.reserve(database, key, frame_bytes + head.size() + payload.size()));
  char* const body = room.data() + frame_bytes;
  std::copy(head.begin(), head.end(), body);
  std::copy(payload.begin(), payload.end(), body + head.size());
  write_big_endian(room.data(), frame_checksum(place, key, {body, head.size() + payload.size()}));
  return boost::outcome_v2::success();
}

} // namespace troupe
