#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Bounds and periods of the gateway's actors. Numbers that clients can see come from protocol.md
/// sections 1 and 2.
namespace troupe::gateway {

inline constexpr int protocol_version = 4;
inline constexpr int protocol_version_probe_min = 3;

inline constexpr std::uint64_t payload_bytes_max = 26'214'400;
inline constexpr std::uint64_t buffered_bytes_max = 52'428'800;
inline constexpr std::chrono::seconds tick_period{30};
inline constexpr std::chrono::seconds health_period{60};
/// Presence is told at once, and then at most this often: a thousand clients that come together are
/// not a million messages.
inline constexpr std::chrono::milliseconds presence_interval{250};

/// Of an input's text, for each further place of `gateway_context::inputs` that it takes.
inline constexpr std::size_t input_bytes_per_place = 64u << 10;
/// Requests of one connection that are not finally answered; one more is refused.
inline constexpr std::uint32_t requests_in_flight_max = 256;
/// Event batches on their way from the front to one client; beyond it the client is too slow.
inline constexpr std::uint32_t batches_waiting_max = 8'192;
/// Sessions whose messages one connection may watch.
inline constexpr std::size_t watched_sessions_max = 1'024;
/// Runs of its own whose tool stream one connection gets; the latest ones.
inline constexpr std::size_t followed_runs_max = 256;
/// HTTP requests being answered by actors at once.
inline constexpr std::uint32_t http_requests_max = 256;
/// `agent.wait` calls for runs that nobody knows yet.
inline constexpr std::size_t sightings_max = 1'024;

/// A file of the web page. The largest of OpenClaw's bundle has 3.6 MB.
inline constexpr std::uint64_t file_bytes_max = 16u << 20;
/// Files of the web page that are in memory at once, whoever reads how slowly: 64 MiB.
inline constexpr std::uint64_t file_bytes_per_place = 64u << 10;
inline constexpr std::uint32_t file_places_max = 1'024;
/// Of a file's path below the root; a longer one is no file's.
inline constexpr std::size_t file_path_bytes_max = 512;

inline constexpr std::size_t json_depth_max = 32;
inline constexpr std::size_t session_key_bytes_max = 512;
inline constexpr std::size_t run_id_bytes_max = 256;
/// Text of one active run that is kept to build `message`; beyond it only deltas are sent.
inline constexpr std::size_t run_text_bytes_max = 1u << 20;
/// Active runs the projector follows; beyond it the one heard of longest ago is forgotten.
inline constexpr std::size_t runs_followed_max = 4'096;

/// From an input to its receipt, which waits for a commit.
inline constexpr std::chrono::seconds submit_timeout{30};
/// Any other question to a conversation.
inline constexpr std::chrono::seconds ask_timeout{30};
/// Added to a run's own limit when its end is awaited.
inline constexpr std::chrono::seconds await_margin{60};
/// Waiting for a run is taken up again this often when the answerer goes away.
inline constexpr unsigned await_retries_max = 20;
inline constexpr std::chrono::milliseconds await_retry_delay_min{100};
inline constexpr std::chrono::seconds await_retry_delay_max{5};
inline constexpr std::chrono::seconds agent_wait_default{30};
inline constexpr std::chrono::hours agent_wait_max{24};

/// Writes about devices that wait for a commit; one more is refused.
inline constexpr std::size_t device_writes_queued_max = 1'024;
/// From an admission to its commit: inside the handshake's deadline.
inline constexpr std::chrono::seconds admission_timeout{10};
/// Frames of one connection that wait while its device is let in.
inline constexpr std::size_t handshake_frames_max = 16;
/// Requests of a role that may make none, before the connection is closed.
inline constexpr unsigned unauthorized_calls_max = 10;
/// How often pairing requests that are too old are looked for.
inline constexpr std::chrono::minutes device_upkeep_period{1};

/// What a client is told to wait before it tries again.
inline constexpr std::uint64_t retry_after_ms = 500;

} // namespace troupe::gateway
