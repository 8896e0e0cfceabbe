#include "actors/gateway/devices/device_rows.hpp"

namespace troupe::gateway {
namespace {

using namespace tables;

/// Reads `bytes` if there are any.
template <class Row>
result<std::optional<Row>> decoded(result<std::optional<std::string>> bytes,
                                   result<Row> (*decode)(std::string_view)) {
  if (!bytes)
    return bytes.error();
  if (!bytes.value())
    return std::optional<Row>{};
  auto row = decode(*bytes.value());
  if (!row)
    return row.error();
  return std::optional<Row>{std::move(row.value())};
}

} // namespace

result<std::optional<std::string>> device_rows::get(std::string_view key) const {
  if (const auto changed = changes_.find(key); changed != changes_.end())
    return changed->second;
  return snapshot_->get(meta_shard, key);
}

result<void> device_rows::scan(std::string_view prefix, const visit& each) const {
  std::map<std::string, std::string, std::less<>> found;
  TR_TRY(snapshot_->scan(meta_shard, prefix, {}, scan_order::ascending,
                         [&](std::string_view key, std::string_view value) {
                           found.emplace(key, value);
                           return scan_step::more;
                         }));
  for (auto at = changes_.lower_bound(prefix); at != changes_.end(); ++at) {
    if (!at->first.starts_with(prefix))
      break;
    if (at->second)
      found.insert_or_assign(at->first, *at->second);
    else
      found.erase(at->first);
  }
  for (const auto& [key, value] : found) {
    TR_TRY(each(value));
  }
  return boost::outcome_v2::success();
}

result<std::optional<device_row>> device_rows::device(std::string_view device_id) const {
  const auto digest = device_digest(device_id);
  if (!digest)
    return std::optional<device_row>{};
  return decoded<device_row>(get(device_key(*digest)), decode_device);
}

result<std::optional<device_token_row>> device_rows::token(std::string_view device_id,
                                                           std::string_view role) const {
  const auto digest = device_digest(device_id);
  if (!digest)
    return std::optional<device_token_row>{};
  return decoded<device_token_row>(get(tables::token_key(*digest, role)), decode_device_token);
}

result<std::optional<device_token_row>> device_rows::token_of(const full_digest& hash) const {
  TR_TRY(auto key, get(token_index_key(hash)));
  if (!key)
    return std::optional<device_token_row>{};
  TR_TRY(auto found, decoded<device_token_row>(get(*key), decode_device_token));
  if (!found || found->hash != hash)
    return error{errc::corrupt, "the index of device tokens points to another token"};
  return found;
}

result<std::vector<device_token_row>> device_rows::tokens(std::string_view device_id) const {
  std::vector<device_token_row> out;
  const auto digest = device_digest(device_id);
  if (!digest)
    return out;
  TR_TRY(scan(token_prefix(*digest), [&out](std::string_view value) -> result<void> {
    TR_TRY(auto row, decode_device_token(value));
    out.push_back(std::move(row));
    return boost::outcome_v2::success();
  }));
  return out;
}

result<std::optional<pairing_row>> device_rows::pairing(std::string_view request_id) const {
  return decoded<pairing_row>(get(pairing_key(request_id)), decode_pairing);
}

result<std::vector<device_row>> device_rows::devices() const {
  std::vector<device_row> out;
  TR_TRY(scan(device_prefix(), [&out](std::string_view value) -> result<void> {
    TR_TRY(auto row, decode_device(value));
    out.push_back(std::move(row));
    return boost::outcome_v2::success();
  }));
  return out;
}

result<std::vector<pairing_row>> device_rows::pairings() const {
  std::vector<pairing_row> out;
  TR_TRY(scan(pairing_prefix(), [&out](std::string_view value) -> result<void> {
    TR_TRY(auto row, decode_pairing(value));
    out.push_back(std::move(row));
    return boost::outcome_v2::success();
  }));
  return out;
}

result<std::string> device_rows::token_secret() const {
  TR_TRY(auto found, get(token_secret_key()));
  return found ? std::move(*found) : std::string{};
}

void device_rows::put(const device_row& row) {
  changes_[device_key(*device_digest(row.what.device_id))] = encode(row);
}

void device_rows::put(const pairing_row& row) {
  changes_[pairing_key(row.request_id)] = encode(row);
}

void device_rows::put(const device_token_row& row,
                      const std::optional<device_token_row>& replaced) {
  auto key = tables::token_key(*device_digest(row.device_id), row.role);
  if (replaced && replaced->hash != row.hash)
    changes_[token_index_key(replaced->hash)] = std::nullopt;
  changes_[token_index_key(row.hash)] = key;
  changes_[std::move(key)] = encode(row);
}

void device_rows::put_token_secret(std::string_view secret) {
  changes_[token_secret_key()] = std::string{secret};
}

void device_rows::erase(const pairing_row& row) {
  changes_[pairing_key(row.request_id)] = std::nullopt;
}

void device_rows::erase(const device_token_row& row) {
  changes_[token_index_key(row.hash)] = std::nullopt;
  changes_[tables::token_key(*device_digest(row.device_id), row.role)] = std::nullopt;
}

void device_rows::erase(const device_row& row) {
  changes_[device_key(*device_digest(row.what.device_id))] = std::nullopt;
}

write_batch device_rows::batch() const {
  write_batch out;
  for (const auto& [key, value] : changes_) {
    if (value)
      out.put(key, *value);
    else
      out.erase(key);
  }
  return out;
}

} // namespace troupe::gateway
