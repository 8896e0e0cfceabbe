#pragma once

#include "actors/conversation/prompt.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// Messages as a prompt has them: keeps every assistant call paired with exactly one result right
/// behind it. Outlived by `inputs`. Thread: one owner.
class paired_messages {
public:
  explicit paired_messages(const prompt_inputs& inputs) : inputs_(inputs) {}
  void reserve(std::size_t messages) { messages_.reserve(messages); }
  template <class Text>
  void add(const tables::basic_message<Text>& row) {
    switch (row.role) {
    case tables::message_role::user:
      answer_open_calls();
      add_plain(model::role::user, row.text);
      break;
    case tables::message_role::assistant:
      answer_open_calls();
      add_assistant(row);
      break;
    case tables::message_role::tool_result:
      add_result(row);
      break;
    case tables::message_role::note:
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
      if (told.role == tables::message_role::note) {
        notes_ += "\n\n" + told.text;
        continue;
      }
      tables::message_row as_row;
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
  static model::prompt_message interrupted_result(const std::string& call_id) {
    model::prompt_message message;
    message.role = model::role::tool_result;
    message.tool_call_id = call_id;
    message.text = "interrupted: the result is unknown";
    message.is_error = true;
    return message;
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

} // namespace troupe
