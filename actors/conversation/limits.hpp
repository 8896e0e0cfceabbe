#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace troupe {

/// Longest accepted message text. Larger inputs come as chunked values with attachments.
inline constexpr std::size_t input_text_bytes_max = 96u << 10;
/// A tool's result in the transcript; the rest is cut and said to be.
inline constexpr std::size_t tool_result_bytes_max = 32u << 10;
/// An answer's text; a longer one is stopped there with reason "length".
inline constexpr std::size_t answer_text_bytes_max = 80u << 10;
/// Third crash-caused attempt without a new step (architecture section 4).
inline constexpr std::uint32_t crashes_max = 3;
/// How long a closed run is remembered for duplicates and `agent.wait`.
inline constexpr std::chrono::hours run_memory{24};
/// Expired runs erased with one closing batch, so that forgetting keeps up with closing.
inline constexpr std::size_t expired_runs_per_batch = 4;
/// Rounds of model call and tools in one run.
inline constexpr std::uint32_t model_calls_max = 64;
/// Tool calls of one answer that run; more are answered with an error.
inline constexpr std::size_t tool_calls_per_answer_max = 16;
/// Deltas are coalesced (architecture 5.3).
inline constexpr std::chrono::milliseconds delta_interval{150};
/// An idle conversation leaves memory.
inline constexpr std::chrono::seconds passivate_after{60};
/// A run that is told to stop closes itself within this, or is ended and closed for it.
inline constexpr std::chrono::seconds stop_grace{5};
/// Callers waiting for outcomes of one conversation's runs.
inline constexpr std::size_t waiters_max = 1024;
/// Transcript read into a prompt at most, besides the model's own window.
inline constexpr std::size_t prompt_messages_max = 400;

// One batch holds at most 256 KiB: what it can carry together is bounded here.
inline constexpr std::size_t call_arguments_bytes_max = 48u << 10; ///< All calls of one answer.
inline constexpr std::size_t round_results_bytes_max = 160u << 10; ///< All results of one answer.
/// Results over this are committed before the next model call instead of together with its answer.
inline constexpr std::size_t merged_results_bytes_max = 48u << 10;

} // namespace troupe
