#include "persistence/journal/lmdb_store.hpp"

#include "base/log.hpp"
#include "persistence/journal/group_fields.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace troupe {
namespace {

constexpr std::uint64_t format_version = 1;
constexpr std::string_view format_key = "format";
/// How much more than the transaction's content the disk must take to count as "not full": pages
/// are copied whole, and what an aborted transaction wrote stays in the file.
constexpr std::size_t room_factor = 4;
constexpr std::size_t room_bytes_min = 1u << 20;

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

result<void> sync_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  const bool synced = file >= 0 && ::fsync(file) == 0;
  const int code = errno;
  if (file >= 0)
    ::close(file);
  if (!synced)
    return error{errc::storage_failed,
                 "sync " + path + ": " + std::generic_category().message(code)};
  return boost::outcome_v2::success();
}

result<void> remove_unfinished(const std::string& fresh) {
  TR_TRY(remove_path(fresh + "/data.mdb"));
  TR_TRY(remove_path(fresh + "/lock.mdb"));
  return remove_path(fresh);
}

} // namespace

result<lmdb_store> lmdb_store::open(const std::string& directory, std::size_t map_bytes,
                                    const disk& storage) {
  TR_TRY(remove_path(directory + "/room.tmp"));
  TR_TRY(remove_unfinished(directory + "/new"));
  if (!exists(directory + "/data.mdb")) {
    TR_TRY(create(directory, map_bytes));
  }
  lmdb::env_options chosen;
  chosen.directory = directory;
  chosen.map_bytes = map_bytes;
  TR_TRY(auto opened, lmdb::env::open(chosen));
  if (opened.map_bytes() < map_bytes)
    log::warn("store", "only {} MiB of address space for the store instead of {}: raise the limit",
              opened.map_bytes() >> 20, map_bytes >> 20);
  lmdb_store out{std::move(opened), storage, directory};
  TR_TRY(out.open_databases());
  return out;
}

// A crash while LMDB writes its first pages would leave a file that it refuses later. So the store
// is made whole elsewhere and appears by one rename.
result<void> lmdb_store::create(const std::string& directory, std::size_t map_bytes) {
  const auto fresh = directory + "/new";
  TR_TRY(make_directory(fresh));
  {
    lmdb::env_options chosen;
    chosen.directory = fresh;
    chosen.map_bytes = map_bytes;
    TR_TRY(const auto made, lmdb::env::open(chosen));
    TR_TRY(auto writing, lmdb::transaction::begin(made, lmdb::access::write));
    for (const char* name : {"log", "rows", "groups"}) {
      TR_TRY(writing.database(name, lmdb::access::write));
    }
    TR_TRY(const auto store, writing.database("store", lmdb::access::write));
    TR_TRY(put_framed(writing, store, store_database::store, format_key, {},
                      encode_number(format_version)));
    TR_TRY(writing.commit());
  }
  TR_TRY(sync_file(fresh + "/data.mdb"));
  TR_TRY(move_path(fresh + "/data.mdb", directory + "/data.mdb", directory));
  return remove_unfinished(fresh);
}

result<void> lmdb_store::open_databases() {
  // A write transaction keeps the handles for the process only if it commits; a read one too, and
  // it writes nothing.
  TR_TRY(auto reading, lmdb::transaction::begin(env_, lmdb::access::read));
  TR_TRY(databases_.log, reading.database("log", lmdb::access::read));
  TR_TRY(databases_.rows, reading.database("rows", lmdb::access::read));
  TR_TRY(databases_.groups, reading.database("groups", lmdb::access::read));
  TR_TRY(databases_.store, reading.database("store", lmdb::access::read));
  TR_TRY(reading.commit());
  TR_TRY(const auto record, read(store_database::store, format_key));
  if (!record)
    return error{errc::corrupt, "the store " + directory_ + " has no format record"};
  TR_TRY(const auto format, decode_number(*record));
  if (format != format_version)
    return error{errc::unsupported, "the store " + directory_ + " has format " +
                                        std::to_string(format) + ", this program reads format " +
                                        std::to_string(format_version)};
  return boost::outcome_v2::success();
}

MDB_dbi lmdb_store::database(store_database place) const {
  switch (place) {
  case store_database::log:
    return databases_.log;
  case store_database::rows:
    return databases_.rows;
  case store_database::groups:
    return databases_.groups;
  case store_database::store:
    break;
  }
  return databases_.store;
}

result<std::optional<std::string>> lmdb_store::read(store_database place,
                                                    std::string_view key) const {
  TR_TRY(const auto reading, lmdb::transaction::begin(env_, lmdb::access::read));
  TR_TRY(const auto value, reading.get(database(place), key));
  if (!value)
    return std::optional<std::string>{};
  TR_TRY(const auto payload, unframe(place, key, *value));
  return std::optional<std::string>{payload};
}

result<void> lmdb_store::write(std::size_t bytes,
                               const std::function<result<void>(lmdb::transaction&)>& fill) {
  const auto before = env_.last_transaction();
  auto attempt = [&]() -> result<void> {
    TR_TRY(auto writing, lmdb::transaction::begin(env_, lmdb::access::write));
    TR_TRY(fill(writing));
    return writing.commit();
  };
  auto done = attempt();
  if (done)
    return done;
  return examine(std::move(done).assume_error(), before, bytes);
}

// LMDB tells an errno, not which call failed. What is known here:
// - A failed data page aborts the transaction and leaves the environment usable. A short write (how
//   a disk that fills up begins) comes as EIO, hence the question whether the disk has room.
// - A failed meta page makes the environment refuse everything from then on (MDB_PANIC).
// - A failed fdatasync aborts, too. The pages it may have lost belong to the aborted transaction
//   only (LMDB never overwrites a page that the committed tree uses), so a sync that works now
//   proves that nothing committed is at risk; one that fails again is a broken disk.
error lmdb_store::examine(error failure, std::size_t transaction_before, std::size_t bytes) const {
  if (failure.code != errc::storage_full && failure.code != errc::storage_failed)
    return failure;
  const auto as_failed = [&](std::string_view why) {
    return error{errc::storage_failed, failure.detail + "; " + std::string{why}};
  };
  if (const auto usable = lmdb::transaction::begin(env_, lmdb::access::write); !usable)
    return as_failed("the store refuses further use");
  if (env_.last_transaction() != transaction_before)
    return as_failed("the store may have changed");
  if (failure.code == errc::storage_failed &&
      storage_->has_room(directory_, std::max(room_bytes_min, room_factor * bytes)))
    return as_failed("the disk has room");
  if (const auto synced = env_.sync(); !synced)
    return as_failed(synced.error().detail);
  failure.code = errc::storage_full;
  return failure;
}

} // namespace troupe
