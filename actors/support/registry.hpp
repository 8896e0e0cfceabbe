#pragma once

#include "base/clock.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe {

/// What one actor did so far. Written by the actor and its senders, read by introspection.
/// Thread: any; every counter stands for itself.
struct actor_stats {
  std::atomic<std::uint32_t> inbox{0};    ///< Messages waiting.
  std::atomic<std::uint64_t> handled{0};  ///< Messages taken from the inbox.
  std::atomic<std::uint64_t> busy_ns{0};  ///< Time spent in handlers.
  std::atomic<std::uint64_t> failures{0}; ///< Handlers that threw, and messages nobody handled.
};

/// One row of introspection.
struct actor_info {
  std::string path;
  std::string kind;
  std::string state;
  std::uint32_t inbox = 0;
  std::uint64_t handled = 0;
  std::uint64_t busy_ns = 0;
  std::uint64_t failures = 0;
  unsigned restarts = 0;
  std::string last_error;
  std::chrono::milliseconds age{};
};

class actor_registry;

/// An actor's place in the registry for as long as it lives. Member of the actor's state; moves,
/// never copies. Thread: the owning actor.
class registration {
public:
  registration() = default;
  registration(registration&& other) noexcept;
  registration& operator=(registration&& other) noexcept;
  ~registration();

  const std::string& path() const;
  /// Names the state the actor is in now: a literal.
  void enter(const char* state);

private:
  friend class actor_registry;
  struct entry;
  registration(std::shared_ptr<actor_registry> owner, std::shared_ptr<entry> mine);
  std::shared_ptr<actor_registry> owner_;
  std::shared_ptr<entry> entry_;
};

/// All live actors of one node by path (architecture section 4). Thread: any.
class actor_registry : public std::enable_shared_from_this<actor_registry> {
public:
  explicit actor_registry(const clock& time) : clock_(time) {}

  /// `kind` is a literal: "conversation", "run". A path that lives twice (a restart overlapping its
  /// predecessor) shows the newer one.
  registration add(std::string path, const char* kind, std::shared_ptr<actor_stats> stats);
  /// Noted by a supervisor before it starts the path again; shown with the new actor.
  void note_restart(std::string_view path, std::string_view reason);
  /// Forgets the restart history of `path`, when its owner gives the path up.
  void forget(std::string_view path);

  /// Ordered by path.
  std::vector<actor_info> list() const;
  std::size_t size() const;

private:
  friend class registration;
  struct history {
    unsigned restarts = 0;
    std::string last_error;
  };
  /// Restart histories kept; beyond it the oldest knowledge is not recorded.
  static constexpr std::size_t histories_max = 4096;

  void remove(const std::shared_ptr<registration::entry>& gone);

  const clock& clock_;
  mutable std::mutex guard_;
  std::unordered_map<std::string, std::shared_ptr<registration::entry>> entries_;
  std::unordered_map<std::string, history> histories_;
};

} // namespace troupe
