#include "actors/gateway/history.hpp"

#include "actors/gateway/session_key.hpp"
#include "actors/gateway/sessions.hpp"
#include "actors/gateway/transcript.hpp"
#include "persistence/tables/chunked_text.hpp"

#include <algorithm>
#include <charconv>
#include <deque>
#include <optional>
#include <vector>

namespace troupe::gateway {
namespace {

/// What stands for a message that alone is larger than the whole page may be.
constexpr std::size_t shortened_text_bytes = 2'048;

/// What the page's activity says of a tool's result.
struct tool_activity {
  std::string message_id;
  std::string call_id;
  std::string tool;
  bool failed = false;
};

struct page {
  std::deque<std::string> messages; ///< JSON, oldest first.
  std::deque<tool_activity> activity;
  std::uint64_t total = 0;
  std::uint64_t skipped = 0; ///< Newest messages left out.
  bool more() const { return skipped + messages.size() < total; }
};

std::string message_json(const tables::message_row& row, const tables::conversation_row& session,
                         std::size_t text_bytes_max) {
  json_writer out;
  write_message(out, row, session.session_id, {.text_bytes_max = text_bytes_max});
  return out.take();
}

/// The ordinal of a message id counted from the newest (0), or nullopt.
std::optional<std::uint64_t> offset_of_message(const row_snapshot& snapshot, shard_id shard,
                                               const tables::conversation_row& session,
                                               std::string_view id) {
  std::optional<std::uint64_t> found;
  const auto digest = tables::digest_of(session.key);
  const auto scanned = snapshot.scan(
      shard, tables::message_prefix(digest), tables::message_key(digest, session.message_seq),
      scan_order::descending, [&](std::string_view, std::string_view value) {
        const auto row = tables::decode_message(value);
        if (!row || row.value().seq < session.history_from)
          return scan_step::stop;
        if (row.value().id != id)
          return scan_step::more;
        found = session.message_seq - row.value().seq;
        return scan_step::stop;
      });
  return scanned ? found : std::nullopt;
}

/// The newest rows that may fit the page, newest first. What is in chunks is still there.
std::vector<tables::message_row> candidates(const row_snapshot& snapshot, shard_id shard,
                                            const tables::conversation_row& session,
                                            std::uint64_t newest, const history_query& query) {
  std::vector<tables::message_row> found;
  const auto digest = tables::digest_of(session.key);
  std::uint64_t bytes = 0; // No more than their JSON will have.
  const auto visit = [&](std::string_view, std::string_view value) {
    auto decoded = tables::decode_message(value);
    if (!decoded || decoded.value().seq < session.history_from)
      return scan_step::stop;
    bytes += std::min<std::uint64_t>(
        decoded.value().text.size() + decoded.value().text_chunks.bytes, query.text_bytes_max);
    found.push_back(std::move(decoded).value());
    return bytes <= query.bytes_max && found.size() < query.limit ? scan_step::more
                                                                  : scan_step::stop;
  };
  // A page that ends early because of a read error says `hasMore`, so the client asks again.
  static_cast<void>(snapshot.scan(shard, tables::message_prefix(digest),
                                  tables::message_key(digest, newest), scan_order::descending,
                                  visit));
  return found;
}

/// False: the page is full, or the row cannot be read.
bool add_to_page(page& out, std::size_t& bytes, tables::message_row row,
                 const tables::conversation_row& session, const history_query& query,
                 const tables::chunk_source& chunks) {
  if (!tables::join_texts(row, chunks, query.text_bytes_max))
    return false;
  auto text = message_json(row, session, query.text_bytes_max);
  if (bytes + text.size() > query.bytes_max && out.messages.empty())
    text = message_json(row, session, std::min(shortened_text_bytes, query.bytes_max / 4));
  if (bytes + text.size() > query.bytes_max && !out.messages.empty())
    return false;
  bytes += text.size() + 1;
  out.messages.push_front(std::move(text));
  if (row.role == tables::message_role::tool_result)
    out.activity.push_front({row.id, row.call_id, row.tool_name, row.is_error});
  return true;
}

page read_page(const row_snapshot& snapshot, shard_id shard,
               const tables::conversation_row& session, const history_query& query) {
  page out;
  if (session.message_seq >= session.history_from)
    out.total = session.message_seq - session.history_from + 1;
  out.skipped = query.offset;
  if (!query.message_id.empty())
    out.skipped =
        offset_of_message(snapshot, shard, session, query.message_id).value_or(query.offset);
  if (out.skipped >= out.total)
    return out;
  const tables::chunk_source chunks{snapshot, shard, tables::digest_of(session.key)};
  std::size_t bytes = 0;
  for (auto& row : candidates(snapshot, shard, session, session.message_seq - out.skipped, query))
    if (!add_to_page(out, bytes, std::move(row), session, query, chunks))
      break;
  return out;
}

void write_activity_item(json_writer& out, std::string_view call_id, std::string_view name,
                         bool failed) {
  out.begin_object()
      .member("itemId", "tool:" + std::string{call_id})
      .member("toolCallId", call_id)
      .member("name", name)
      .member("kind", "tool")
      .member("phase", "end")
      .member("title", tool_title(name))
      .member("status", failed ? "failed" : "completed")
      .member("commandBearing", false)
      .end_object();
}

void write_activity(json_writer& out, const page& shown) {
  out.begin_array();
  for (const auto& result : shown.activity) {
    out.begin_object().member("messageId", result.message_id).key("items").begin_array();
    write_activity_item(out, result.call_id, result.tool, result.failed);
    out.end_array().end_object();
  }
  out.end_array();
}

void write_pending_item(json_writer& out, const tables::input_row& input,
                        std::size_t text_bytes_max) {
  out.begin_object()
      .member("id", input.run_id)
      .member("acceptedAt", input.accepted_at)
      .member("state", "queued")
      .member("runId", input.run_id)
      .key("message")
      .begin_object()
      .member("role", "user")
      .key("content");
  write_text(out, input.text, {.text_bytes_max = text_bytes_max});
  out.member("timestamp", input.accepted_at)
      .member("idempotencyKey", input.run_id + ":user")
      .end_object()
      .end_object();
}

void write_pending(json_writer& out, const row_snapshot& snapshot, shard_id shard,
                   const history_query& query) {
  std::vector<tables::input_row> waiting;
  const auto digest = tables::digest_of(query.key);
  static_cast<void>(snapshot.scan(shard, tables::input_prefix(digest), {}, scan_order::ascending,
                                  [&](std::string_view, std::string_view value) {
                                    if (auto row = tables::decode_input(value))
                                      waiting.push_back(std::move(row).value());
                                    return scan_step::more;
                                  }));
  out.begin_object().key("items").begin_array();
  auto room = std::min(pending_text_bytes_max, query.bytes_max);
  for (std::size_t i = 0; i < waiting.size() && i < pending_inputs_max; ++i) {
    const auto text_bytes_max = std::min(room, query.text_bytes_max);
    // A text that cannot be read is shown by its beginning; the run will say what is wrong.
    static_cast<void>(tables::join_texts(waiting[i], {snapshot, shard, digest}, text_bytes_max));
    write_pending_item(out, waiting[i], text_bytes_max);
    room -= std::min(waiting[i].text.size(), text_bytes_max);
    waiting[i].text.clear();
  }
  out.end_array().member("total", waiting.size()).end_object();
}

/// Names a place in a transcript; opaque to clients. A reset gives the session another id, and what
/// leaves the transcript moves its beginning.
std::string cursor_of(const tables::conversation_row& session) {
  return "1:" + session.session_id + ":" + std::to_string(session.history_from) + ":" +
         std::to_string(session.message_seq);
}

/// The last message that the holder of `cursor` has seen; nullopt: not a place in this transcript.
std::optional<std::uint64_t> seen_until(std::string_view cursor,
                                        const tables::conversation_row& session) {
  const auto place = cursor_of(session);
  const auto stem = std::string_view{place}.substr(0, place.rfind(':') + 1);
  if (!cursor.starts_with(stem))
    return std::nullopt;
  const auto number = cursor.substr(stem.size());
  std::uint64_t seen = 0;
  const auto* end = number.data() + number.size();
  const auto parsed = std::from_chars(number.data(), end, seen);
  const auto sound = parsed.ec == std::errc{} && parsed.ptr == end &&
                     seen + 1 >= session.history_from && seen <= session.message_seq;
  return sound ? std::optional{seen} : std::nullopt;
}

/// The id of the newest message; empty: there is none.
std::string leaf_of(const row_snapshot& rows, shard_id shard,
                    const tables::conversation_row& session) {
  if (session.message_seq < session.history_from)
    return {};
  const auto bytes =
      rows.get(shard, tables::message_key(tables::digest_of(session.key), session.message_seq));
  if (!bytes || !bytes.value())
    return {};
  const auto message = tables::view_message(*bytes.value());
  return message ? std::string{message.value().id} : std::string{};
}

void write_told_message(json_writer& out, const tables::message_row& row,
                        const tables::conversation_row& session, std::size_t text_bytes_max) {
  out.begin_object().member("sessionKey", session.key).member_if("agentId", session.agent_id);
  out.key("message");
  write_message(out, row, session.session_id, {.text_bytes_max = text_bytes_max});
  out.member("messageId", row.id).member("messageSeq", row.seq).end_object();
}

/// The rows behind `seen`, oldest first; nullopt when they are too many or cannot be read.
std::optional<std::vector<tables::message_row>>
rows_since(const row_snapshot& snapshot, shard_id shard, const tables::conversation_row& session,
           std::uint64_t seen, const history_query& query) {
  std::vector<tables::message_row> found;
  std::uint64_t bytes = 0; // No more than their JSON will have.
  const auto digest = tables::digest_of(session.key);
  const auto visit = [&](std::string_view, std::string_view value) {
    auto row = tables::decode_message(value);
    if (!row || row.value().seq != seen + found.size() + 1)
      return scan_step::stop;
    bytes += std::min<std::uint64_t>(row.value().text.size() + row.value().text_chunks.bytes,
                                     query.text_bytes_max);
    found.push_back(std::move(row).value());
    return bytes <= query.bytes_max && found.size() <= query.limit &&
                   found.back().seq < session.message_seq
               ? scan_step::more
               : scan_step::stop;
  };
  if (seen < session.message_seq &&
      !snapshot.scan(shard, tables::message_prefix(digest), tables::message_key(digest, seen + 1),
                     scan_order::ascending, visit))
    return std::nullopt;
  const bool all = seen + found.size() == session.message_seq && found.size() <= query.limit;
  return all ? std::optional{std::move(found)} : std::nullopt;
}

/// The messages behind `seen`, as JSON; nullopt as for `rows_since`.
std::optional<std::string> read_since(const row_snapshot& snapshot, shard_id shard,
                                      const tables::conversation_row& session, std::uint64_t seen,
                                      const history_query& query) {
  auto rows = rows_since(snapshot, shard, session, seen, query);
  if (!rows)
    return std::nullopt;
  json_writer out;
  out.begin_array();
  for (auto& row : *rows) {
    if (!tables::join_texts(row, {snapshot, shard, tables::digest_of(session.key)},
                            query.text_bytes_max))
      return std::nullopt;
    write_told_message(out, row, session, query.text_bytes_max);
    if (out.size() > query.bytes_max)
      return std::nullopt;
  }
  out.end_array();
  return out.take();
}

/// Whether each of `run_ids` still waits, or which message it became.
void write_receipts(json_writer& out, const row_snapshot& snapshot, shard_id shard,
                    const tables::conversation_row& session,
                    const std::vector<std::string>& run_ids) {
  const auto digest = tables::digest_of(session.key);
  out.begin_array();
  for (const auto& run_id : run_ids) {
    const auto bytes = snapshot.get(shard, tables::run_key(digest, run_id));
    const auto run = bytes && bytes.value() ? tables::decode_run(*bytes.value())
                                            : result<tables::run_row>{error{errc::not_found, {}}};
    if (!run)
      continue;
    if (run.value().state == tables::run_state::queued) {
      out.begin_object().member("runId", run_id).member("state", "pending").end_object();
      continue;
    }
    const auto input = snapshot.get(shard, tables::message_key(digest, run.value().first_seq));
    if (!input || !input.value())
      continue;
    if (const auto message = tables::decode_message(*input.value()))
      out.begin_object()
          .member("runId", run_id)
          .member("state", "consumed")
          .member("consumedByEventId", message.value().id)
          .end_object();
  }
  out.end_array();
}

void write_extras(json_writer& out, const history_extras& extras) {
  if (!extras.in_flight_run.empty())
    out.member_raw("inFlightRun", extras.in_flight_run);
  if (!extras.metadata.empty())
    out.member_raw("metadata", extras.metadata);
}

void write_messages(json_writer& out, const page& shown) {
  out.begin_array();
  for (const auto& message : shown.messages)
    out.raw(message);
  out.end_array();
}

} // namespace

std::string history_page(const replicated_log& log, const config::settings& settings,
                         const history_query& query, const history_extras& extras, wall_ms now) {
  // One snapshot for all of it: what the cursor names is what the page shows.
  const auto shard = log.shard_of(query.key);
  const auto snapshot = log.rows().snapshot();
  const auto session = find_conversation(*snapshot, shard, query.key);
  const auto shown = session ? read_page(*snapshot, shard, *session, query) : page{};

  json_writer out;
  out.begin_object().member("sessionKey", query.key);
  if (session)
    out.member("sessionId", session->session_id);
  out.key("messages");
  write_messages(out, shown);
  out.key("activity");
  write_activity(out, shown);
  out.key("pendingInputs");
  write_pending(out, *snapshot, shard, query);
  if (session)
    out.member("deltaCursor", cursor_of(*session));
  out.member("hasMore", shown.more());
  if (shown.more())
    out.member("nextOffset", shown.skipped + shown.messages.size());
  out.member("totalMessages", shown.total);
  out.key("defaults");
  write_session_defaults(out, settings, agent_of(query.key));
  if (session) {
    out.key("sessionInfo");
    write_session_row(out, *session, settings, now, {}, leaf_of(*snapshot, shard, *session));
  }
  out.member("thinkingLevel", "off");
  write_extras(out, extras);
  out.end_object();
  return out.take();
}

std::string history_since(const replicated_log& log, const config::settings& settings,
                          const history_query& query, std::string_view cursor,
                          const std::vector<std::string>& input_run_ids,
                          const history_extras& extras, wall_ms now) {
  static constexpr const char* reset = R"({"kind":"reset"})";
  const auto shard = log.shard_of(query.key);
  const auto snapshot = log.rows().snapshot();
  const auto session = find_conversation(*snapshot, shard, query.key);
  const auto seen = session ? seen_until(cursor, *session) : std::nullopt;
  if (!seen)
    return reset;
  const auto messages = read_since(*snapshot, shard, *session, *seen, query);
  if (!messages)
    return reset;
  json_writer out;
  out.begin_object()
      .member("kind", "delta")
      .member_raw("messages", *messages)
      .member("deltaCursor", cursor_of(*session))
      .key("pendingInputs");
  write_pending(out, *snapshot, shard, query);
  out.key("inputReceipts");
  write_receipts(out, *snapshot, shard, *session, input_run_ids);
  out.member_raw("inputConsumptions", "[]").key("sessionInfo");
  write_session_row(out, *session, settings, now, {}, leaf_of(*snapshot, shard, *session));
  write_extras(out, extras);
  out.end_object();
  return out.take();
}

} // namespace troupe::gateway
