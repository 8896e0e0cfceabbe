#include "app/leadership_bridge.hpp"

#include <caf/send.hpp>

#include <utility>

namespace troupe {

void leadership_bridge::open(shard_router_actor router) {
  const std::scoped_lock lock{guard_};
  router_ = std::move(router);
  for (const auto& earlier : std::exchange(waiting_, {}))
    tell(earlier);
}

void leadership_bridge::close() {
  const std::scoped_lock lock{guard_};
  closed_ = true;
  router_ = nullptr;
}

void leadership_bridge::on_leading(shard_id shard, epoch term) {
  const std::scoped_lock lock{guard_};
  tell({shard, term, true});
}

void leadership_bridge::on_deposed(shard_id shard, epoch term) {
  const std::scoped_lock lock{guard_};
  tell({shard, term, false});
}

void leadership_bridge::tell(const report& what) {
  if (closed_)
    return;
  if (!router_) {
    waiting_.push_back(what);
    return;
  }
  if (what.leading) {
    caf::anon_send(router_, shard_leading{what.shard, what.term});
    if (status_->shards_led.fetch_add(1) + 1 == shards_total_)
      status_->started = true;
  } else {
    caf::anon_send(router_, shard_deposed{what.shard, what.term});
    status_->shards_led.fetch_sub(1);
  }
}

} // namespace troupe
