#include "cluster/raft/messages.hpp"

namespace troupe {
namespace {

constexpr std::uint8_t wire_version = 1;
/// Term, kind and length of one entry.
constexpr std::size_t entry_overhead_bytes = 13;

class writer {
public:
  explicit writer(std::string& to) : to_(to) {}
  template <class Integer>
  writer& put(Integer value) {
    for (std::size_t i = 0; i < sizeof value; ++i)
      to_.push_back(static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xff));
    return *this;
  }
  writer& put_bytes(std::string_view bytes) {
    put(static_cast<std::uint32_t>(bytes.size()));
    to_.append(bytes);
    return *this;
  }

private:
  std::string& to_;
};

/// Reads past the end give zeroes and are remembered.
class reader {
public:
  explicit reader(std::string_view from) : rest_(from) {}
  template <class Integer>
  void get(Integer& value) {
    std::uint64_t read = 0;
    if (rest_.size() < sizeof value) {
      failed_ = true;
      rest_ = {};
    } else {
      for (std::size_t i = 0; i < sizeof value; ++i)
        read |= static_cast<std::uint64_t>(static_cast<unsigned char>(rest_[i])) << (8 * i);
      rest_.remove_prefix(sizeof value);
    }
    value = static_cast<Integer>(read);
  }
  void get_flag(bool& value) {
    std::uint8_t read = 0;
    get(read);
    value = read != 0;
  }
  void get_bytes(std::string_view& bytes) {
    std::uint32_t size = 0;
    get(size);
    if (rest_.size() < size) {
      failed_ = true;
      rest_ = {};
      return;
    }
    bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
  }
  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }
  std::size_t left() const { return rest_.size(); }

private:
  std::string_view rest_;
  bool failed_ = false;
};

void put_fields(writer& out, const raft_shim_message& fields) {
  out.put(fields.version)
      .put(fields.term)
      .put(fields.candidate)
      .put(fields.last_log_index)
      .put(fields.last_log_term)
      .put(fields.prev_log_index)
      .put(fields.prev_log_term)
      .put(fields.leader_commit)
      .put(fields.rejected)
      .put(fields.features)
      .put(fields.capacity)
      .put(std::uint8_t{fields.disrupt_leader})
      .put(std::uint8_t{fields.pre_vote})
      .put(std::uint8_t{fields.vote_granted});
}

void get_fields(reader& in, raft_shim_message& fields) {
  in.get(fields.version);
  in.get(fields.term);
  in.get(fields.candidate);
  in.get(fields.last_log_index);
  in.get(fields.last_log_term);
  in.get(fields.prev_log_index);
  in.get(fields.prev_log_term);
  in.get(fields.leader_commit);
  in.get(fields.rejected);
  in.get(fields.features);
  in.get(fields.capacity);
  in.get_flag(fields.disrupt_leader);
  in.get_flag(fields.pre_vote);
  in.get_flag(fields.vote_granted);
}

} // namespace

std::string encode(const raft_wire_message& message) {
  std::string out;
  writer to{out};
  to.put(wire_version).put(message.group.value()).put(message.fields.type);
  to.put(message.from).put(message.to);
  put_fields(to, message.fields);
  to.put(static_cast<std::uint32_t>(message.entries.size()));
  for (const auto& entry : message.entries)
    to.put(entry.term).put(entry.kind).put_bytes(entry.payload);
  return out;
}

result<raft_wire_message> decode_raft_message(std::string_view bytes) {
  if (bytes.size() > raft_wire_bytes_max)
    return error{errc::corrupt, "raft message: too long"};
  reader in{bytes};
  std::uint8_t version = 0;
  in.get(version);
  if (version != wire_version)
    return error{errc::corrupt, "raft message: unknown version " + std::to_string(version)};
  raft_wire_message message;
  std::uint16_t group = 0;
  std::uint32_t count = 0;
  in.get(group);
  in.get(message.fields.type);
  in.get(message.from);
  in.get(message.to);
  get_fields(in, message.fields);
  in.get(count);
  if (in.failed() || count > in.left() / entry_overhead_bytes)
    return error{errc::corrupt, "raft message: cut off"};
  message.group = shard_id{group};
  message.fields.peer = message.from;
  message.fields.entries_count = count;
  message.entries.resize(count);
  for (auto& entry : message.entries) {
    in.get(entry.term);
    in.get(entry.kind);
    in.get_bytes(entry.payload);
  }
  if (in.failed() || !in.at_end())
    return error{errc::corrupt, "raft message: its length does not fit its entries"};
  return message;
}

} // namespace troupe
