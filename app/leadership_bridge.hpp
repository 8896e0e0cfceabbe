#pragma once

#include "actors/gateway/context.hpp"
#include "actors/node/router.hpp"
#include "cluster/log/replicated_log.hpp"

#include <memory>
#include <mutex>
#include <vector>

namespace troupe {

/// Tells the router what the log says about leadership, and counts it for the probes. What comes
/// before `open` waits, because the log may lead shards before its caller knows which boot this is.
class leadership_bridge final : public leadership_listener {
public:
  leadership_bridge(std::shared_ptr<node_status> status, unsigned shards_total)
      : status_(std::move(status)), shards_total_(shards_total) {}

  void open(shard_router_actor router);
  /// Lets go of the router; what comes afterwards is dropped.
  void close();

  void on_leading(shard_id shard, epoch term) override;
  void on_deposed(shard_id shard, epoch term) override;

private:
  struct report {
    shard_id shard;
    epoch term;
    bool leading = false;
  };
  void tell(const report& what);

  const std::shared_ptr<node_status> status_;
  const unsigned shards_total_;
  std::mutex guard_;
  shard_router_actor router_;
  bool closed_ = false;
  std::vector<report> waiting_;
};

} // namespace troupe
