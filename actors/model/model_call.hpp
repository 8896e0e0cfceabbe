#pragma once

#include "actors/model/model_access.hpp"
#include "actors/model/retry_policy.hpp"
#include "actors/model/stream_decoder.hpp"
#include "actors/model/types.hpp"
#include "actors/support/observed.hpp"
#include "base/random.hpp"

#include <caf/actor.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

struct model_call_state {
  static constexpr const char* name = "model_call";
  ~model_call_state();

  // Constant after the start.
  registration place;
  model_access_ptr access;
  std::string provider;
  config::model_settings model;
  model::model_request request;
  caf::actor run;

  // One try.
  std::uint64_t generation = 0; ///< Messages of an earlier try are dropped.
  credit slot_held;
  std::unique_ptr<model::stream_decoder> decoder;
  std::shared_ptr<net::outbound_call> call;
  std::size_t text_bytes = 0;
  bool restart_text = false;

  // Across tries.
  model::retry_policy retries;
  random_generator random{random_seed()};
  std::size_t demo_position = 0;
};

/// Makes one model call with its retries and tells `run` what comes: `model_text`,
/// `model_retrying`, then `model_ended`, and quits. Ends, and closes the connection, when the run
/// goes away. An answer longer than `answer_text_bytes_max` is stopped there with reason "length".
caf::behavior model_call(plain_self<model_call_state> self, model_access_ptr access,
                         const std::shared_ptr<actor_registry>& registry, std::string path,
                         std::string provider, config::model_settings model,
                         model::model_request request, caf::actor run);

} // namespace troupe
