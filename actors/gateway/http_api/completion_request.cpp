#include "actors/gateway/http_api/completion_request.hpp"

#include "actors/conversation/limits.hpp"
#include "actors/gateway/http_api/body.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe::gateway::http_api {
namespace {

namespace json = boost::json;
using tables::message_role;
using tables::told_message;

constexpr std::size_t history_messages_max = 2'048;
constexpr std::size_t caller_tools_max = 128;
constexpr std::size_t function_name_chars_max = 64;
constexpr std::size_t call_id_bytes_max = 256;

void add_paragraph(std::string& to, const std::string& text) {
  if (text.empty())
    return;
  if (!to.empty())
    to += "\n\n";
  to += text;
}

std::string called_name(const std::vector<told_message>& history, std::string_view call_id) {
  for (auto message = history.rbegin(); message != history.rend(); ++message)
    for (const auto& call : message->calls)
      if (call.id == call_id)
        return call.name;
  return {};
}

bool is_said_now(const told_message& message) {
  return message.role == message_role::user || message.role == message_role::tool_result;
}

api_result<void> take_current(completion_request& into, std::vector<told_message> current,
                              std::string_view where) {
  for (auto& message : current) {
    if (message.role == message_role::user) {
      add_paragraph(into.text, message.text);
      continue;
    }
    if (message.call_id.empty() || message.call_id.size() > call_id_bytes_max)
      return bad_request("A tool's result needs the id of its call.");
    auto name = called_name(into.turn.history, message.call_id);
    if (name.empty() && into.is_new_conversation())
      return bad_request(fmt::format("A tool's result answers no call of `{}`.", where));
    into.turn.results.push_back(
        {std::move(message.call_id), std::move(name), std::move(message.text)});
  }
  if (into.turn.results.size() > caller_results_max)
    return bad_request(fmt::format("At most {} tool results are accepted at once; {} were sent.",
                                   caller_results_max, into.turn.results.size()));
  if (into.text.empty() && into.turn.results.empty())
    return bad_request(fmt::format("Missing user message in `{}`.", where));
  return boost::outcome_v2::success();
}

bool is_function_name(std::string_view name) {
  return !name.empty() && name.size() <= function_name_chars_max &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-';
         });
}

api_result<tables::caller_tool> read_tool(const json::value& written, tool_form form) {
  const auto* object = written.if_object();
  if (object == nullptr || string_member(*object, "type") != "function")
    return bad_request("`tools` may hold only tools of type \"function\".");
  const auto* function = object;
  if (form == tool_form::nested) {
    const auto* nested = member(*object, "function");
    function = nested == nullptr ? nullptr : nested->if_object();
  }
  if (function == nullptr || !is_function_name(string_member(*function, "name")))
    return bad_request("A function in `tools` needs a name of letters, digits, `_` and `-`.");
  tables::caller_tool tool;
  tool.name = string_member(*function, "name");
  tool.description = string_member(*function, "description");
  if (const auto* parameters = member(*function, "parameters")) {
    if (!parameters->is_object())
      return bad_request(
          fmt::format("`parameters` of the function `{}` must be an object.", tool.name));
    tool.schema = json::serialize(*parameters);
  }
  return tool;
}

/// The function that a choice names: {type, function: {name}} or {type, name}.
std::string_view chosen_function(const json::object& choice, tool_form form) {
  if (string_member(choice, "type") != "function")
    return {};
  if (form == tool_form::flat)
    return string_member(choice, "name");
  const auto* function = member(choice, "function");
  return function != nullptr && function->is_object()
             ? string_member(function->get_object(), "name")
             : std::string_view{};
}

api_result<void> take_choice(tables::caller_options& into, const json::value& choice,
                             tool_form form) {
  if (choice == "auto")
    return boost::outcome_v2::success();
  if (choice == "none") {
    into.tools.clear();
    return boost::outcome_v2::success();
  }
  if (choice != "required") {
    const auto* object = choice.if_object();
    const auto name = object == nullptr ? std::string_view{} : chosen_function(*object, form);
    if (name.empty())
      return bad_request("`tool_choice` must be \"none\", \"auto\", \"required\" or a function.");
    std::erase_if(into.tools, [&](const auto& tool) { return tool.name != name; });
  }
  if (into.tools.empty())
    return bad_request("`tool_choice` names no function of `tools`.");
  into.choice = tables::tool_choice::required;
  return boost::outcome_v2::success();
}

} // namespace

api_result<void> take_messages(completion_request& into, std::vector<told_message> said,
                               std::string_view where) {
  auto& history = into.turn.history;
  for (auto& message : said)
    if (message.role == message_role::note)
      add_paragraph(into.instructions, message.text);
    else
      history.push_back(std::move(message));
  while (!history.empty() && !is_said_now(history.back()))
    history.pop_back();
  auto first = history.end();
  while (first != history.begin() && is_said_now(*std::prev(first)))
    --first;
  std::vector<told_message> current{std::make_move_iterator(first),
                                    std::make_move_iterator(history.end())};
  history.erase(first, history.end());
  if (history.size() > history_messages_max)
    return bad_request(fmt::format("At most {} earlier messages are accepted; {} were sent.",
                                   history_messages_max, history.size()));
  TR_TRY(take_current(into, std::move(current), where));
  // A run's row has little room; what is told to a new conversation may be long.
  if (into.is_new_conversation() && into.instructions.size() > extra_prompt_bytes_max) {
    // Copied, because g++ 12 takes a move of a string known to be long for an overflow.
    history.emplace(history.begin())->role = message_role::note;
    history.front().text.assign(into.instructions);
    into.instructions.clear();
  }
  return boost::outcome_v2::success();
}

api_result<std::string> content_text(const json::value* content) {
  std::string text;
  if (content == nullptr)
    return text;
  if (const auto* plain = content->if_string())
    return std::string{*plain};
  const auto* parts = content->if_array();
  if (parts == nullptr)
    return bad_request("A message's `content` must be a string or a list of parts.");
  for (const auto& part : *parts) {
    const auto* object = part.if_object();
    const auto type = object == nullptr ? std::string_view{} : string_member(*object, "type");
    if (type == "refusal")
      add_paragraph(text, std::string{string_member(*object, "refusal")});
    else if (type == "text" || type == "input_text" || type == "output_text")
      add_paragraph(text, std::string{string_member(*object, "text")});
    else
      return bad_request(fmt::format("Content parts of type \"{}\" are not supported by this "
                                     "gateway yet; send text.",
                                     type));
  }
  return text;
}

api_result<std::string> call_arguments(std::string_view written) {
  if (written.empty())
    return std::string{"{}"};
  json::error_code failed;
  const auto parsed = json::parse(written, failed);
  if (failed || !parsed.is_object())
    return bad_request("The arguments of a tool call must be a JSON object.");
  return std::string{written};
}

api_result<void> take_tools(tables::caller_options& into, const json::value* tools,
                            const json::value* choice, tool_form form) {
  if (tools != nullptr) {
    const auto* list = tools->if_array();
    if (list == nullptr || list->size() > caller_tools_max)
      return bad_request(
          fmt::format("`tools` must be a list of at most {} tools.", caller_tools_max));
    for (const auto& written : *list) {
      TR_TRY(auto tool, read_tool(written, form));
      const auto same = [&](const auto& known) { return known.name == tool.name; };
      if (std::ranges::any_of(into.tools, same))
        return bad_request(fmt::format("`tools` has the function `{}` twice.", tool.name));
      into.tools.push_back(std::move(tool));
    }
  }
  if (choice != nullptr) {
    TR_TRY(take_choice(into, *choice, form));
  }
  if (tables::encode(into).size() > caller_options_bytes_max)
    return bad_request(fmt::format("`tools` are too long: at most {} bytes are accepted.",
                                   caller_options_bytes_max));
  return boost::outcome_v2::success();
}

} // namespace troupe::gateway::http_api
