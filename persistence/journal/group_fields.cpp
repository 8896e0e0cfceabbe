#include "persistence/journal/group_fields.hpp"

#include "persistence/journal/frame.hpp"
#include "persistence/tables/record.hpp"

namespace troupe {
namespace {

constexpr unsigned record_version = 1;
constexpr std::size_t entry_head_bytes = 9; // term, kind

} // namespace

std::string group_key(shard_id group, group_field field) {
  std::string key;
  append_u16(key, group.value());
  key += static_cast<char>(field);
  return key;
}

std::string log_key(shard_id group, std::uint64_t index) {
  std::string key;
  append_u16(key, group.value());
  append_u64(key, index);
  return key;
}

std::string encode_vote(const group_vote& vote) {
  return record_writer{record_version}.add(vote.term).add(vote.voted_for).take();
}

result<group_vote> decode_vote(std::string_view record) {
  TR_TRY(auto fields, record_reader::open(record, record_version));
  group_vote vote;
  vote.term = fields.read<std::uint64_t>();
  vote.voted_for = fields.read<std::uint64_t>();
  TR_TRY(fields.finish("vote"));
  return vote;
}

std::string encode_snapshot_point(const journal_snapshot_point& point) {
  return record_writer{record_version}
      .add(point.index)
      .add(point.term)
      .add(point.configuration_index)
      .add_bytes(point.configuration)
      .take();
}

result<journal_snapshot_point> decode_snapshot_point(std::string_view record) {
  TR_TRY(auto fields, record_reader::open(record, record_version));
  journal_snapshot_point point;
  point.index = fields.read<std::uint64_t>();
  point.term = fields.read<std::uint64_t>();
  point.configuration_index = fields.read<std::uint64_t>();
  point.configuration = fields.read<std::string>();
  TR_TRY(fields.finish("snapshot point"));
  return point;
}

std::string encode_number(std::uint64_t number) {
  return record_writer{record_version}.add(number).take();
}

result<std::uint64_t> decode_number(std::string_view record) {
  TR_TRY(auto fields, record_reader::open(record, record_version));
  const auto number = fields.read<std::uint64_t>();
  TR_TRY(fields.finish("number"));
  return number;
}

std::string encode_identity(const store_identity& identity) {
  return record_writer{record_version}
      .add(identity.cluster_id)
      .add(identity.raft_id)
      .add(identity.shards)
      .add(identity.boot_count)
      .add(identity.clean_stop)
      .take();
}

result<store_identity> decode_identity(std::string_view record) {
  TR_TRY(auto fields, record_reader::open(record, record_version));
  store_identity identity;
  identity.cluster_id = fields.read<std::string>();
  identity.raft_id = fields.read<std::uint64_t>();
  identity.shards = fields.read<std::uint16_t>();
  identity.boot_count = fields.read<std::uint64_t>();
  identity.clean_stop = fields.read<std::uint64_t>();
  TR_TRY(fields.finish("store identity"));
  return identity;
}

std::string encode_entry_head(const journal_entry& entry) {
  std::string head;
  append_u64(head, entry.term);
  head += static_cast<char>(entry.kind);
  return head;
}

result<journal_entry> decode_entry(std::string_view payload) {
  if (payload.size() < entry_head_bytes)
    return error{errc::corrupt, "log entry: shorter than its head"};
  journal_entry entry;
  entry.term = read_u64(payload);
  entry.kind = static_cast<unsigned char>(payload[entry_head_bytes - 1]);
  entry.payload = payload.substr(entry_head_bytes);
  return entry;
}

} // namespace troupe
