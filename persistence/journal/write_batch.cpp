#include "persistence/journal/write_batch.hpp"

#include <msgpack.hpp>

namespace troupe {
namespace {

constexpr unsigned batch_version = 1;
/// msgpack's framing of one key and one value.
constexpr std::size_t write_overhead_bytes = 10;

} // namespace

void write_batch::put(std::string key, std::string value) {
  encoded_bytes_ += key.size() + value.size() + write_overhead_bytes;
  writes_.push_back({std::move(key), std::move(value)});
}

void write_batch::erase(std::string key) {
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
  pack.pack_array(2).pack(batch_version).pack_array(static_cast<std::uint32_t>(2 * writes_.size()));
  for (const auto& [key, value] : writes_) {
    pack.pack_bin(static_cast<std::uint32_t>(key.size()))
        .pack_bin_body(key.data(), static_cast<std::uint32_t>(key.size()));
    if (value)
      pack.pack_bin(static_cast<std::uint32_t>(value->size()))
          .pack_bin_body(value->data(), static_cast<std::uint32_t>(value->size()));
    else
      pack.pack_nil();
  }
  return out;
}

result<write_batch> write_batch::decode(std::string_view payload) {
  try {
    const auto handle = msgpack::unpack(payload.data(), payload.size());
    const auto& root = handle.get();
    if (root.type != msgpack::type::ARRAY || root.via.array.size != 2)
      return error{errc::corrupt, "log entry: not a write batch"};
    const auto version = root.via.array.ptr[0].as<unsigned>();
    if (version != batch_version)
      return error{errc::corrupt,
                   "log entry: write batch of unknown version " + std::to_string(version)};
    const auto& writes = root.via.array.ptr[1];
    if (writes.type != msgpack::type::ARRAY || writes.via.array.size % 2 != 0)
      return error{errc::corrupt, "log entry: odd number of keys and values"};
    write_batch out;
    for (std::uint32_t i = 0; i < writes.via.array.size; i += 2) {
      const auto& value = writes.via.array.ptr[i + 1];
      auto key = writes.via.array.ptr[i].as<std::string>();
      if (value.is_nil())
        out.erase(std::move(key));
      else
        out.put(std::move(key), value.as<std::string>());
    }
    return out;
  } catch (const std::exception& failure) {
    return error{errc::corrupt, std::string{"log entry: "} + failure.what()};
  }
}

} // namespace troupe
