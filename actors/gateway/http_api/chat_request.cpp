#include "actors/gateway/http_api/chat_request.hpp"

#include "actors/gateway/http_api/body.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <array>
#include <utility>

namespace troupe::gateway::http_api {
namespace {

namespace json = boost::json;
using tables::message_role;
using tables::told_message;

constexpr std::array<std::pair<std::string_view, message_role>, 6> roles{{
    {"system", message_role::note},
    {"developer", message_role::note},
    {"user", message_role::user},
    {"assistant", message_role::assistant},
    {"tool", message_role::tool_result},
    {"function", message_role::tool_result},
}};

api_result<std::vector<tables::tool_call>> read_calls(const json::value& written) {
  std::vector<tables::tool_call> calls;
  const auto* list = written.if_array();
  if (list == nullptr)
    return bad_request("`tool_calls` must be a list.");
  for (const auto& item : *list) {
    const auto* object = item.if_object();
    const auto* function = object == nullptr ? nullptr : member(*object, "function");
    if (function == nullptr || !function->is_object())
      return bad_request("`tool_calls` may hold only calls of functions.");
    tables::tool_call call;
    call.id = string_member(*object, "id");
    call.name = string_member(function->get_object(), "name");
    if (call.id.empty() || call.name.empty())
      return bad_request("A call in `tool_calls` needs an id and a function's name.");
    TR_TRY(call.arguments, call_arguments(string_member(function->get_object(), "arguments")));
    calls.push_back(std::move(call));
  }
  return calls;
}

api_result<told_message> read_message(const json::value& written) {
  const auto* object = written.if_object();
  if (object == nullptr)
    return bad_request("`messages` must be a list of objects.");
  const auto name = string_member(*object, "role");
  const auto* role = std::ranges::find(roles, name, &decltype(roles)::value_type::first);
  if (role == roles.end())
    return bad_request(fmt::format("A message's `role` cannot be \"{}\".", name));
  told_message message;
  message.role = role->second;
  TR_TRY(message.text, content_text(member(*object, "content")));
  if (message.role == message_role::tool_result)
    message.call_id = string_member(*object, "tool_call_id");
  if (const auto* calls = member(*object, "tool_calls");
      calls != nullptr && message.role == message_role::assistant) {
    TR_TRY(message.calls, read_calls(*calls));
  }
  return message;
}

api_result<std::vector<told_message>> read_messages(const json::value* written) {
  std::vector<told_message> messages;
  if (written == nullptr)
    return messages;
  const auto* list = written->if_array();
  if (list == nullptr)
    return bad_request("`messages` must be a list.");
  for (const auto& item : *list) {
    TR_TRY(auto message, read_message(item));
    messages.push_back(std::move(message));
  }
  return messages;
}

api_result<void> take_parameters(tables::caller_options& into, const json::object& body) {
  TR_TRY(into.temperature, number_member(body, "temperature", 0, 2));
  TR_TRY(into.top_p, number_member(body, "top_p", 0, 1));
  for (const auto* name : {"frequency_penalty", "presence_penalty"}) {
    TR_TRY(number_member(body, name, -2, 2));
  }
  TR_TRY(const auto older, count_member(body, "max_tokens"));
  TR_TRY(const auto newer, count_member(body, "max_completion_tokens"));
  into.max_tokens = newer.value_or(older.value_or(0));
  TR_TRY(const auto answers, count_member(body, "n"));
  if (answers.value_or(1) > 1)
    return bad_request("`n` must be 1: there is one answer to a call.");
  return boost::outcome_v2::success();
}

} // namespace

api_result<completion_request> read_chat_request(const json::object& body,
                                                 const net::header_list& headers,
                                                 const config::settings& settings) {
  completion_request request;
  const auto* written = member(body, "model");
  const auto model = written != nullptr && !written->is_string() ? std::string_view{"?"}
                                                                 : string_member(body, "model");
  request.model = model.empty() ? "openclaw" : model;
  TR_TRY(request.target,
         find_target(request.model, string_member(body, "user"), headers, settings, "openai"));
  TR_TRY(take_parameters(request.turn.options, body));
  TR_TRY(take_tools(request.turn.options, member(body, "tools"), member(body, "tool_choice"),
                    tool_form::nested));
  TR_TRY(auto messages, read_messages(member(body, "messages")));
  TR_TRY(take_messages(request, std::move(messages), "messages"));
  request.stream = true_member(body, "stream");
  if (const auto* options = member(body, "stream_options");
      options != nullptr && options->is_object())
    request.include_usage = true_member(options->get_object(), "include_usage");
  return request;
}

} // namespace troupe::gateway::http_api
