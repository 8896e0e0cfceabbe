#include "base/assert.hpp"
#include "base/log.hpp"
#include "cluster/raft/group.hpp"

#include <utility>

// What a group says to its peers and hears from them.
namespace troupe {
namespace {

/// One append to a peer carries at most this much; the rest follows when it is acknowledged.
constexpr std::size_t append_bytes_max = 1u << 20;

std::string_view view(const raft_shim_entry& entry) {
  return {static_cast<const char*>(entry.data), entry.size};
}

} // namespace

void group::receive(const raft_wire_message& message, std::uint64_t now_ms) {
  if (stopped_)
    return;
  std::vector<raft_shim_entry> entries;
  entries.reserve(message.entries.size());
  for (const auto& entry : message.entries)
    entries.push_back({entry.term, entry.kind, entry.payload.data(), entry.payload.size()});
  auto fields = message.fields;
  fields.peer = message.from;
  fields.entries_count = static_cast<std::uint32_t>(entries.size());
  fields.entries = entries.data();
  raft_shim_update update{};
  raft_shim_receive(shim_.get(), &fields, now_ms, &update);
  if (update.status == RAFT_SHIM_REFUSED)
    log::debug("raft", "group {}: refused a message of type {} from {}", options_.shard.value(),
               fields.type, message.from);
  else
    absorb(update, now_ms);
}

void group::store_received(const raft_shim_update& update) {
  if (update.entries == nullptr || update.entries_count == 0)
    return;
  drop_tail_from(update.entries_first);
  std::vector<journal_entry> staged;
  staged.reserve(update.entries_count);
  for (std::uint32_t i = 0; i < update.entries_count; ++i) {
    const auto& entry = update.entries[i];
    log_entry kept;
    kept.term = entry.term;
    kept.kind = entry.kind;
    kept.payload = view(entry);
    kept.bytes = entry.size;
    tail_.push_back(std::move(kept));
    staged.push_back({entry.term, entry.kind, std::string{view(entry)}});
  }
  store_.stage_append(options_.shard, update.entries_first, std::move(staged));
}

void group::drop_tail_from(std::uint64_t index) {
  TR_ASSERT(index > applied_index_ && index >= tail_first_, "applied entries are never replaced");
  while (tail_first_ + tail_.size() > index)
    tail_.pop_back();
}

void group::send_messages(const raft_shim_update& update) {
  for (std::uint32_t i = 0; i < update.messages_count; ++i)
    send(update.messages[i]);
}

void group::send(const raft_shim_message& message) {
  raft_wire_message out;
  out.group = options_.shard;
  out.from = options_.raft_id;
  out.to = message.peer;
  out.fields = message;
  if (message.type == RAFT_SHIM_INSTALL_SNAPSHOT || !fill_entries(out)) {
    log::debug("raft", "group {}: {} is too far behind for the log", options_.shard.value(),
               message.peer);
    return;
  }
  if (vote_unsaved_)
    held_.push_back({out.to, encode(out)});
  else
    host_.send(out.to, encode(out));
}

/// False when the log does not reach back that far. A change always begins an append.
bool group::fill_entries(raft_wire_message& message) const {
  const auto first = message.fields.prev_log_index + 1;
  if (message.fields.entries_count > 0 && first < tail_first_)
    return false;
  std::size_t bytes = 0;
  for (std::uint64_t i = 0; i < message.fields.entries_count; ++i) {
    const auto place = first + i - tail_first_;
    if (place >= tail_.size())
      break;
    const auto& entry = tail_[place];
    bytes += entry.payload.size();
    if (i > 0 && (entry.kind == RAFT_SHIM_CHANGE || bytes > append_bytes_max))
      break;
    message.entries.push_back({entry.term, entry.kind, entry.payload});
  }
  return true;
}

} // namespace troupe
