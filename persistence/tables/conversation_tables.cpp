#include "persistence/tables/conversation_tables.hpp"

#include "persistence/tables/chunked_text.hpp"
#include "persistence/tables/record.hpp"

#include <algorithm>

namespace troupe::tables {
namespace {

constexpr unsigned row_version = 1;

record_writer& add_refs(record_writer& to, const chunk_refs& refs) {
  if (refs.empty())
    return to.add_nil();
  return to.add(record_writer{row_version}
                    .add(refs.bytes)
                    .add_list(refs.pieces, [](record_writer& list, const digest& piece) {
                      list.add_bytes({reinterpret_cast<const char*>(piece.data()), piece.size()});
                    }));
}

digest read_digest(record_reader& list) {
  digest out{};
  const auto bytes = list.read<std::string_view>();
  if (bytes.size() == out.size())
    std::ranges::copy(bytes, reinterpret_cast<char*>(out.data()));
  else
    list.fail("a digest of " + std::to_string(bytes.size()) + " bytes");
  return out;
}

chunk_refs read_refs(record_reader& in) {
  chunk_refs out;
  auto fields = in.read_optional_record(row_version);
  if (!fields)
    return out;
  out.bytes = fields->read<std::uint64_t>();
  out.pieces = fields->read_list<digest>(read_digest);
  if (out.pieces.size() > chunks_per_text_max || out.bytes > out.pieces.size() * chunk_bytes_max)
    fields->fail("more chunks or bytes than a text may have");
  in.absorb(*fields);
  return out;
}

template <class Text>
result<basic_message<Text>> read_message(std::string_view bytes) {
  TR_TRY(auto in, record_reader::open(bytes, row_version));
  basic_message<Text> row;
  row.seq = in.read<std::uint64_t>();
  row.id = in.read<Text>();
  row.role = in.read_enum(message_role::note);
  row.run_id = in.read<Text>();
  row.at = in.read<wall_ms>();
  row.text = in.read<Text>();
  row.thinking = in.read<Text>();
  row.calls = in.read_list<basic_tool_call<Text>>([](record_reader& list) {
    basic_tool_call<Text> call;
    auto fields = list.read_record(row_version);
    call.id = fields.read<Text>();
    call.name = fields.read<Text>();
    call.arguments = fields.read<Text>();
    call.arguments_chunks = read_refs(fields);
    list.absorb(fields);
    return call;
  });
  row.call_id = in.read<Text>();
  row.tool_name = in.read<Text>();
  row.is_error = in.read<bool>();
  row.provider = in.read<Text>();
  row.model = in.read<Text>();
  row.api = in.read<Text>();
  row.stop_reason = in.read<Text>();
  row.error_message = in.read<Text>();
  row.input_tokens = in.read<std::uint64_t>();
  row.output_tokens = in.read<std::uint64_t>();
  row.cache_read = in.read<std::uint64_t>();
  row.cache_write = in.read<std::uint64_t>();
  row.client_id = in.read<Text>();
  row.client_mode = in.read<Text>();
  row.text_chunks = read_refs(in);
  row.context_free = in.read_or(false);
  row.reasoning = in.read_or<Text>({});
  row.reasoning_chunks = read_refs(in);
  row.history = in.read_or<Text>({});
  row.history_chunks = read_refs(in);
  TR_TRY(in.finish("message"));
  return row;
}

} // namespace

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
      .add(row.archived_at)
      .add(row.pinned_at)
      .add(row.marked_unread_at)
      .add(row.last_read_at)
      .add(row.expires_at)
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
  row.archived_at = in.read_or<wall_ms>(0);
  row.pinned_at = in.read_or<wall_ms>(0);
  row.marked_unread_at = in.read_or<wall_ms>(0);
  row.last_read_at = in.read_or<wall_ms>(0);
  row.expires_at = in.read_or<wall_ms>(0);
  TR_TRY(in.finish("conversation"));
  return row;
}

std::string encode(const message_row& row) {
  record_writer out{row_version};
  out.add(row.seq)
      .add(row.id)
      .add(row.role)
      .add(row.run_id)
      .add(row.at)
      .add(row.text)
      .add(row.thinking)
      .add_list(row.calls,
                [](record_writer& list, const tool_call& call) {
                  record_writer fields{row_version};
                  fields.add(call.id).add(call.name).add(call.arguments);
                  list.add(add_refs(fields, call.arguments_chunks));
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
      .add(row.client_mode);
  add_refs(out, row.text_chunks).add(row.context_free).add(row.reasoning);
  add_refs(out, row.reasoning_chunks).add_bytes(row.history);
  return add_refs(out, row.history_chunks).take();
}

result<message_row> decode_message(std::string_view bytes) {
  return read_message<std::string>(bytes);
}

result<message_view> view_message(std::string_view bytes) {
  return read_message<std::string_view>(bytes);
}

std::string encode(const input_row& row) {
  record_writer out{row_version};
  out.add(row.order)
      .add(row.run_id)
      .add(row.text)
      .add(row.accepted_at)
      .add(row.client_id)
      .add(row.client_mode)
      .add(row.extra_system_prompt)
      .add(row.model)
      .add(row.timeout_s);
  return add_refs(out, row.text_chunks).add_bytes(row.caller_options).take();
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
  row.text_chunks = read_refs(in);
  row.caller_options = in.read_or<std::string>({});
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
      .add_bytes(row.caller_options)
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
  row.caller_options = in.read_or<std::string>({});
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
