#pragma once

#include "base/file_handle.hpp"
#include "base/result.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace troupe {

/// Says when a file may have changed: the config and what it includes. It watches the folders, so
/// that a file that is replaced, taken away or made counts as well. An edit is often many writes:
/// it waits until nothing happened for `settle`, but no longer than `settle_max` in all.
/// Thread: one of its own, which ends with the object.
class config_watcher {
public:
  static constexpr std::chrono::milliseconds settle{300};
  static constexpr std::chrono::milliseconds settle_max{3'000};
  /// Folders beyond this are not watched.
  static constexpr std::size_t folders_max = 64;

  /// `files` is asked at the start and after each change; `changed` is called from the thread.
  /// Errors: `storage_failed` (the system gives no more watches).
  static result<std::unique_ptr<config_watcher>>
  start(std::function<std::vector<std::string>()> files, std::function<void()> changed);
  ~config_watcher();
  config_watcher(const config_watcher&) = delete;
  config_watcher& operator=(const config_watcher&) = delete;

private:
  config_watcher() = default;
  void run();
  bool wait(std::chrono::milliseconds patience, bool& stopped);
  bool read_events();
  void watch_files();
  void settle_down(bool& stopped);

  // Constant after construction.
  std::function<std::vector<std::string>()> files_;
  std::function<void()> changed_;
  file_handle events_; ///< inotify
  file_handle stop_;   ///< eventfd
  // Touched only by the thread, once it runs.
  std::map<std::string, int> folders_; ///< Watch descriptors.
  std::set<std::string> names_;
  bool incomplete_ = false; ///< A folder is missing: look again later.
  std::thread thread_;
};

} // namespace troupe
