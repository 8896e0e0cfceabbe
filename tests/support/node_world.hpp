#pragma once

#include "actors/conversation/context.hpp"
#include "actors/node/router.hpp"
#include "tests/support/actor_world.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/test_log.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::test {

/// A provider without a network: each call is answered at once, in SSE, by `answer`.
class scripted_client final : public net::outbound_client {
public:
  /// Gets the request's body, gives the chunks of the stream ("[DONE]" is added). Empty: the
  /// connection breaks.
  std::function<std::vector<std::string>(const std::string& body)> answer;
  unsigned calls = 0;

  std::shared_ptr<net::outbound_call>
  start(net::outbound_request request, std::shared_ptr<net::outbound_observer> observer) override;
};

/// Router, shards, conversations, runs, model calls and tools on one thread, over a log that gives
/// every outcome on demand. The tools are `pay` (once: counts in `paid`), `look` (pure).
class node_world : public actor_world {
public:
  static constexpr epoch first_term{1};
  const std::string key = "agent:main:main";

  manual_clock time;
  test_log log;
  scripted_client provider;
  std::map<std::string, int> paid; ///< By call id.
  std::vector<run_event_ptr> events;
  std::vector<session_event> session_events;
  caf::actor beating;    ///< Of the runs' limits.
  caf::actor newest_run; ///< Whoever published as a run last.
  std::shared_ptr<conversation_context> context;
  shard_router_actor router;

  /// `provider_unavailable`: as the config says it of the provider; empty: it can be called.
  explicit node_world(std::string provider_unavailable = {});
  ~node_world();

  shard_id shard() const { return log.shard_of(key); }
  void lead(epoch term);
  void depose();
  /// Moves actors' and boot clock, and runs.
  void pass(std::chrono::milliseconds by);

  submit_input input(const std::string& run_id, const std::string& text = "hello") const;
  /// Sends as a client does: again with the same run id after every retryable error. Empty: given
  /// up.
  std::optional<input_receipt> submit_until_accepted(const std::string& run_id,
                                                     const std::string& text = "hello");
  std::optional<input_receipt> submit_until_accepted(const submit_input& wanted);
  /// Lets time pass until the run is closed in the rows.
  std::optional<tables::run_row> finished(const std::string& run_id);

  std::optional<tables::run_row> run_row(const std::string& run_id) const;
  std::vector<tables::message_row> transcript() const; ///< With whole texts.
  /// Rows of the shard below `prefix`.
  std::size_t count(const std::string& prefix) const;
  /// Events of one kind, in order.
  template <class Kind>
  std::vector<Kind> seen() const {
    std::vector<Kind> out;
    for (const auto& event : events)
      if (const auto* kind = std::get_if<Kind>(&event->what))
        out.push_back(*kind);
    return out;
  }
};

} // namespace troupe::test
