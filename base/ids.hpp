#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace troupe {

/// An integer that is not interchangeable with any other. `Tag` names the kind.
template <class Tag, class Rep>
class strong_id {
public:
  using rep = Rep;
  constexpr strong_id() = default;
  constexpr explicit strong_id(Rep value) : value_(value) {}
  constexpr Rep value() const { return value_; }
  friend constexpr auto operator<=>(strong_id, strong_id) = default;
  template <class Inspector>
  friend auto inspect(Inspector& f, strong_id& x) {
    return f(x.value_);
  }

private:
  Rep value_ = 0;
};

/// A slice of the key space, 0 … shards-1; `meta_shard` is the group of what is global.
using shard_id = strong_id<struct shard_tag, std::uint16_t>;
inline constexpr shard_id meta_shard{0xffff};

/// The Raft term of a shard's leader: the fencing number. 0 is "never led".
using epoch = strong_id<struct epoch_tag, std::uint64_t>;

/// The place of an entry in one group's log; the first entry is 1.
using log_index = strong_id<struct log_index_tag, std::uint64_t>;

} // namespace troupe

template <class Tag, class Rep>
struct std::hash<troupe::strong_id<Tag, Rep>> {
  std::size_t operator()(troupe::strong_id<Tag, Rep> id) const {
    return std::hash<Rep>{}(id.value());
  }
};
