#include "persistence/tables/conversation_tables.hpp"
#include "persistence/tables/row_key.hpp"

#include <algorithm>

namespace troupe::tables {
namespace {

/// The tables of a shard. Append only; never reuse a byte (docs/formats/tables.md).
enum class table : char {
  conversation = 1,
  message = 2,
  input = 3,
  run = 4,
  intent = 5,
  run_index = 6,
  expiry = 7,
  busy = 8,
  chunk = 9,
  unclaimed = 10,
  ephemeral = 11,
};

row_key key(table which) {
  return row_key{static_cast<char>(which)};
}

} // namespace

std::string conversation_key(const digest& conversation) {
  return key(table::conversation).raw(raw(conversation)).take();
}
std::string conversation_prefix() {
  return key(table::conversation).take();
}
std::string message_key(const digest& conversation, std::uint64_t seq) {
  return key(table::message).raw(raw(conversation)).number(seq).take();
}
std::string message_prefix(const digest& conversation) {
  return key(table::message).raw(raw(conversation)).take();
}
std::string input_key(const digest& conversation, std::uint64_t order) {
  return key(table::input).raw(raw(conversation)).number(order).take();
}
std::string input_prefix(const digest& conversation) {
  return key(table::input).raw(raw(conversation)).take();
}
std::string run_key(const digest& conversation, std::string_view run_id) {
  return key(table::run).raw(raw(conversation)).raw(raw(digest_of(run_id))).take();
}
std::string run_prefix(const digest& conversation) {
  return key(table::run).raw(raw(conversation)).take();
}
std::string intent_key(const digest& conversation, std::string_view run_id,
                       std::string_view call_id) {
  return key(table::intent)
      .raw(raw(conversation))
      .raw(raw(digest_of(run_id)))
      .raw(raw(digest_of(call_id)))
      .take();
}
std::string intent_prefix(const digest& conversation, std::string_view run_id) {
  return key(table::intent).raw(raw(conversation)).raw(raw(digest_of(run_id))).take();
}
std::string run_index_key(std::string_view run_id) {
  return key(table::run_index).raw(raw(digest_of(run_id))).take();
}
std::string expiry_key(wall_ms expires_at, std::string_view run_id) {
  return key(table::expiry)
      .number(static_cast<std::uint64_t>(expires_at))
      .raw(raw(digest_of(run_id)))
      .take();
}
std::string expiry_prefix() {
  return key(table::expiry).take();
}

wall_ms expiry_time(std::string_view expiry_key) {
  row_key_reader in{expiry_key};
  in.table(static_cast<char>(table::expiry));
  return static_cast<wall_ms>(in.number());
}

std::string expired_index_key(std::string_view expiry_key) {
  row_key_reader in{expiry_key};
  in.table(static_cast<char>(table::expiry));
  in.number();
  return key(table::run_index).raw(in.raw(sizeof(digest))).take();
}

std::string ephemeral_key(wall_ms expires_at, const digest& conversation) {
  return key(table::ephemeral)
      .number(static_cast<std::uint64_t>(expires_at))
      .raw(raw(conversation))
      .take();
}
std::string ephemeral_prefix() {
  return key(table::ephemeral).take();
}
wall_ms ephemeral_time(std::string_view ephemeral_key) {
  row_key_reader in{ephemeral_key};
  in.table(static_cast<char>(table::ephemeral));
  return static_cast<wall_ms>(in.number());
}

std::string busy_key(const digest& conversation) {
  return key(table::busy).raw(raw(conversation)).take();
}
std::string busy_prefix() {
  return key(table::busy).take();
}
std::string chunk_key(const digest& conversation, const digest& piece) {
  return key(table::chunk).raw(raw(conversation)).raw(raw(piece)).take();
}
std::string chunk_prefix(const digest& conversation) {
  return key(table::chunk).raw(raw(conversation)).take();
}
result<digest> chunk_of_key(std::string_view chunk_key) {
  row_key_reader in{chunk_key};
  in.table(static_cast<char>(table::chunk));
  in.raw(sizeof(digest));
  const auto piece = in.raw(sizeof(digest));
  TR_TRY(in.finish("chunk"));
  digest out;
  std::ranges::copy(piece, reinterpret_cast<char*>(out.data()));
  return out;
}
std::string unclaimed_key(const digest& conversation) {
  return key(table::unclaimed).raw(raw(conversation)).take();
}

} // namespace troupe::tables
