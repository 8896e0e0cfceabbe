#include "actors/gateway/audience_index.hpp"

#include <algorithm>

namespace troupe::gateway {
namespace {

/// Subscribed to a session's messages.
constexpr auto watching = static_cast<audience>(for_messages | for_session_tools);

} // namespace

void audience_index::add(client_id id, viewer seen_as) {
  auto& known = clients_[id];
  known.seen_as = seen_as;
  if (gets_all_runs(known))
    all_runs_.insert(id);
}

void audience_index::remove(client_id id) {
  const auto found = clients_.find(id);
  if (found == clients_.end())
    return;
  // A copy, because unwatching takes the keys out of the set.
  const auto watched = found->second.watched;
  for (const auto& key : watched)
    unwatch_messages(id, key);
  for (const auto& run_id : found->second.followed)
    unfollow(id, run_id);
  all_runs_.erase(id);
  all_sessions_.erase(id);
  clients_.erase(id);
}

void audience_index::watch_sessions(client_id id) {
  const auto found = clients_.find(id);
  if (found == clients_.end())
    return;
  found->second.sessions = true;
  all_sessions_.insert(id);
}

bool audience_index::watch_messages(client_id id, const std::string& key, std::size_t watched_max) {
  const auto found = clients_.find(id);
  if (found == clients_.end())
    return false;
  auto& watched = found->second.watched;
  if (watched.contains(key))
    return true;
  if (watched.size() >= watched_max)
    return false;
  watched.insert(key);
  by_session_[key].push_back(id);
  return true;
}

void audience_index::unwatch_messages(client_id id, const std::string& key) {
  const auto found = clients_.find(id);
  if (found == clients_.end() || found->second.watched.erase(key) == 0)
    return;
  const auto session = by_session_.find(key);
  std::erase(session->second, id);
  if (session->second.empty())
    by_session_.erase(session);
}

void audience_index::follow_run(client_id id, const std::string& run_id, std::size_t followed_max) {
  const auto found = clients_.find(id);
  if (found == clients_.end() || !found->second.seen_as.tool_events)
    return;
  auto& followed = found->second.followed;
  if (std::ranges::find(followed, run_id) != followed.end())
    return;
  if (followed.size() >= followed_max) {
    unfollow(id, followed.front());
    followed.pop_front();
  }
  followed.push_back(run_id);
  by_run_[run_id].push_back(id);
}

void audience_index::unfollow(client_id id, const std::string& run_id) {
  const auto run = by_run_.find(run_id);
  if (run == by_run_.end())
    return;
  std::erase(run->second, id);
  if (run->second.empty())
    by_run_.erase(run);
}

void audience_index::forget_run(const std::string& run_id) {
  const auto run = by_run_.find(run_id);
  if (run == by_run_.end())
    return;
  for (const auto id : run->second)
    std::erase(clients_.at(id).followed, run_id);
  by_run_.erase(run);
}

void audience_index::note(client_id id, audience sees) {
  for (auto& [known, bits] : found_)
    if (known == id) {
      bits = static_cast<audience>(bits | sees);
      return;
    }
  found_.emplace_back(id, sees);
}

const std::vector<audience_index::receiver>& audience_index::of_session(const std::string& key) {
  found_.clear();
  // These two come first and each client once, so no search is needed for them.
  for (const auto id : all_runs_) {
    auto sees = for_run;
    if (clients_.at(id).sessions)
      sees = static_cast<audience>(sees | for_sessions | watching);
    found_.emplace_back(id, sees);
  }
  for (const auto id : all_sessions_)
    if (!all_runs_.contains(id))
      found_.emplace_back(id, static_cast<audience>(for_sessions | watching));
  if (const auto session = by_session_.find(key); session != by_session_.end())
    for (const auto id : session->second) {
      const auto& known = clients_.at(id);
      auto sees = watching;
      if (known.seen_as.reads && known.seen_as.session_scoped)
        sees = static_cast<audience>(sees | for_run);
      note(id, sees);
    }
  return found_;
}

const std::vector<audience_index::receiver>& audience_index::of_run(const std::string& key,
                                                                    const std::string& run_id) {
  of_session(key);
  const auto run = by_run_.find(run_id);
  if (run == by_run_.end())
    return found_;
  for (const auto id : run->second)
    note(id, for_tools);
  // One of the two is enough: the client shows both as the same tool card.
  for (auto& [id, sees] : found_)
    if ((sees & for_tools) != 0)
      sees = static_cast<audience>(sees & ~for_session_tools);
  return found_;
}

audience audience_index::union_of(const std::vector<receiver>& receivers) {
  audience all = 0;
  for (const auto& [id, sees] : receivers)
    all = static_cast<audience>(all | sees);
  return all;
}

} // namespace troupe::gateway
