#pragma once

#include "app/cli/gateway_link.hpp"
#include "app/cli/stream_printer.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe::cli {

/// One run as its asker sees it: from the request through events, lost connections and re-read
/// history to its end, shown once. Pure: it is told what came and says what to show.
///
///   unknown ──ack──> running ──final, aborted, error, or found in the history──> ended
class run_view {
public:
  /// `run_id` is the idempotency key of the request.
  explicit run_view(std::string run_id) : run_id_(std::move(run_id)) {}

  /// The answer to `chat.send`.
  void on_acknowledged(const boost::json::value& payload);
  /// Any event; those of other runs are ignored.
  void on_event(const event& happened);
  /// The result of `chat.history` for the conversation.
  void on_history(const boost::json::value& payload);
  /// The run's answer came by another way (`agent`'s second response).
  void complete(std::string_view text);

  /// Events may have been missed: `chat.history` is to be read.
  bool wants_history() const { return wants_history_ && !ended_; }
  bool ended() const { return ended_; }
  bool aborted() const { return aborted_; }
  /// Why the run ended badly.
  const std::optional<failure>& failed() const { return failed_; }
  const std::string& run_id() const { return run_id_; }
  const std::string& text() const { return printer_.text(); }
  std::vector<piece> take() { return printer_.take(); }

private:
  void on_chat(const boost::json::value& payload);
  void on_agent(const boost::json::value& payload);
  void on_tool(std::string_view call_id, std::string_view name, bool failed);
  void end(std::string_view final);
  void end_badly(std::string_view message);
  void end_aborted(std::string_view partial);
  void end_as_recorded(const boost::json::value& last);

  const std::string run_id_;
  stream_printer printer_;
  std::set<std::string, std::less<>> tools_shown_;
  bool finished_elsewhere_ = false; ///< The gateway says that it ended; the history has the rest.
  std::optional<std::string> recorded_error_; ///< With it: it ended badly.
  bool wants_history_ = false;
  bool ended_ = false;
  bool aborted_ = false;
  std::optional<failure> failed_;
};

} // namespace troupe::cli
