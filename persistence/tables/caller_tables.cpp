#include "persistence/tables/caller_tables.hpp"

#include "persistence/tables/record.hpp"

namespace troupe::tables {
namespace {

constexpr unsigned record_version = 1;

tool_call read_call(record_reader& list) {
  auto fields = list.read_record(record_version);
  tool_call call;
  call.id = fields.read<std::string>();
  call.name = fields.read<std::string>();
  call.arguments = fields.read<std::string>();
  list.absorb(fields);
  return call;
}

told_message read_told(record_reader& list) {
  auto fields = list.read_record(record_version);
  told_message message;
  message.role = fields.read_enum(message_role::note);
  message.text = fields.read<std::string>();
  message.calls = fields.read_list<tool_call>(read_call);
  message.call_id = fields.read<std::string>();
  list.absorb(fields);
  return message;
}

caller_tool read_tool(record_reader& list) {
  auto fields = list.read_record(record_version);
  caller_tool tool;
  tool.name = fields.read<std::string>();
  tool.description = fields.read<std::string>();
  tool.schema = fields.read<std::string>();
  list.absorb(fields);
  return tool;
}

} // namespace

std::string encode(const std::vector<told_message>& history) {
  return record_writer{record_version}
      .add_list(history,
                [](record_writer& list, const told_message& message) {
                  record_writer fields{record_version};
                  fields.add(message.role).add(message.text);
                  fields.add_list(message.calls, [](record_writer& calls, const tool_call& call) {
                    calls.add(record_writer{record_version}.add(call.id).add(call.name).add(
                        call.arguments));
                  });
                  list.add(fields.add(message.call_id));
                })
      .take();
}

result<std::vector<told_message>> decode_history(std::string_view bytes) {
  std::vector<told_message> history;
  if (bytes.empty())
    return history;
  TR_TRY(auto in, record_reader::open(bytes, record_version));
  history = in.read_list<told_message>(read_told);
  TR_TRY(in.finish("history"));
  return history;
}

std::string encode(const caller_options& options) {
  if (options.empty())
    return {};
  return record_writer{record_version}
      .add_list(options.tools,
                [](record_writer& list, const caller_tool& tool) {
                  list.add(record_writer{record_version}
                               .add(tool.name)
                               .add(tool.description)
                               .add(tool.schema));
                })
      .add(options.choice)
      .add(options.temperature)
      .add(options.top_p)
      .add(options.max_tokens)
      .take();
}

result<caller_options> decode_caller_options(std::string_view bytes) {
  caller_options options;
  if (bytes.empty())
    return options;
  TR_TRY(auto in, record_reader::open(bytes, record_version));
  options.tools = in.read_list<caller_tool>(read_tool);
  options.choice = in.read_enum(tool_choice::required);
  options.temperature = in.read_optional<double>();
  options.top_p = in.read_optional<double>();
  options.max_tokens = in.read<std::uint32_t>();
  TR_TRY(in.finish("caller options"));
  return options;
}

} // namespace troupe::tables
