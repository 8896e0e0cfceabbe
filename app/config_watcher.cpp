#include "app/config_watcher.hpp"

#include "base/log.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace troupe {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t interesting = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE |
                                      IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB;
/// How often a folder that was missing is looked for.
constexpr auto look_again = 5s;
constexpr auto no_end = std::chrono::milliseconds{-1};

} // namespace

result<std::unique_ptr<config_watcher>>
config_watcher::start(std::function<std::vector<std::string>()> files,
                      std::function<void()> changed) {
  std::unique_ptr<config_watcher> made{new config_watcher};
  made->files_ = std::move(files);
  made->changed_ = std::move(changed);
  made->events_ = file_handle{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
  made->stop_ = file_handle{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!made->events_.valid() || !made->stop_.valid())
    return error{errc::storage_failed,
                 fmt::format("cannot watch the config: {}; changes are seen on SIGHUP only",
                             std::generic_category().message(errno))};
  made->watch_files();
  made->thread_ = std::thread{[watcher = made.get()] { watcher->run(); }};
  return made;
}

config_watcher::~config_watcher() {
  if (!thread_.joinable())
    return;
  const std::uint64_t one = 1;
  static_cast<void>(::write(stop_.get(), &one, sizeof one)); // A full counter wakes as well.
  thread_.join();
}

void config_watcher::run() {
  bool stopped = false;
  while (!stopped) {
    const bool happened = wait(incomplete_ ? look_again : no_end, stopped);
    if (stopped)
      return;
    // A folder that was missing may hold files by now.
    const bool was_incomplete = incomplete_;
    if (!happened) {
      watch_files();
      if (!was_incomplete || incomplete_)
        continue;
    } else if (!read_events()) {
      continue;
    }
    settle_down(stopped);
    if (stopped)
      return;
    changed_();
    watch_files();
  }
}

/// True when there is something to read from inotify.
bool config_watcher::wait(std::chrono::milliseconds patience, bool& stopped) {
  std::array<pollfd, 2> waiting{{{events_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
  const int ready = ::poll(waiting.data(), waiting.size(), static_cast<int>(patience.count()));
  stopped = ready > 0 && waiting[1].revents != 0;
  return ready > 0 && waiting[0].revents != 0;
}

/// Takes all events; true when one is about a watched file.
bool config_watcher::read_events() {
  constexpr std::size_t buffer_bytes = 16'384;
  alignas(inotify_event) std::array<char, buffer_bytes> buffer{};
  bool ours = false;
  while (true) {
    const auto got = ::read(events_.get(), buffer.data(), buffer.size());
    if (got <= 0)
      return ours;
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      const std::string_view name = event->len > 0 ? std::string_view{event->name} : "";
      const bool about_watch = (event->mask & IN_IGNORED) != 0;
      // Events were lost, or the folder itself is gone: anything may have happened.
      ours = ours || (name.empty() && !about_watch) || name.starts_with("..") ||
             names_.contains(std::string(name));
      at += sizeof(inotify_event) + event->len;
    }
  }
}

void config_watcher::settle_down(bool& stopped) {
  const auto begun = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begun < settle_max && wait(settle, stopped) && !stopped)
    read_events();
}

void config_watcher::watch_files() {
  std::map<std::string, int> wanted;
  names_.clear();
  incomplete_ = false;
  for (const auto& file : files_()) {
    const std::filesystem::path path{file};
    names_.insert(path.filename().string());
    const auto folder = path.parent_path().string();
    if (wanted.contains(folder) || wanted.size() >= folders_max)
      continue;
    const int watch = ::inotify_add_watch(events_.get(), folder.c_str(), interesting);
    if (watch >= 0)
      wanted.emplace(folder, watch);
    else
      incomplete_ = true;
  }
  for (const auto& [folder, watch] : folders_)
    if (!wanted.contains(folder))
      ::inotify_rm_watch(events_.get(), watch);
  folders_ = std::move(wanted);
}

} // namespace troupe
