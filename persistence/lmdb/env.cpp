#include "persistence/lmdb/env.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

namespace troupe::lmdb {
namespace {

MDB_val to_val(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())}; // LMDB only reads it
}

MDB_envinfo info_of(MDB_env* handle) {
  MDB_envinfo info{};
  mdb_env_info(handle, &info);
  return info;
}

errc classify(int code) {
  switch (code) {
  case MDB_MAP_FULL:
  case ENOSPC:
  case EDQUOT:
    return errc::storage_full;
  case MDB_CORRUPTED:
  case MDB_PAGE_NOTFOUND:
  case MDB_INVALID:
  case MDB_VERSION_MISMATCH:
    return errc::corrupt;
  case MDB_READERS_FULL:
    return errc::overloaded;
  default:
    return errc::storage_failed;
  }
}

} // namespace

error failure(int code, std::string_view what) {
  return {classify(code), std::string{what} + ": " + mdb_strerror(code)};
}

result<env> env::open_with(const env_options& chosen, std::size_t map_bytes, int& code) {
  MDB_env* handle = nullptr;
  code = mdb_env_create(&handle);
  if (code != 0)
    return failure(code, "mdb_env_create");
  env opened{handle};
  if ((code = mdb_env_set_mapsize(handle, map_bytes)) != 0 ||
      (code = mdb_env_set_maxdbs(handle, chosen.databases_max)) != 0 ||
      (code = mdb_env_set_maxreaders(handle, chosen.readers_max)) != 0 ||
      (code = mdb_env_open(handle, chosen.directory.c_str(), MDB_NOTLS | MDB_NORDAHEAD, 0600)) != 0)
    return failure(code, "open the store " + chosen.directory);
  // LMDB 0.9.24 opens its data file without O_CLOEXEC: a tool's process must not inherit it.
  int file = -1;
  if ((code = mdb_env_get_fd(handle, &file)) != 0 || ::fcntl(file, F_SETFD, FD_CLOEXEC) != 0)
    return failure(code != 0 ? code : errno, "keep the store's file from child processes");
  int dead_readers = 0;
  if ((code = mdb_reader_check(handle, &dead_readers)) != 0)
    return failure(code, "check the readers of " + chosen.directory);
  return opened;
}

result<env> env::open(const env_options& chosen) {
  for (std::size_t map_bytes = chosen.map_bytes;; map_bytes /= 2) {
    int code = 0;
    auto opened = open_with(chosen, map_bytes, code);
    if (opened || code != ENOMEM || map_bytes / 2 < map_bytes_min)
      return opened;
  }
}

std::size_t env::map_bytes() const {
  return info_of(handle()).me_mapsize;
}

std::size_t env::last_transaction() const {
  return info_of(handle()).me_last_txnid;
}

std::size_t env::pages_used() const {
  return info_of(handle()).me_last_pgno + 1;
}

std::size_t env::page_bytes() const {
  MDB_stat stat{};
  mdb_env_stat(handle(), &stat);
  return stat.ms_psize;
}

result<void> env::sync() const {
  if (const int code = mdb_env_sync(handle(), 1); code != 0)
    return error{errc::storage_failed, std::string{"sync the store: "} + mdb_strerror(code)};
  return boost::outcome_v2::success();
}

result<transaction> transaction::begin(const env& store, access wanted) {
  MDB_txn* handle = nullptr;
  const unsigned flags = wanted == access::read ? MDB_RDONLY : 0u;
  if (const int code = mdb_txn_begin(store.handle(), nullptr, flags, &handle); code != 0)
    return failure(code, "begin a transaction");
  return transaction{handle};
}

result<MDB_dbi> transaction::database(const char* name, access wanted) {
  MDB_dbi opened = 0;
  const unsigned flags = wanted == access::write ? MDB_CREATE : 0u;
  if (const int code = mdb_dbi_open(handle(), name, flags, &opened); code != 0)
    return failure(code, std::string{"open the database "} + name);
  return opened;
}

result<std::optional<std::string_view>> transaction::get(MDB_dbi database,
                                                         std::string_view key) const {
  auto wanted = to_val(key);
  MDB_val found{};
  const int code = mdb_get(handle(), database, &wanted, &found);
  if (code == MDB_NOTFOUND)
    return std::optional<std::string_view>{};
  if (code != 0)
    return failure(code, "read");
  return std::optional<std::string_view>{{static_cast<const char*>(found.mv_data), found.mv_size}};
}

result<std::span<char>> transaction::reserve(MDB_dbi database, std::string_view key,
                                             std::size_t size) {
  auto wanted = to_val(key);
  MDB_val room{size, nullptr};
  if (const int code = mdb_put(handle(), database, &wanted, &room, MDB_RESERVE); code != 0)
    return failure(code, "write");
  return std::span<char>{static_cast<char*>(room.mv_data), size};
}

result<void> transaction::erase(MDB_dbi database, std::string_view key) {
  auto wanted = to_val(key);
  const int code = mdb_del(handle(), database, &wanted, nullptr);
  if (code != 0 && code != MDB_NOTFOUND)
    return failure(code, "erase");
  return boost::outcome_v2::success();
}

result<std::size_t> transaction::free_pages() const {
  constexpr MDB_dbi free_list = 0; // LMDB's own: {transaction → count, page numbers …}
  TR_TRY(auto at, cursor::open(*this, free_list));
  std::size_t pages = 0;
  TR_TRY(bool found, at.first());
  while (found) {
    std::size_t count = 0;
    if (at.value().size() < sizeof count)
      return error{errc::corrupt, "free list of the store"};
    std::memcpy(&count, at.value().data(), sizeof count);
    pages += count;
    TR_TRY(found, at.next());
  }
  return pages;
}

result<void> transaction::commit() {
  if (const int code = mdb_txn_commit(handle_.release()); code != 0)
    return failure(code, "commit");
  return boost::outcome_v2::success();
}

void transaction::reset() {
  mdb_txn_reset(handle());
}

result<void> transaction::renew() {
  if (const int code = mdb_txn_renew(handle()); code != 0)
    return failure(code, "renew a transaction");
  return boost::outcome_v2::success();
}

result<cursor> cursor::open(const transaction& within, MDB_dbi database) {
  MDB_cursor* handle = nullptr;
  if (const int code = mdb_cursor_open(within.handle(), database, &handle); code != 0)
    return failure(code, "open a cursor");
  return cursor{handle};
}

result<bool> cursor::move(MDB_cursor_op operation) {
  const int code = mdb_cursor_get(handle_.get(), &key_, &value_, operation);
  valid_ = code == 0;
  if (code != 0 && code != MDB_NOTFOUND)
    return failure(code, "move a cursor");
  return valid_;
}

result<bool> cursor::seek(std::string_view key) {
  key_ = to_val(key);
  return move(MDB_SET_RANGE);
}

result<void> cursor::erase() {
  if (const int code = mdb_cursor_del(handle_.get(), 0); code != 0)
    return failure(code, "erase");
  return boost::outcome_v2::success();
}

} // namespace troupe::lmdb
