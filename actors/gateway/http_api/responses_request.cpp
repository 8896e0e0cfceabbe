#include "actors/gateway/http_api/responses_request.hpp"

#include "actors/gateway/http_api/body.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <utility>

namespace troupe::gateway::http_api {
namespace {

namespace json = boost::json;
using tables::message_role;
using tables::told_message;

constexpr std::size_t response_id_bytes_max = 256;

/// As the reference's validator names what it found instead of a text.
std::string_view kind_name(const json::value* value) {
  if (value == nullptr)
    return "undefined";
  switch (value->kind()) {
  case json::kind::null:
    return "null";
  case json::kind::bool_:
    return "boolean";
  case json::kind::array:
    return "array";
  case json::kind::object:
    return "object";
  case json::kind::string:
    return "string";
  default:
    return "number";
  }
}

api_result<std::string> required_text(const json::object& body, std::string_view name) {
  const auto* value = body.if_contains(name);
  if (value != nullptr && value->is_string())
    return std::string{value->get_string()};
  return bad_request(
      fmt::format("{}: Invalid input: expected string, received {}", name, kind_name(value)));
}

std::optional<message_role> role_of(std::string_view name) {
  if (name == "user")
    return message_role::user;
  if (name == "assistant")
    return message_role::assistant;
  if (name == "system" || name == "developer")
    return message_role::note;
  return std::nullopt;
}

api_result<void> add_message(std::vector<told_message>& to, const json::object& item) {
  const auto role = role_of(string_member(item, "role"));
  if (!role)
    return bad_request(
        fmt::format("input: a message's `role` cannot be \"{}\".", string_member(item, "role")));
  told_message message;
  message.role = *role;
  TR_TRY(message.text, content_text(member(item, "content")));
  to.push_back(std::move(message));
  return boost::outcome_v2::success();
}

/// Calls belong to the answer in front of them.
api_result<void> add_call(std::vector<told_message>& to, const json::object& item) {
  tables::tool_call call;
  call.id = string_member(item, "call_id");
  call.name = string_member(item, "name");
  if (call.id.empty() || call.name.empty())
    return bad_request("input: a function_call needs a call_id and a name.");
  TR_TRY(call.arguments, call_arguments(string_member(item, "arguments")));
  if (to.empty() || to.back().role != message_role::assistant)
    to.emplace_back().role = message_role::assistant;
  to.back().calls.push_back(std::move(call));
  return boost::outcome_v2::success();
}

api_result<void> add_result(std::vector<told_message>& to, const json::object& item) {
  told_message message;
  message.role = message_role::tool_result;
  message.call_id = string_member(item, "call_id");
  TR_TRY(message.text, content_text(member(item, "output")));
  to.push_back(std::move(message));
  return boost::outcome_v2::success();
}

api_result<void> add_item(std::vector<told_message>& to, const json::value& written) {
  const auto* item = written.if_object();
  if (item == nullptr)
    return bad_request("input: Invalid input");
  const auto type = string_member(*item, "type");
  if (type.empty() || type == "message")
    return add_message(to, *item);
  if (type == "function_call")
    return add_call(to, *item);
  if (type == "function_call_output")
    return add_result(to, *item);
  if (type == "reasoning" || type == "item_reference")
    return boost::outcome_v2::success();
  return bad_request(
      fmt::format("input: items of type \"{}\" are not supported by this gateway yet.", type));
}

api_result<std::vector<told_message>> read_input(const json::value* input) {
  std::vector<told_message> messages;
  if (input != nullptr && input->is_string()) {
    messages.emplace_back().text = std::string{input->get_string()};
    return messages;
  }
  const auto* items = input == nullptr ? nullptr : input->if_array();
  if (items == nullptr)
    return bad_request("input: Invalid input");
  for (const auto& item : *items) {
    TR_TRY(add_item(messages, item));
  }
  return messages;
}

} // namespace

api_result<completion_request> read_responses_request(const json::object& body,
                                                      const net::header_list& headers,
                                                      const config::settings& settings) {
  completion_request request;
  TR_TRY(request.model, required_text(body, "model"));
  TR_TRY(auto messages, read_input(member(body, "input")));
  TR_TRY(request.target, find_target(request.model, string_member(body, "user"), headers, settings,
                                     "openresponses"));
  auto& options = request.turn.options;
  TR_TRY(options.temperature, number_member(body, "temperature", 0, 2));
  TR_TRY(options.top_p, number_member(body, "top_p", 0, 1));
  TR_TRY(const auto tokens, count_member(body, "max_output_tokens"));
  options.max_tokens = tokens.value_or(0);
  TR_TRY(take_tools(options, member(body, "tools"), member(body, "tool_choice"), tool_form::flat));
  if (const auto instructions = string_member(body, "instructions"); !instructions.empty()) {
    told_message note;
    note.role = message_role::note;
    note.text = instructions;
    messages.insert(messages.begin(), std::move(note));
  }
  request.previous_response = string_member(body, "previous_response_id");
  if (request.previous_response.size() > response_id_bytes_max)
    return bad_request("previous_response_id: too long");
  TR_TRY(take_messages(request, std::move(messages), "input"));
  request.stream = true_member(body, "stream");
  return request;
}

} // namespace troupe::gateway::http_api
