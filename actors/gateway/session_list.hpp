#pragma once

#include "base/clock.hpp"
#include "cluster/log/replicated_log.hpp"
#include "config/load.hpp"

#include <cstdint>
#include <string>

namespace troupe::gateway {

inline constexpr std::uint64_t session_list_limit_default = 200;
inline constexpr std::uint64_t session_list_limit_max = 1'000;

enum class archived_sessions { none, only, all };

/// Which sessions are listed, newest first.
struct session_list_query {
  std::uint64_t limit = 0; ///< 0: the default.
  std::uint64_t offset = 0;
  std::int64_t active_minutes = 0; ///< 0: however old.
  std::string agent_id;
  std::string label;
  std::string search; ///< In key and label, without regard to case.
  std::string spawned_by;
  archived_sessions archived = archived_sessions::none;
  bool with_titles = false;
  bool with_last_message = false;
};

enum class list_subscribed { no, yes };

/// The result of `sessions.list`, or with `subscribed` of `sessions.subscribe`.
std::string session_list(const replicated_log& log, const config::loaded& config,
                         const session_list_query& query, wall_ms now,
                         list_subscribed subscribed = list_subscribed::no);

} // namespace troupe::gateway
