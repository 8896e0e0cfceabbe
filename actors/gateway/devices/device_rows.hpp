#pragma once

#include "persistence/journal/row_store.hpp"
#include "persistence/journal/write_batch.hpp"
#include "persistence/tables/device_tables.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::gateway {

/// The rows of devices as one consistent picture, with changes on top that are not committed yet:
/// what is put or erased is read back at once. Whoever only reads throws it away; the one writer
/// commits `batch()`.
///
/// Short-lived: it holds a snapshot of the store. Thread: one owner. Errors: storage's, `corrupt`.
class device_rows {
public:
  explicit device_rows(const row_store& store) : snapshot_(store.snapshot()) {}

  result<std::optional<tables::device_row>> device(std::string_view device_id) const;
  result<std::optional<tables::device_token_row>> token(std::string_view device_id,
                                                        std::string_view role) const;
  /// The token that a client shows; also one that is revoked is found.
  result<std::optional<tables::device_token_row>> token_of(const tables::full_digest& hash) const;
  result<std::vector<tables::device_token_row>> tokens(std::string_view device_id) const;
  result<std::optional<tables::pairing_row>> pairing(std::string_view request_id) const;
  result<std::vector<tables::device_row>> devices() const;
  result<std::vector<tables::pairing_row>> pairings() const;
  /// Empty until the first token is made.
  result<std::string> token_secret() const;

  void put(const tables::device_row& row);
  void put(const tables::pairing_row& row);
  /// Also the index of its hash; `replaced` is the token before it, whose index goes.
  void put(const tables::device_token_row& row,
           const std::optional<tables::device_token_row>& replaced);
  void put_token_secret(std::string_view secret);
  void erase(const tables::pairing_row& row);
  void erase(const tables::device_token_row& row);
  void erase(const tables::device_row& row);

  write_batch batch() const;
  bool changed() const { return !changes_.empty(); }

private:
  using visit = std::function<result<void>(std::string_view value)>;
  result<std::optional<std::string>> get(std::string_view key) const;
  result<void> scan(std::string_view prefix, const visit& each) const;

  std::unique_ptr<row_snapshot> snapshot_;
  std::map<std::string, std::optional<std::string>, std::less<>> changes_;
};

} // namespace troupe::gateway
