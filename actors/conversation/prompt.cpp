#include "actors/conversation/prompt.hpp"

#include "actors/conversation/paired_messages.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe {
namespace {

std::string system_text(const prompt_inputs& inputs) {
  const auto& agent = *inputs.agent;
  std::string text = fmt::format(
      "You are {}, an assistant that lives behind an always-on gateway and talks with its users in "
      "long conversations. Answer in the user's language, plainly and to the point.\n\n"
      "Tools: call one only when it helps to answer. The current date and time are known only "
      "through session_status. File tools work inside your workspace, {}.\n"
      "When a tool's result is unknown because the gateway was interrupted, say so; never claim "
      "that "
      "it worked.",
      agent.name.empty() ? agent.id : agent.name, agent.workspace);
  if (!inputs.extra_system_prompt.empty())
    text += "\n\n" + inputs.extra_system_prompt;
  return text;
}

void offer_tools(model::model_request& request, const prompt_inputs& inputs) {
  const bool callers_only =
      inputs.caller != nullptr && inputs.caller->choice == tables::tool_choice::required;
  if (!callers_only)
    for (const auto& tool : inputs.tools->all())
      if (!inputs.is_callers_tool(tool.name))
        request.tools.push_back({tool.name, tool.description, tool.schema});
  if (inputs.caller == nullptr)
    return;
  for (const auto& tool : inputs.caller->tools)
    request.tools.push_back({tool.name, tool.description, tool.schema});
  if (callers_only) {
    request.tool_choice = model::tool_choice::required;
    request.system += "\n\nYour next answer must be a call of one of your tools.";
  }
}

void apply_wishes(model::model_request& request, const tables::caller_options& wishes) {
  request.temperature = wishes.temperature;
  request.top_p = wishes.top_p;
  if (wishes.max_tokens != 0)
    request.max_tokens = request.max_tokens == 0 ? wishes.max_tokens
                                                 : std::min(request.max_tokens, wishes.max_tokens);
}

} // namespace

const tool_declaration* prompt_inputs::own_tool(std::string_view name) const {
  return is_callers_tool(name) ? nullptr : tools->find(name);
}

bool prompt_inputs::is_callers_tool(std::string_view name) const {
  return caller != nullptr &&
         std::ranges::find(caller->tools, name, &tables::caller_tool::name) != caller->tools.end();
}

model::model_request build_prompt(const prompt_inputs& inputs, const transcript& before,
                                  const std::vector<tables::message_row>& unrecorded) {
  model::model_request request;
  request.model = inputs.model->id;
  request.system = system_text(inputs);
  request.max_tokens = inputs.model->max_tokens;
  request.session_key = inputs.session_key;
  if (inputs.caller != nullptr)
    apply_wishes(request, *inputs.caller);
  offer_tools(request, inputs);
  paired_messages paired{inputs};
  for (const auto& row : before.of_run)
    paired.add(row);
  for (const auto& row : unrecorded)
    paired.add(row);
  request.messages = {before.earlier, paired.take()};
  request.system += before.notes;
  return request;
}

} // namespace troupe
