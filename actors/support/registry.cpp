#include "actors/support/registry.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

struct registration::entry {
  std::string path;
  const char* kind = "";
  std::atomic<const char*> state{"running"};
  std::shared_ptr<actor_stats> stats;
  std::chrono::nanoseconds started{};
};

registration::registration(std::shared_ptr<actor_registry> owner, std::shared_ptr<entry> mine)
    : owner_(std::move(owner)), entry_(std::move(mine)) {}

registration::registration(registration&& other) noexcept
    : owner_(std::move(other.owner_)), entry_(std::move(other.entry_)) {}

registration& registration::operator=(registration&& other) noexcept {
  std::swap(owner_, other.owner_);
  std::swap(entry_, other.entry_);
  return *this;
}

registration::~registration() {
  if (owner_ && entry_)
    owner_->remove(entry_);
}

const std::string& registration::path() const {
  static const std::string nowhere;
  return entry_ ? entry_->path : nowhere;
}

void registration::enter(const char* state) {
  if (entry_)
    entry_->state.store(state, std::memory_order_relaxed);
}

registration actor_registry::add(std::string path, const char* kind,
                                 std::shared_ptr<actor_stats> stats) {
  auto made = std::make_shared<registration::entry>();
  made->path = std::move(path);
  made->kind = kind;
  made->stats = std::move(stats);
  made->started = clock_.now_boot();
  const std::scoped_lock lock{guard_};
  entries_[made->path] = made;
  return registration{shared_from_this(), std::move(made)};
}

void actor_registry::note_restart(std::string_view path, std::string_view reason) {
  const std::scoped_lock lock{guard_};
  const auto key = std::string{path};
  if (histories_.size() >= histories_max && !histories_.contains(key))
    return;
  auto& known = histories_[key];
  ++known.restarts;
  known.last_error = reason;
}

void actor_registry::forget(std::string_view path) {
  const std::scoped_lock lock{guard_};
  histories_.erase(std::string{path});
}

void actor_registry::remove(const std::shared_ptr<registration::entry>& gone) {
  const std::scoped_lock lock{guard_};
  const auto found = entries_.find(gone->path);
  if (found != entries_.end() && found->second == gone)
    entries_.erase(found);
}

std::vector<actor_info> actor_registry::list() const {
  std::vector<actor_info> rows;
  const auto now = clock_.now_boot();
  {
    const std::scoped_lock lock{guard_};
    rows.reserve(entries_.size());
    for (const auto& [path, entry] : entries_) {
      actor_info row;
      row.path = path;
      row.kind = entry->kind;
      row.state = entry->state.load(std::memory_order_relaxed);
      row.inbox = entry->stats->inbox.load(std::memory_order_relaxed);
      row.handled = entry->stats->handled.load(std::memory_order_relaxed);
      row.busy_ns = entry->stats->busy_ns.load(std::memory_order_relaxed);
      row.failures = entry->stats->failures.load(std::memory_order_relaxed);
      row.age = std::chrono::duration_cast<std::chrono::milliseconds>(now - entry->started);
      if (const auto known = histories_.find(path); known != histories_.end()) {
        row.restarts = known->second.restarts;
        row.last_error = known->second.last_error;
      }
      rows.push_back(std::move(row));
    }
  }
  std::ranges::sort(rows, {}, &actor_info::path);
  return rows;
}

std::size_t actor_registry::size() const {
  const std::scoped_lock lock{guard_};
  return entries_.size();
}

} // namespace troupe
