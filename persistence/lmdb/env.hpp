#pragma once

#include "base/result.hpp"

#include <lmdb.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// RAII over LMDB 0.9.24: environment, transaction, cursor; every failure is a `result`.
/// Keys and values handed out are views into the map or into dirty pages: valid until the
/// transaction ends or (in a write transaction) the next write.
namespace troupe::lmdb {

/// LMDB's code as ours, with what was tried. `storage_full` (map or disk), `corrupt`, `overloaded`
/// (no reader slot), else `storage_failed`.
error failure(int code, std::string_view what);

struct env_options {
  std::string directory; ///< Must exist; holds data.mdb and lock.mdb.
  /// Address space to reserve; costs nothing until used. When the kernel refuses (a limit on
  /// address space) it is halved down to `map_bytes_min`, never below what the data needs.
  std::size_t map_bytes = std::size_t{64} << 30;
  unsigned readers_max = 1024;
  unsigned databases_max = 8;
};

inline constexpr std::size_t map_bytes_min = 64u << 20;

/// Opened with MDB_NOTLS | MDB_NORDAHEAD and full syncs; stale readers of dead processes are
/// cleared. Thread: any, where the members do not say otherwise.
class env {
public:
  static result<env> open(const env_options& chosen);

  MDB_env* handle() const { return handle_.get(); }
  std::size_t map_bytes() const;
  /// The number of the last committed transaction.
  std::size_t last_transaction() const;
  /// Pages ever used (the file's high-water mark) and the page size.
  std::size_t pages_used() const;
  std::size_t page_bytes() const;
  /// Syncs the data file now.
  result<void> sync() const;

private:
  struct closer {
    void operator()(MDB_env* handle) const { mdb_env_close(handle); }
  };
  explicit env(MDB_env* handle) : handle_(handle) {}
  static result<env> open_with(const env_options& chosen, std::size_t map_bytes, int& code);
  std::unique_ptr<MDB_env, closer> handle_;
};

enum class access { read, write };

/// Aborts unless committed. Thread: one at a time (write: the thread that began it).
class transaction {
public:
  static result<transaction> begin(const env& store, access wanted);
  transaction(transaction&&) noexcept = default;
  transaction& operator=(transaction&&) noexcept = default;

  /// Opens (with `access::write`: creates) a database by name. Once per process, before threads.
  result<MDB_dbi> database(const char* name, access wanted);

  result<std::optional<std::string_view>> get(MDB_dbi database, std::string_view key) const;
  /// Makes room for a value of `size` bytes under `key`; the caller fills it before any other call.
  result<std::span<char>> reserve(MDB_dbi database, std::string_view key, std::size_t size);
  /// Absence is success.
  result<void> erase(MDB_dbi database, std::string_view key);
  /// Pages that committed transactions freed and that may be used again.
  result<std::size_t> free_pages() const;

  /// Writes and syncs; the transaction is over, whatever the result.
  result<void> commit();
  /// Read transactions only: lets go of the picture but keeps the reader slot, until `renew`.
  void reset();
  result<void> renew();

  MDB_txn* handle() const { return handle_.get(); }

private:
  struct aborter {
    void operator()(MDB_txn* handle) const { mdb_txn_abort(handle); }
  };
  explicit transaction(MDB_txn* handle) : handle_(handle) {}
  std::unique_ptr<MDB_txn, aborter> handle_;
};

/// A place in one database. Must go before its transaction does.
class cursor {
public:
  static result<cursor> open(const transaction& within, MDB_dbi database);

  /// Each moves and tells whether there is an entry. After `false`: nowhere.
  result<bool> first() { return move(MDB_FIRST); }
  result<bool> last() { return move(MDB_LAST); }
  result<bool> next() { return move(MDB_NEXT); }
  result<bool> previous() { return move(MDB_PREV); }
  /// To the first key >= `key`.
  result<bool> seek(std::string_view key);

  bool valid() const { return valid_; }
  std::string_view key() const { return view(key_); }
  std::string_view value() const { return view(value_); }
  /// Removes the entry here; `next` then goes to the one that followed it.
  result<void> erase();

private:
  struct closer {
    void operator()(MDB_cursor* handle) const { mdb_cursor_close(handle); }
  };
  explicit cursor(MDB_cursor* handle) : handle_(handle) {}
  static std::string_view view(const MDB_val& value) {
    return {static_cast<const char*>(value.mv_data), value.mv_size};
  }
  result<bool> move(MDB_cursor_op operation);

  std::unique_ptr<MDB_cursor, closer> handle_;
  MDB_val key_{};
  MDB_val value_{};
  bool valid_ = false;
};

} // namespace troupe::lmdb
