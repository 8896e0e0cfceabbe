#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace troupe {

/// A right to occupy one place of a bounded inbox; gives it back when the last copy goes, also when
/// the actor that held the message crashed.
using credit = std::shared_ptr<void>;

/// Bounds what may wait for an actor: CAF mailboxes have no bound of their own. The sender takes a
/// credit before it sends and puts it into the message. Thread: any.
class credit_pool : public std::enable_shared_from_this<credit_pool> {
public:
  static std::shared_ptr<credit_pool> create(std::uint32_t places) {
    return std::shared_ptr<credit_pool>{new credit_pool{places}};
  }

  /// Null when fewer than `wanted` places are free: answer `overloaded`.
  credit take(std::uint32_t wanted = 1) {
    const auto before = taken_.fetch_add(wanted, std::memory_order_relaxed);
    if (before > places_ || places_ - before < wanted) {
      taken_.fetch_sub(wanted, std::memory_order_relaxed);
      return nullptr;
    }
    return credit{this, [pool = shared_from_this(), wanted](void*) {
                    pool->taken_.fetch_sub(wanted, std::memory_order_relaxed);
                  }};
  }

  std::uint32_t taken() const { return taken_.load(std::memory_order_relaxed); }
  std::uint32_t places() const { return places_; }

private:
  explicit credit_pool(std::uint32_t places) : places_(places) {}
  const std::uint32_t places_;
  std::atomic<std::uint32_t> taken_{0};
};

} // namespace troupe
