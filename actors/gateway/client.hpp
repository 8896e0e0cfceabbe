#pragma once

#include "actors/gateway/handshake.hpp"
#include "actors/gateway/messages.hpp"
#include "actors/gateway/shared.hpp"
#include "actors/support/observed.hpp"
#include "base/random.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe::gateway {

/// Waiting for the end of a run, on behalf of one request of this client.
struct awaited_run {
  enum class kind { agent, wait };
  kind asked_by = kind::agent;
  std::string request_id;
  std::string key;
  std::string run_id;
  std::chrono::nanoseconds deadline{}; ///< On `clock::now_boot()`.
  unsigned retries = 0;
};

struct client_state {
  static constexpr const char* name = "client";
  client_state() = default;
  client_state(const client_state&) = delete;
  client_state& operator=(const client_state&) = delete;
  /// A client that fails takes its connection with it.
  ~client_state();

  enum class phase { greeting, admitting, refusing, open, closed };

  gateway_shared_ptr shared;
  client_link_ptr link;
  front_actor front;
  registration place;
  phase now = phase::greeting;
  std::optional<refusal> held;      ///< While refusing.
  std::string challenge;            ///< The nonce that a device signs.
  std::vector<client_frame> parked; ///< Frames that came while admitting.
  std::uint64_t device_changes = 0; ///< As counted when the device was last looked at.

  // Since the handshake.
  std::string client_id;
  std::string client_mode;
  std::string role;
  scope_set scopes;
  bool tool_events = false; ///< Cap.
  std::string presence_key; ///< Listed under it; empty: not listed.
  std::optional<device_grant> device;
  bool by_device_token = false; ///< It proved itself with the device's token.
  unsigned unauthorized_calls = 0;
  std::uint64_t seq = 0;               ///< Of the last event.
  std::uint32_t in_flight = 0;         ///< Requests not finally answered.
  std::uint32_t behind_events = 0;     ///< Of those, answers that wait behind events.
  std::optional<close_client> closing; ///< Once these are answered.
  std::unordered_map<std::uint64_t, awaited_run> retrying;
  std::uint64_t next_ticket = 0;
  random_generator random{random_seed()};
};
using client_self = typed_self<client_actor, client_state>;

/// One WebSocket: handshake, requests, events.
///
///     greeting ──connect ok──► open ──close, lost, drained, device lost its grant──► (gone)
///        │  └──a write is needed──► admitting ──committed──► open
///        └──────refused (also from admitting)──► refusing ──delay over──► (gone)
///
/// Its inbox is bounded by the frame credits of the connection and by `batches_waiting_max`. It
/// ends with its connection, and its connection with it; nothing of it is worth restarting.
client_actor::behavior_type client(client_self self, gateway_shared_ptr shared,
                                   client_link_ptr link, front_actor front);

// ---- for the methods
// -----------------------------------------------------------------------------

/// The final answer of a request.
void answer(client_self self, const std::string& request_id, std::string_view payload);
void fail(client_self self, const std::string& request_id, const protocol_error& failure,
          std::string_view payload = {});
/// Answers with what `work` returns, which may block: it runs on a thread of its own. It must not
/// touch the actor.
void answer_with(client_self self, const std::string& request_id,
                 std::function<result<std::string>()> work);
/// `then` runs behind every event that the front has heard until now: for answers that clients take
/// as the end of something.
void after_events(client_self self, std::function<void()> then);
/// An answer that is followed by the final one (`agent`).
void answer_first(client_self self, const std::string& request_id, std::string_view payload);

} // namespace troupe::gateway
