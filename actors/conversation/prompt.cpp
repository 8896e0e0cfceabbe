#include "actors/conversation/prompt.hpp"

#include "actors/conversation/limits.hpp"
#include "persistence/tables/chunked_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

namespace troupe {
namespace {

using tables::message_role;
using tables::message_row;
using tables::message_view;

constexpr std::size_t bytes_per_token = 4;
constexpr std::size_t transcript_bytes_min = 16u << 10;

std::size_t size_of(const message_view& row) {
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
  void reserve(std::size_t messages) { messages_.reserve(messages); }
  template <class Text>
  void add(const tables::basic_message<Text>& row) {
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
  /// What a caller says was said before, as a row has it. Its answers are of no model that we know.
  /// Errors: `corrupt`.
  result<void> add_history(std::string_view history) {
    TR_TRY(auto messages, tables::decode_history(history));
    for (auto& told : messages) {
      if (told.role == message_role::note) {
        notes_ += "\n\n" + told.text;
        continue;
      }
      message_row as_row;
      as_row.role = told.role;
      as_row.text = std::move(told.text);
      as_row.calls = std::move(told.calls);
      as_row.call_id = std::move(told.call_id);
      add(as_row);
    }
    return boost::outcome_v2::success();
  }
  /// Instructions among it.
  std::string take_notes() { return std::move(notes_); }

private:
  void add_plain(model::role role, std::string_view text) {
    model::prompt_message message;
    message.role = role;
    message.text = text;
    messages_.push_back(std::move(message));
  }
  template <class Text>
  void add_assistant(const tables::basic_message<Text>& row) {
    if (row.text.empty() && row.calls.empty())
      return;
    add_plain(model::role::assistant, row.text);
    if (row.provider == inputs_.provider && row.model == inputs_.model->id)
      messages_.back().reasoning = row.reasoning;
    for (const auto& call : row.calls) {
      messages_.back().tool_calls.push_back(
          {std::string{call.id}, std::string{call.name}, std::string{call.arguments}});
      open_.emplace_back(call.id);
    }
  }
  template <class Text>
  void add_result(const tables::basic_message<Text>& row) {
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
  std::string notes_;
};

/// A row that may go into a prompt. Views into the snapshot.
struct seen_row {
  message_view view;
  std::string_view bytes;
  bool in_chunks() const {
    return !view.text_chunks.empty() || !view.reasoning_chunks.empty() ||
           !view.history_chunks.empty() || std::ranges::any_of(view.calls, [](const auto& call) {
             return !call.arguments_chunks.empty();
           });
  }
};

/// What `read_transcript` wants, newest first.
result<std::vector<seen_row>> newest_first(const row_snapshot& rows, shard_id shard,
                                           const tables::conversation_row& row,
                                           std::size_t bytes_max, std::uint64_t run_from) {
  std::vector<seen_row> found;
  std::size_t bytes = 0;
  result<void> outcome = boost::outcome_v2::success();
  const auto prefix = tables::message_prefix(tables::digest_of(row.key));
  TR_TRY(rows.scan(shard, prefix, {}, scan_order::descending,
                   [&](std::string_view, std::string_view value) {
                     auto seen = tables::view_message(value);
                     if (!seen) {
                       outcome = seen.error();
                       return scan_step::stop;
                     }
                     const auto& message = seen.value();
                     if (message.seq < row.history_from)
                       return scan_step::stop;
                     if (message.context_free)
                       return scan_step::more;
                     bytes += size_of(message);
                     const bool full = bytes > bytes_max || found.size() == prompt_messages_max;
                     const bool kept = found.empty() || message.seq >= run_from;
                     if (full && !kept)
                       return scan_step::stop;
                     found.push_back({std::move(seen.value()), value});
                     return scan_step::more;
                   }));
  TR_TRY(std::move(outcome));
  return found;
}

/// Sorts messages, oldest first, into those of earlier turns and those of the run.
class transcript_builder {
public:
  transcript_builder(const prompt_inputs& inputs, std::size_t messages) : earlier_(inputs) {
    earlier_.reserve(messages);
  }
  template <class Text>
  result<void> add_earlier(const tables::basic_message<Text>& row) {
    if (!row.history.empty()) {
      TR_TRY(earlier_.add_history(row.history));
    }
    earlier_.add(row);
    return boost::outcome_v2::success();
  }
  /// A message of the run. Results at its beginning answer what an earlier turn asked its caller.
  result<void> add_own(message_row row) {
    const auto history = std::exchange(row.history, {});
    if (!history.empty()) {
      TR_TRY(earlier_.add_history(history));
    }
    if (out_.of_run.empty() && row.role == message_role::tool_result)
      earlier_.add(row);
    else
      out_.of_run.push_back(std::move(row));
    return boost::outcome_v2::success();
  }
  transcript take() {
    out_.notes = earlier_.take_notes();
    out_.earlier = std::make_shared<const std::vector<model::prompt_message>>(earlier_.take());
    return std::move(out_);
  }

private:
  paired_messages earlier_;
  transcript out_;
};

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
    request.max_tokens = wishes.max_tokens;
}

} // namespace

const tool_declaration* prompt_inputs::own_tool(std::string_view name) const {
  return is_callers_tool(name) ? nullptr : tools->find(name);
}

bool prompt_inputs::is_callers_tool(std::string_view name) const {
  return caller != nullptr &&
         std::ranges::find(caller->tools, name, &tables::caller_tool::name) != caller->tools.end();
}

std::size_t transcript_bytes_max(const config::model_settings& model) {
  const std::size_t window = model.context_window;
  const std::size_t answer = std::min<std::size_t>(model.max_tokens, window / 2);
  return std::max(transcript_bytes_min, (window - answer) * bytes_per_token * 3 / 4);
}

result<transcript> read_transcript(const row_snapshot& rows, shard_id shard,
                                   const tables::conversation_row& row, const prompt_inputs& inputs,
                                   std::size_t bytes_max, std::uint64_t run_from) {
  const auto id = tables::digest_of(row.key);
  TR_TRY(auto found, newest_first(rows, shard, row, bytes_max, run_from));
  // A prompt begins with what a user said; what was cut off in the middle of a turn goes whole.
  const auto first = std::find_if(found.rbegin(), found.rend(), [](const seen_row& seen) {
    return seen.view.role == message_role::user || !seen.view.history.empty() ||
           !seen.view.history_chunks.empty();
  });
  if (first != found.rend())
    found.resize(static_cast<std::size_t>(found.rend() - first));
  transcript_builder out{inputs, found.size()};
  for (const auto& seen : std::views::reverse(found)) {
    const bool of_run = seen.view.seq >= run_from;
    if (!of_run && !seen.in_chunks()) {
      TR_TRY(out.add_earlier(seen.view));
      continue;
    }
    TR_TRY(auto message, tables::decode_message(seen.bytes));
    TR_TRY(tables::join_texts(message, {rows, shard, id}));
    if (of_run) {
      TR_TRY(out.add_own(std::move(message)));
    } else {
      TR_TRY(out.add_earlier(message));
    }
  }
  return out.take();
}

result<transcript> transcript_of_run(const prompt_inputs& inputs,
                                     std::vector<message_row> messages) {
  transcript_builder out{inputs, messages.size()};
  for (auto& message : messages) {
    TR_TRY(out.add_own(std::move(message)));
  }
  return out.take();
}

model::model_request build_prompt(const prompt_inputs& inputs, const transcript& before,
                                  const std::vector<message_row>& unrecorded) {
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
