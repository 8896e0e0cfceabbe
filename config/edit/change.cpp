#include "config/edit/change.hpp"

#include "base/file_handle.hpp"
#include "base/poll.hpp"
#include "base/random.hpp"
#include "config/json5/reader.hpp"
#include "config/reload.hpp"
#include "config/source/read_file.hpp"

#include <boost/json/object.hpp>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>

namespace troupe::config {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr mode_t new_file_mode = 0600;
constexpr std::chrono::milliseconds lock_patience{2'000};

/// OpenClaw's own config: by its name, or by the folder it lies in.
bool is_foreign(const fs::path& path) {
  return path.filename() == "openclaw.json" || std::ranges::any_of(path, [](const fs::path& part) {
           return part.string().starts_with(".openclaw");
         });
}

std::string path_objection(const std::string& path) {
  std::error_code failed;
  const auto real = fs::weakly_canonical(path, failed);
  if (is_foreign(path) || (!failed && is_foreign(real)))
    return "belongs to OpenClaw, whose files Troupe never writes to; copy it to a troupe.json";
  if (fs::is_symlink(fs::symlink_status(path, failed)))
    return "is a link, which a write would replace; name the file itself";
  return {};
}

refused_change refuse(const std::string& file, std::string message) {
  return {{{"", 0, 0, std::move(message), file}}};
}

struct identity {
  mode_t mode = new_file_mode;
  uid_t owner = ::geteuid();
  gid_t group = ::getegid();
};

result<void> fill(const std::string& path, std::string_view text, const identity& as) {
  const file_handle file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, new_file_mode));
  if (!file.valid())
    return file_error("cannot create", path, errno);
  const bool another = as.owner != ::geteuid() || as.group != ::getegid();
  if (another && ::fchown(file.get(), as.owner, as.group) != 0)
    return file_error("cannot keep the owner of", path, errno);
  if (::fchmod(file.get(), as.mode) != 0)
    return file_error("cannot keep the mode of", path, errno);
  return write_and_sync(file, text, path);
}

/// A whole file in the place of another.
result<void> replace_file(const std::string& path, std::string_view text, const identity& as) {
  const auto temporary = path + ".tmp-" + random_hex(8);
  auto placed = fill(temporary, text, as);
  if (placed && ::rename(temporary.c_str(), path.c_str()) != 0)
    placed = file_error("cannot replace", path, errno);
  if (!placed)
    ::unlink(temporary.c_str());
  return placed;
}

/// A folder that is made here is nobody else's business.
result<void> make_folder(const std::string& folder) {
  std::error_code failed;
  if (!fs::create_directories(folder, failed) && !failed)
    return boost::outcome_v2::success();
  if (!failed)
    fs::permissions(folder, fs::perms::owner_all, failed);
  if (failed)
    return file_error("cannot create", folder, failed.value());
  return boost::outcome_v2::success();
}

/// Holds the folder against others that write this way, until the handle ends.
result<file_handle> lock_folder(const std::string& folder) {
  file_handle directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid())
    return file_error("cannot open", folder, errno);
  if (!poll_until(lock_patience, [&] { return ::flock(directory.get(), LOCK_EX | LOCK_NB) == 0; }))
    return error{errc::cancelled, "another process is changing the config"};
  return directory;
}

/// The identity of the file whose text is still `before`.
result<identity> check_unchanged(const planned_change& change) {
  const auto now = read_file(change.path, json5::text_bytes_max);
  if (!now && now.error().code != errc::not_found)
    return now.error();
  const bool same = now ? change.before && now.value() == *change.before : !change.before;
  if (!same)
    return error{errc::cancelled, change.path + " was changed meanwhile"};
  identity out;
  struct stat about {};
  if (now && ::stat(change.path.c_str(), &about) != 0)
    return file_error("cannot look at", change.path, errno);
  if (now)
    out = {about.st_mode & 07777u, about.st_uid, about.st_gid};
  return out;
}

} // namespace

std::variant<planned_change, refused_change>
plan_change(const load_options& options, const load_outcome& now, const json::value& next) {
  planned_change out;
  out.path = now.where.config_path;
  if (auto why = path_objection(out.path); !why.empty())
    return refuse(out.path, std::move(why));
  const json::value nothing = json::object();
  const auto& before = now.source ? *now.source : nothing;
  if (auto why = include_objection(before, next); !why.empty())
    return refuse(out.path, std::move(why));
  if (now.where.config_exists)
    out.before = now.text;
  // A file that is no JSON5 differs from everything.
  out.changed = now.source ? changed_paths(before, next) : std::vector<std::string>{""};
  out.text = render(next);
  auto trial = options;
  trial.text = out.text;
  out.next = load(trial);
  if (!out.next.config)
    return refused_change{out.next.errors};
  return out;
}

result<void> write_change(const planned_change& change) {
  const auto folder = fs::path(change.path).parent_path().string();
  TR_TRY(make_folder(folder));
  TR_TRY(const auto directory, lock_folder(folder));
  TR_TRY(const auto as, check_unchanged(change));
  if (change.before) {
    TR_TRY(replace_file(change.path + ".bak", *change.before, as));
  }
  TR_TRY(replace_file(change.path, change.text, as));
  if (::fsync(directory.get()) != 0)
    return file_error("cannot sync", folder, errno);
  return boost::outcome_v2::success();
}

} // namespace troupe::config
