#include "actors/conversation/conversation_logic.hpp"
#include "actors/conversation/limits.hpp"

#include <chrono>
#include <utility>

/// What callers of the HTTP API bring along, and conversations that nobody named.
namespace troupe {

/// Only what is small, so that it fits into any batch that it may be merged with.
void conversation_logic::hold_back(submitted& out) {
  if (!out.chunks.empty() || out.batch.encoded_bytes() > held_bytes_max)
    return;
  held_ = {std::exchange(out.batch, {}), out.messages};
  out.held = true;
}

/// An ephemeral conversation stays one until somebody speaks to it by its name.
void conversation_logic::set_expiry(write_batch& batch, const submit_input& input, bool existed,
                                    wall_ms now) {
  if (existed && row_.expires_at == 0)
    return;
  if (row_.expires_at != 0)
    batch.append(forget_expiry(std::exchange(row_.expires_at, 0)));
  if (!input.ephemeral)
    return;
  row_.expires_at = now + std::chrono::duration_cast<std::chrono::milliseconds>(run_memory).count();
  batch.put(tables::ephemeral_key(row_.expires_at, id_), row_.key);
}

write_batch conversation_logic::forget_expiry(wall_ms at) const {
  write_batch batch;
  batch.erase(tables::ephemeral_key(at, id_));
  return batch;
}

/// Results of the caller's tools come first: they answer what the model asked for last.
conversation_logic::new_messages conversation_logic::messages_of(const tables::input_row& input,
                                                                 const caller_turn* caller) const {
  new_messages messages;
  if (caller != nullptr)
    for (const auto& result : caller->results) {
      tables::message_row message;
      message.role = tables::message_role::tool_result;
      message.call_id = result.call_id;
      message.tool_name = result.name;
      message.text = result.text;
      messages.push_back(std::move(message));
    }
  if (!input.text.empty() || !input.text_chunks.empty()) {
    tables::message_row message;
    message.role = tables::message_role::user;
    message.text = input.text;
    message.text_chunks = input.text_chunks;
    message.client_id = input.client_id;
    message.client_mode = input.client_mode;
    messages.push_back(std::move(message));
  }
  for (auto& message : messages)
    message.run_id = input.run_id;
  const bool first = row_.message_seq + 1 == row_.history_from;
  if (first && caller != nullptr && !caller->history.empty())
    messages.front().history = tables::encode(caller->history);
  return messages;
}

} // namespace troupe
