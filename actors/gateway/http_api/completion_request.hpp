#pragma once

#include "actors/gateway/http_api/api_error.hpp"
#include "actors/gateway/http_api/target.hpp"
#include "actors/messages.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

/// What both completion APIs ask for, once their own words are translated. Pure.
namespace troupe::gateway::http_api {

/// One call of /v1/chat/completions or /v1/responses.
struct completion_request {
  std::string model; ///< As the caller wrote it, for the answer.
  api_target target;
  std::string instructions; ///< Added to the system prompt.
  std::string text;         ///< What the user says now; may be empty when there are results.
  caller_turn turn;
  bool stream = false;
  bool include_usage = false;
  std::string previous_response; ///< /v1/responses: goes on behind that answer. Empty: no.

  /// All that it knows is in this request.
  bool is_new_conversation() const {
    return target.session_key.empty() && previous_response.empty();
  }
  bool must_call() const { return turn.options.choice == tables::tool_choice::required; }
};

/// Sorts `said`, oldest first, into instructions (notes), what is said now (all that follows the
/// last answer), and what was said before. Answers at the very end are left out. Errors: 400, also
/// when nothing is said now; `where`: the body's member that should say it.
api_result<void> take_messages(completion_request& into, std::vector<tables::told_message> said,
                               std::string_view where);

/// The text of a message's content: a string, or a list of text parts. Errors: 400 for parts of
/// other kinds, naming them.
api_result<std::string> content_text(const boost::json::value* content);

/// Arguments of a call in the caller's account. Errors: 400 when they are no JSON object.
api_result<std::string> call_arguments(std::string_view written);

/// `tools`: function tools as chat completions write them ({type, function: {…}}) or as responses
/// do ({type, name, …}). Errors: 400.
enum class tool_form { nested, flat };
api_result<void> take_tools(tables::caller_options& into, const boost::json::value* tools,
                            const boost::json::value* choice, tool_form form);

} // namespace troupe::gateway::http_api
