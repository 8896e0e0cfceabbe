#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace troupe {

/// Longest accepted message text.
inline constexpr std::size_t input_text_bytes_max = 4u << 20;
/// All texts that wait in one conversation together; one more is refused as `overloaded`.
inline constexpr std::size_t queued_text_bytes_max = 8u << 20;
/// A run's own addition to the system prompt: in its row, which every step writes.
inline constexpr std::size_t extra_prompt_bytes_max = 32u << 10;
/// What a caller of the HTTP API wants of its answer, its tools above all: in the run's row too.
inline constexpr std::size_t caller_options_bytes_max = 64u << 10;
/// Results of a caller's tools with one input.
inline constexpr std::size_t caller_results_max = 32;
/// A first batch that is held back for the second one; a larger one is committed at once.
inline constexpr std::size_t held_bytes_max = 16u << 10;
/// A label, or a "provider/model".
inline constexpr std::size_t name_bytes_max = 512;
/// A tool's result in the transcript; the rest is cut and said to be.
inline constexpr std::size_t tool_result_bytes_max = 32u << 10;
/// An answer's text; a longer one is stopped there with reason "length".
inline constexpr std::size_t answer_text_bytes_max = 1u << 20;
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
/// Tool calls of one answer that are answered at all; more end the run.
inline constexpr std::size_t tool_calls_answered_max = 64;
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

/// Arguments of all calls of one answer, and their ids and names.
inline constexpr std::size_t call_arguments_bytes_max = 512u << 10;
inline constexpr std::size_t call_names_bytes_max = 16u << 10;
/// All results of one answer.
inline constexpr std::size_t round_results_bytes_max = 160u << 10;
/// Results over this are committed before the next model call instead of together with its answer.
inline constexpr std::size_t merged_results_bytes_max = 48u << 10;

// One batch holds at most 256 KiB (architecture 6.7): the texts that stay in its rows, and beside
// them at most 64 calls with an id, a name, short arguments and a refusal each, 16 intents, and two
// runs with their extra prompts, one of them with its caller's options, and what was held back.
inline constexpr std::size_t batch_text_bytes_max = 64u << 10;  ///< Longer ones go into chunks.
inline constexpr std::size_t always_inline_bytes_max = 256;     ///< A reference is hardly shorter.
inline constexpr std::size_t intent_arguments_bytes_max = 1024; ///< For the operator's eyes.

} // namespace troupe
