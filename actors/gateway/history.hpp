#pragma once

#include "cluster/log/replicated_log.hpp"
#include "config/settings.hpp"
#include "persistence/tables/conversation_tables.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::gateway {

inline constexpr std::uint64_t history_limit_default = 200;
inline constexpr std::uint64_t history_limit_max = 1'000;
inline constexpr std::size_t history_bytes_max = 6'291'456;
inline constexpr std::size_t history_bytes_min = 1'024;
/// Longest text of one message in a page, unless `maxChars` asks for less.
inline constexpr std::size_t history_text_bytes_max = 500'000;
inline constexpr std::size_t pending_inputs_max = 20;
/// Inputs of one request whose fate is told.
inline constexpr std::int64_t input_run_ids_max = 50;
/// Texts of waiting inputs in one answer together; the rest of a text is replaced by a note.
inline constexpr std::size_t pending_text_bytes_max = 1u << 20;

/// Which page of a transcript is wanted.
struct history_query {
  std::string key; ///< Canonical.
  std::uint64_t limit = history_limit_default;
  std::uint64_t offset = 0; ///< Newest messages left out.
  std::size_t bytes_max = history_bytes_max;
  std::size_t text_bytes_max = history_text_bytes_max;
  std::string message_id; ///< When set, the page that ends with this message.
};

/// JSON that comes along with the messages; empty: left out.
struct history_extras {
  std::string_view in_flight_run;
  std::string_view metadata; ///< `chat.startup`.
};

/// The result of `chat.history`: the newest messages within the limits, oldest first. An unknown
/// session has none. Source: protocol.md section 7.2.
std::string history_page(const replicated_log& log, const config::settings& settings,
                         const history_query& query, const history_extras& extras, wall_ms now);

/// The same for a client that shows the transcript up to `cursor`, which an earlier result gave:
/// what came since ("delta"), or, when it has to read anew, "reset": after the session's reset, or
/// when more came than `query` allows. `input_run_ids` are inputs whose fate the client wants to
/// know.
std::string history_since(const replicated_log& log, const config::settings& settings,
                          const history_query& query, std::string_view cursor,
                          const std::vector<std::string>& input_run_ids,
                          const history_extras& extras, wall_ms now);

} // namespace troupe::gateway
