#include "persistence/journal/write_batch.hpp"

#include "base/assert.hpp"

#include <msgpack.hpp>

namespace troupe {
namespace {

constexpr unsigned batch_version = 1;
/// msgpack's framing of one key and one value.
constexpr std::size_t write_overhead_bytes = 10;
/// A batch is an array in an array.
constexpr std::size_t depth_max = 3;

error malformed(std::string_view what) {
  return {errc::corrupt, "log entry: " + std::string{what}};
}

bool valid_key(std::string_view key) {
  return !key.empty() && key.size() <= row_key_bytes_max;
}

/// Keys and values stay in the payload; what is parsed points at them.
bool stays_in_place(msgpack::type::object_type, std::size_t, void*) {
  return true;
}

result<write_batch> to_batch(const msgpack::object& root) {
  if (root.type != msgpack::type::ARRAY || root.via.array.size != 2)
    return malformed("not a write batch");
  const auto& version = root.via.array.ptr[0];
  const auto& writes = root.via.array.ptr[1];
  if (version.type != msgpack::type::POSITIVE_INTEGER || version.via.u64 != batch_version)
    return malformed("a write batch of a version that is not read here");
  if (writes.type != msgpack::type::ARRAY || writes.via.array.size % 2 != 0)
    return malformed("an odd number of keys and values");
  write_batch out;
  for (std::uint32_t i = 0; i < writes.via.array.size; i += 2) {
    const auto& key = writes.via.array.ptr[i];
    const auto& value = writes.via.array.ptr[i + 1];
    if (key.type != msgpack::type::BIN || !valid_key({key.via.bin.ptr, key.via.bin.size}))
      return malformed("a key of another kind or length");
    std::string row{key.via.bin.ptr, key.via.bin.size};
    if (value.type == msgpack::type::BIN)
      out.put(std::move(row), std::string{value.via.bin.ptr, value.via.bin.size});
    else if (value.type == msgpack::type::NIL)
      out.erase(std::move(row));
    else
      return malformed("a value of another kind");
  }
  return out;
}

} // namespace

void write_batch::put(std::string key, std::string value) {
  TR_ASSERT(valid_key(key), "a row key of a length that the store does not take");
  encoded_bytes_ += key.size() + value.size() + write_overhead_bytes;
  writes_.push_back({std::move(key), std::move(value)});
}

void write_batch::erase(std::string key) {
  TR_ASSERT(valid_key(key), "a row key of a length that the store does not take");
  encoded_bytes_ += key.size() + write_overhead_bytes;
  writes_.push_back({std::move(key), std::nullopt});
}

void write_batch::append(write_batch other) {
  encoded_bytes_ += other.encoded_bytes_;
  for (auto& write : other.writes_)
    writes_.push_back(std::move(write));
}

std::string write_batch::encode() const {
  struct string_sink {
    std::string& to;
    void write(const char* data, std::size_t size) { to.append(data, size); }
  };
  std::string out;
  out.reserve(encoded_bytes_);
  string_sink sink{out};
  msgpack::packer<string_sink> pack{sink};
  const auto pack_bytes = [&](const std::string& bytes) {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    pack.pack_bin(size).pack_bin_body(bytes.data(), size);
  };
  pack.pack_array(2).pack(batch_version).pack_array(static_cast<std::uint32_t>(2 * writes_.size()));
  for (const auto& [key, value] : writes_) {
    pack_bytes(key);
    if (value)
      pack_bytes(*value);
    else
      pack.pack_nil();
  }
  return out;
}

result<write_batch> write_batch::decode(std::string_view payload) {
  try {
    // Every element takes at least a byte, so the payload's size bounds what may be allocated.
    const msgpack::unpack_limit limits{payload.size(), 0, 0, payload.size(), 0, depth_max};
    msgpack::zone zone;
    std::size_t end = 0;
    const auto root = msgpack::unpack(zone, payload.data(), payload.size(), end, &stays_in_place,
                                      nullptr, limits);
    if (end != payload.size())
      return malformed("bytes behind the write batch");
    return to_batch(root);
  } catch (const std::exception& failure) {
    return malformed(failure.what());
  }
}

} // namespace troupe
