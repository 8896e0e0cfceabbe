#pragma once

#include "base/ids.hpp"
#include "base/result.hpp"
#include "persistence/journal/journal.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// The keys and records of the databases `groups`, `log` and `store`: docs/formats/log.md.
namespace troupe {

enum class group_field : char { vote = 'v', snapshot = 's', applied = 'a' };

std::string group_key(shard_id group, group_field field);
std::string log_key(shard_id group, std::uint64_t index);

struct group_vote {
  std::uint64_t term = 0;
  std::uint64_t voted_for = 0;
};

std::string encode_vote(const group_vote& vote);
result<group_vote> decode_vote(std::string_view record);

std::string encode_snapshot_point(const journal_snapshot_point& point);
result<journal_snapshot_point> decode_snapshot_point(std::string_view record);

/// Also the records `format` and `probe`: one number.
std::string encode_number(std::uint64_t number);
result<std::uint64_t> decode_number(std::string_view record);

std::string encode_identity(const store_identity& identity);
result<store_identity> decode_identity(std::string_view record);

/// What stands in front of an entry's bytes.
std::string encode_entry_head(const journal_entry& entry);
result<journal_entry> decode_entry(std::string_view payload);

} // namespace troupe
