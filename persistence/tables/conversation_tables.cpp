#include "persistence/tables/conversation_tables.hpp"

#include "persistence/tables/record.hpp"
#include "persistence/tables/row_key.hpp"

#include <openssl/sha.h>

#include <algorithm>

namespace troupe::tables {
namespace {

/// The tables of a shard. Append only; never reuse a byte (docs/formats/tables.md).
enum class table : char {
  conversation = 1,
  message = 2,
  input = 3,
  run = 4,
  intent = 5,
  run_index = 6,
  expiry = 7,
  busy = 8,
};

constexpr unsigned row_version = 1;

row_key key(table which) {
  return row_key{static_cast<char>(which)};
}

/// A digest as a key's component.
std::string_view raw(const digest& part) {
  return {reinterpret_cast<const char*>(part.data()), part.size()};
}

} // namespace

digest digest_of(std::string_view text) {
  unsigned char full[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), full);
  digest out;
  std::copy_n(full, out.size(), out.begin());
  return out;
}

std::string conversation_key(const digest& conversation) {
  return key(table::conversation).raw(raw(conversation)).take();
}
std::string conversation_prefix() {
  return key(table::conversation).take();
}
std::string message_key(const digest& conversation, std::uint64_t seq) {
  return key(table::message).raw(raw(conversation)).number(seq).take();
}
std::string message_prefix(const digest& conversation) {
  return key(table::message).raw(raw(conversation)).take();
}
std::string input_key(const digest& conversation, std::uint64_t order) {
  return key(table::input).raw(raw(conversation)).number(order).take();
}
std::string input_prefix(const digest& conversation) {
  return key(table::input).raw(raw(conversation)).take();
}
std::string run_key(const digest& conversation, std::string_view run_id) {
  return key(table::run).raw(raw(conversation)).raw(raw(digest_of(run_id))).take();
}
std::string run_prefix(const digest& conversation) {
  return key(table::run).raw(raw(conversation)).take();
}
std::string intent_key(const digest& conversation, std::string_view run_id,
                       std::string_view call_id) {
  return key(table::intent)
      .raw(raw(conversation))
      .raw(raw(digest_of(run_id)))
      .raw(raw(digest_of(call_id)))
      .take();
}
std::string intent_prefix(const digest& conversation, std::string_view run_id) {
  return key(table::intent).raw(raw(conversation)).raw(raw(digest_of(run_id))).take();
}
std::string run_index_key(std::string_view run_id) {
  return key(table::run_index).raw(raw(digest_of(run_id))).take();
}
std::string expiry_key(wall_ms expires_at, std::string_view run_id) {
  return key(table::expiry)
      .number(static_cast<std::uint64_t>(expires_at))
      .raw(raw(digest_of(run_id)))
      .take();
}
std::string expiry_prefix() {
  return key(table::expiry).take();
}

wall_ms expiry_time(std::string_view expiry_key) {
  row_key_reader in{expiry_key};
  in.table(static_cast<char>(table::expiry));
  return static_cast<wall_ms>(in.number());
}

std::string expired_index_key(std::string_view expiry_key) {
  row_key_reader in{expiry_key};
  in.table(static_cast<char>(table::expiry));
  in.number();
  return key(table::run_index).raw(in.raw(sizeof(digest))).take();
}

std::string busy_key(const digest& conversation) {
  return key(table::busy).raw(raw(conversation)).take();
}
std::string busy_prefix() {
  return key(table::busy).take();
}

std::string encode(const conversation_row& row) {
  return record_writer{row_version}
      .add(row.key)
      .add(row.agent_id)
      .add(row.session_id)
      .add(row.created_at)
      .add(row.updated_at)
      .add(row.message_seq)
      .add(row.history_from)
      .add(row.input_order)
      .add(row.active_run)
      .add(row.label)
      .add(row.model)
      .add(row.last_model)
      .add(row.input_tokens)
      .add(row.output_tokens)
      .add(row.context_tokens)
      .add(row.quarantine)
      .add(row.last_run)
      .add(row.last_status)
      .add(row.parent_key)
      .add(row.aborted_last_run)
      .take();
}

result<conversation_row> decode_conversation(std::string_view bytes) {
  TR_TRY(auto in, record_reader::open(bytes, row_version));
  conversation_row row;
  row.key = in.read<std::string>();
  row.agent_id = in.read<std::string>();
  row.session_id = in.read<std::string>();
  row.created_at = in.read<wall_ms>();
  row.updated_at = in.read<wall_ms>();
  row.message_seq = in.read<std::uint64_t>();
  row.history_from = in.read<std::uint64_t>();
  row.input_order = in.read<std::uint64_t>();
  row.active_run = in.read<std::string>();
  row.label = in.read<std::string>();
  row.model = in.read<std::string>();
  row.last_model = in.read<std::string>();
  row.input_tokens = in.read<std::uint64_t>();
  row.output_tokens = in.read<std::uint64_t>();
  row.context_tokens = in.read<std::uint64_t>();
  row.quarantine = in.read<std::string>();
  row.last_run = in.read<std::string>();
  row.last_status = in.read<std::string>();
  row.parent_key = in.read<std::string>();
  row.aborted_last_run = in.read<bool>();
  TR_TRY(in.finish("conversation"));
  return row;
}

std::string encode(const message_row& row) {
  return record_writer{row_version}
      .add(row.seq)
      .add(row.id)
      .add(row.role)
      .add(row.run_id)
      .add(row.at)
      .add(row.text)
      .add(row.thinking)
      .add_list(row.calls,
                [](record_writer& list, const tool_call& call) {
                  list.add(
                      record_writer{row_version}.add(call.id).add(call.name).add(call.arguments));
                })
      .add(row.call_id)
      .add(row.tool_name)
      .add(row.is_error)
      .add(row.provider)
      .add(row.model)
      .add(row.api)
      .add(row.stop_reason)
      .add(row.error_message)
      .add(row.input_tokens)
      .add(row.output_tokens)
      .add(row.cache_read)
      .add(row.cache_write)
      .add(row.client_id)
      .add(row.client_mode)
      .take();
}

result<message_row> decode_message(std::string_view bytes) {
  TR_TRY(auto in, record_reader::open(bytes, row_version));
  message_row row;
  row.seq = in.read<std::uint64_t>();
  row.id = in.read<std::string>();
  row.role = in.read_enum(message_role::note);
  row.run_id = in.read<std::string>();
  row.at = in.read<wall_ms>();
  row.text = in.read<std::string>();
  row.thinking = in.read<std::string>();
  row.calls = in.read_list<tool_call>([](record_reader& list) {
    tool_call call;
    auto fields = list.read_record(row_version);
    call.id = fields.read<std::string>();
    call.name = fields.read<std::string>();
    call.arguments = fields.read<std::string>();
    list.absorb(fields);
    return call;
  });
  row.call_id = in.read<std::string>();
  row.tool_name = in.read<std::string>();
  row.is_error = in.read<bool>();
  row.provider = in.read<std::string>();
  row.model = in.read<std::string>();
  row.api = in.read<std::string>();
  row.stop_reason = in.read<std::string>();
  row.error_message = in.read<std::string>();
  row.input_tokens = in.read<std::uint64_t>();
  row.output_tokens = in.read<std::uint64_t>();
  row.cache_read = in.read<std::uint64_t>();
  row.cache_write = in.read<std::uint64_t>();
  row.client_id = in.read<std::string>();
  row.client_mode = in.read<std::string>();
  TR_TRY(in.finish("message"));
  return row;
}

std::string encode(const input_row& row) {
  return record_writer{row_version}
      .add(row.order)
      .add(row.run_id)
      .add(row.text)
      .add(row.accepted_at)
      .add(row.client_id)
      .add(row.client_mode)
      .add(row.extra_system_prompt)
      .add(row.model)
      .add(row.timeout_s)
      .take();
}

result<input_row> decode_input(std::string_view bytes) {
  TR_TRY(auto in, record_reader::open(bytes, row_version));
  input_row row;
  row.order = in.read<std::uint64_t>();
  row.run_id = in.read<std::string>();
  row.text = in.read<std::string>();
  row.accepted_at = in.read<wall_ms>();
  row.client_id = in.read<std::string>();
  row.client_mode = in.read<std::string>();
  row.extra_system_prompt = in.read<std::string>();
  row.model = in.read<std::string>();
  row.timeout_s = in.read<std::uint32_t>();
  TR_TRY(in.finish("input"));
  return row;
}

std::string encode(const run_row& row) {
  return record_writer{row_version}
      .add(row.run_id)
      .add(row.conversation)
      .add(row.state)
      .add(row.accepted_at)
      .add(row.started_at)
      .add(row.ended_at)
      .add(row.attempt)
      .add(row.attempt_boot)
      .add(row.crashes)
      .add(row.steps)
      .add(row.model_calls)
      .add(row.first_seq)
      .add(row.input_order)
      .add(row.status)
      .add(row.stop_reason)
      .add(row.error)
      .add(row.error_kind)
      .add(row.final_seq)
      .add(row.input_tokens)
      .add(row.output_tokens)
      .add(row.provider)
      .add(row.model)
      .add_list(row.tools_used)
      .add(row.extra_system_prompt)
      .add(row.model_override)
      .add(row.timeout_s)
      .take();
}

result<run_row> decode_run(std::string_view bytes) {
  TR_TRY(auto in, record_reader::open(bytes, row_version));
  run_row row;
  row.run_id = in.read<std::string>();
  row.conversation = in.read<std::string>();
  row.state = in.read_enum(run_state::closed);
  row.accepted_at = in.read<wall_ms>();
  row.started_at = in.read<wall_ms>();
  row.ended_at = in.read<wall_ms>();
  row.attempt = in.read<std::uint32_t>();
  row.attempt_boot = in.read<std::uint64_t>();
  row.crashes = in.read<std::uint32_t>();
  row.steps = in.read<std::uint32_t>();
  row.model_calls = in.read<std::uint32_t>();
  row.first_seq = in.read<std::uint64_t>();
  row.input_order = in.read<std::uint64_t>();
  row.status = in.read_enum(run_status::aborted);
  row.stop_reason = in.read<std::string>();
  row.error = in.read<std::string>();
  row.error_kind = in.read<std::string>();
  row.final_seq = in.read<std::uint64_t>();
  row.input_tokens = in.read<std::uint64_t>();
  row.output_tokens = in.read<std::uint64_t>();
  row.provider = in.read<std::string>();
  row.model = in.read<std::string>();
  row.tools_used = in.read_texts();
  row.extra_system_prompt = in.read<std::string>();
  row.model_override = in.read<std::string>();
  row.timeout_s = in.read<std::uint32_t>();
  TR_TRY(in.finish("run"));
  return row;
}

std::string encode(const intent_row& row) {
  return record_writer{row_version}
      .add(row.run_id)
      .add(row.call_id)
      .add(row.tool)
      .add(row.arguments)
      .add(row.effect)
      .add(row.attempt)
      .add(row.at)
      .take();
}

result<intent_row> decode_intent(std::string_view bytes) {
  TR_TRY(auto in, record_reader::open(bytes, row_version));
  intent_row row;
  row.run_id = in.read<std::string>();
  row.call_id = in.read<std::string>();
  row.tool = in.read<std::string>();
  row.arguments = in.read<std::string>();
  row.effect = in.read_enum(effect_class::once);
  row.attempt = in.read<std::uint32_t>();
  row.at = in.read<wall_ms>();
  TR_TRY(in.finish("intent"));
  return row;
}

} // namespace troupe::tables
