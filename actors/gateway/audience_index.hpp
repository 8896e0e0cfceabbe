#pragma once

#include "actors/gateway/wire_event.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace troupe::gateway {

/// What decides which events a client gets. Source: protocol.md section 3.
struct viewer {
  bool reads = false;          ///< Scope operator.read.
  bool session_scoped = false; ///< Cap session-scoped-events.
  bool tool_events = false;    ///< Cap tool-events.
};

/// Finds the receivers of an event without asking every client: by session, and by kind.
/// Pure. Thread: one owner.
class audience_index {
public:
  using client_id = std::uint64_t;
  /// A receiver and the audiences it belongs to.
  using receiver = std::pair<client_id, audience>;

  void add(client_id client, viewer seen_as);
  void remove(client_id client);
  /// `sessions.subscribe`.
  void watch_sessions(client_id client);
  /// `sessions.messages.subscribe`; false: the client watches too many already.
  bool watch_messages(client_id client, const std::string& key, std::size_t watched_max);
  void unwatch_messages(client_id client, const std::string& key);

  /// Everybody who may see something of session `key`.
  const std::vector<receiver>& of_session(const std::string& key);
  /// All audiences that occur in `receivers`.
  static audience union_of(const std::vector<receiver>& receivers);

  std::size_t size() const { return clients_.size(); }

private:
  struct client {
    viewer seen_as;
    bool sessions = false;
    std::unordered_set<std::string> watched;
  };
  static bool gets_all_runs(const client& known) {
    return known.seen_as.reads && !known.seen_as.session_scoped;
  }
  static audience run_audience(const client& known) {
    return static_cast<audience>(known.seen_as.tool_events ? for_run | for_tools : for_run);
  }
  void note(client_id id, audience sees);

  std::unordered_map<client_id, client> clients_;
  std::unordered_set<client_id> all_runs_; ///< Get chat and agent of every session.
  std::unordered_set<client_id> all_sessions_;
  std::unordered_map<std::string, std::vector<client_id>> by_session_;
  std::vector<receiver> found_; ///< Reused by `of_session`.
};

} // namespace troupe::gateway
