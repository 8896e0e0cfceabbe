#include "actors/conversation/prompt.hpp"

#include "actors/conversation/limits.hpp"
#include "persistence/tables/chunked_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace troupe {
namespace {

using tables::message_role;
using tables::message_row;

constexpr std::size_t bytes_per_token = 4;
constexpr std::size_t transcript_bytes_min = 16u << 10;

std::size_t size_of(const message_row& row) {
  auto bytes = tables::text_bytes(row) + 64;
  for (const auto& call : row.calls)
    bytes += call.name.size();
  return bytes;
}

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

model::prompt_message interrupted_result(const std::string& call_id) {
  model::prompt_message message;
  message.role = model::role::tool_result;
  message.tool_call_id = call_id;
  message.text = "interrupted: the result is unknown";
  message.is_error = true;
  return message;
}

/// Keeps every assistant call paired with exactly one result right behind it.
class paired_messages {
public:
  explicit paired_messages(const prompt_inputs& inputs) : inputs_(inputs) {}
  void add(const message_row& row) {
    switch (row.role) {
    case message_role::user:
      answer_open_calls();
      add_plain(model::role::user, row.text);
      break;
    case message_role::assistant:
      answer_open_calls();
      add_assistant(row);
      break;
    case message_role::tool_result:
      add_result(row);
      break;
    case message_role::note:
      break;
    }
  }
  std::vector<model::prompt_message> take() {
    answer_open_calls();
    return std::move(messages_);
  }

private:
  void add_plain(model::role role, const std::string& text) {
    model::prompt_message message;
    message.role = role;
    message.text = text;
    messages_.push_back(std::move(message));
  }
  void add_assistant(const message_row& row) {
    if (row.text.empty() && row.calls.empty())
      return;
    add_plain(model::role::assistant, row.text);
    if (row.provider == inputs_.provider && row.model == inputs_.model->id)
      messages_.back().reasoning = row.reasoning;
    for (const auto& call : row.calls) {
      messages_.back().tool_calls.push_back({call.id, call.name, call.arguments});
      open_.push_back(call.id);
    }
  }
  void add_result(const message_row& row) {
    const auto found = std::ranges::find(open_, row.call_id);
    if (found == open_.end())
      return;
    open_.erase(found);
    model::prompt_message message;
    message.role = model::role::tool_result;
    message.tool_call_id = row.call_id;
    message.text = row.text;
    message.is_error = row.is_error;
    messages_.push_back(std::move(message));
  }
  void answer_open_calls() {
    for (const auto& call : open_)
      messages_.push_back(interrupted_result(call));
    open_.clear();
  }

  const prompt_inputs& inputs_;
  std::vector<model::prompt_message> messages_;
  std::vector<std::string> open_;
};

} // namespace

std::size_t transcript_bytes_max(const config::model_settings& model) {
  const std::size_t window = model.context_window;
  const std::size_t answer = std::min<std::size_t>(model.max_tokens, window / 2);
  return std::max(transcript_bytes_min, (window - answer) * bytes_per_token * 3 / 4);
}

result<std::vector<message_row>> read_transcript(const row_snapshot& rows, shard_id shard,
                                                 const tables::conversation_row& row,
                                                 std::size_t bytes_max, std::uint64_t keep_from) {
  const auto id = tables::digest_of(row.key);
  std::vector<message_row> found;
  std::size_t bytes = 0;
  result<void> outcome = boost::outcome_v2::success();
  TR_TRY(rows.scan(shard, tables::message_prefix(id), {}, scan_order::descending,
                   [&](std::string_view, std::string_view value) {
                     auto decoded = tables::decode_message(value);
                     if (!decoded) {
                       outcome = decoded.error();
                       return scan_step::stop;
                     }
                     if (decoded.value().context_free && decoded.value().seq >= row.history_from)
                       return scan_step::more;
                     bytes += size_of(decoded.value());
                     const bool full = bytes > bytes_max || found.size() == prompt_messages_max;
                     const bool kept = found.empty() || decoded.value().seq >= keep_from;
                     if (decoded.value().seq < row.history_from || (full && !kept))
                       return scan_step::stop;
                     found.push_back(std::move(decoded.value()));
                     return scan_step::more;
                   }));
  TR_TRY(std::move(outcome));
  std::ranges::reverse(found);
  // A prompt begins with what a user said; what was cut off in the middle of a turn goes whole.
  const auto first_user = std::ranges::find(found, message_role::user, &message_row::role);
  if (first_user != found.end())
    found.erase(found.begin(), first_user);
  for (auto& message : found) {
    TR_TRY(tables::join_texts(message, {rows, shard, id}));
  }
  return found;
}

model::model_request build_prompt(const prompt_inputs& inputs,
                                  const std::vector<message_row>& transcript,
                                  const std::vector<message_row>& unrecorded) {
  model::model_request request;
  request.model = inputs.model->id;
  request.system = system_text(inputs);
  request.max_tokens = inputs.model->max_tokens;
  request.session_key = inputs.session_key;
  for (const auto& tool : inputs.tools->all())
    request.tools.push_back({tool.name, tool.description, tool.schema});
  paired_messages paired{inputs};
  for (const auto& row : transcript)
    paired.add(row);
  for (const auto& row : unrecorded)
    paired.add(row);
  request.messages = paired.take();
  return request;
}

} // namespace troupe
