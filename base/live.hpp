#pragma once

#include <concepts>
#include <memory>
#include <mutex>
#include <utility>

namespace troupe {

/// A value that many read and one replaces as a whole, such as the config in force. Copies of a
/// `live` look at the same value. Whoever needs it for longer than one expression keeps what `get`
/// returns: a reference into it does not survive a replacement.
/// Thread: any. A read costs an uncontended lock and a count.
template <class T>
class live {
public:
  live() : live(std::shared_ptr<const T>{}) {}
  /// What it is until it is replaced.
  template <class U>
  requires std::convertible_to<std::shared_ptr<U>, std::shared_ptr<const T>>
  live(std::shared_ptr<U> first) // Implicit: a plain value is one that is never replaced.
      : cell_(std::make_shared<cell>(std::move(first))) {}

  std::shared_ptr<const T> get() const {
    const std::scoped_lock lock{cell_->guard};
    return cell_->value;
  }
  /// For one expression: `config->where.state_dir`.
  std::shared_ptr<const T> operator->() const { return get(); }

  void replace(std::shared_ptr<const T> next) {
    {
      const std::scoped_lock lock{cell_->guard};
      cell_->value.swap(next);
    }
    // The old one may end here, outside the lock.
  }

private:
  struct cell {
    explicit cell(std::shared_ptr<const T> first) : value(std::move(first)) {}
    std::mutex guard;
    std::shared_ptr<const T> value;
  };
  std::shared_ptr<cell> cell_;
};

} // namespace troupe
