#pragma once

#include "actors/gateway/wire_event.hpp"

#include <cstdint>
#include <deque>
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
  /// The client started run `run_id`: it gets the run's tool stream, if it has the cap. Of more
  /// than `followed_max` runs it follows the latest.
  void follow_run(client_id client, const std::string& run_id, std::size_t followed_max);
  /// The run has ended.
  void forget_run(const std::string& run_id);

  /// Everybody who may see something of session `key`.
  const std::vector<receiver>& of_session(const std::string& key);
  /// Everybody who may see something of run `run_id` in session `key`.
  const std::vector<receiver>& of_run(const std::string& key, const std::string& run_id);
  /// All audiences that occur in `receivers`.
  static audience union_of(const std::vector<receiver>& receivers);

  std::size_t size() const { return clients_.size(); }

private:
  struct client {
    viewer seen_as;
    bool sessions = false;
    std::unordered_set<std::string> watched;
    std::deque<std::string> followed; ///< Runs, the latest last.
  };
  static bool gets_all_runs(const client& known) {
    return known.seen_as.reads && !known.seen_as.session_scoped;
  }
  void unfollow(client_id id, const std::string& run_id);
  void note(client_id id, audience sees);

  std::unordered_map<client_id, client> clients_;
  std::unordered_set<client_id> all_runs_; ///< Get chat and agent of every session.
  std::unordered_set<client_id> all_sessions_;
  std::unordered_map<std::string, std::vector<client_id>> by_session_;
  std::unordered_map<std::string, std::vector<client_id>> by_run_; ///< Who started it.
  std::vector<receiver> found_;                                    ///< Reused by each question.
};

} // namespace troupe::gateway
