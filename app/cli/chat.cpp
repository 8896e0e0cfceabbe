#include "app/cli/chat_session.hpp"
#include "app/cli/line_reader.hpp"
#include "app/cli/verbs.hpp"

namespace troupe::cli {

namespace json = boost::json;

namespace {

json::object as_object(const turn& ended) {
  json::object told{{"ok", !ended.failed && !ended.aborted},
                    {"runId", ended.run_id},
                    {"text", ended.text},
                    {"status", ended.failed    ? "error"
                               : ended.aborted ? "aborted"
                                               : "ok"}};
  if (ended.failed)
    told["error"] = {{"code", ended.failed->code},
                     {"message", ended.failed->message},
                     {"next", ended.failed->next}};
  return told;
}

exit_status status_of(const turn& ended) {
  if (ended.failed)
    return ended.failed->status;
  return ended.aborted ? exit_status::interrupted : exit_status::ok;
}

void report(const turn& ended, const console& to) {
  if (ended.failed && !to.json())
    to.fail(*ended.failed);
}

/// The lines of the input, until it ends, "/quit", or Ctrl-C at the prompt.
class line_source {
public:
  line_source(chat_session& session, const verb_context& with)
      : session_(session), with_(with), reader_(with.around.input),
        prompting_(with.around.input_is_terminal && with.around.out_is_terminal) {}

  std::optional<std::string> next() {
    if (prompting_)
      with_.to.piece("> ");
    while (true) {
      while (auto line = reader_.take())
        if (line->find_first_not_of(" \t") != std::string::npos)
          return *line == "/quit" || *line == "/exit" ? std::nullopt : line;
      if (reader_.ended() || !session_.await_input(reader_.descriptor()))
        break;
      reader_.fill();
    }
    if (prompting_)
      with_.to.line("");
    return std::nullopt;
  }
  bool overlong() const { return reader_.overlong(); }

private:
  chat_session& session_;
  const verb_context& with_;
  line_reader reader_;
  const bool prompting_;
};

outcome<exit_status> ask_one(chat_session& session, const std::string& message,
                             const verb_context& with) {
  TR_TRY(const auto ended, session.ask(message));
  report(ended, with.to);
  with.to.object(as_object(ended));
  return status_of(ended);
}

outcome<exit_status> ask_lines(chat_session& session, const verb_context& with) {
  line_source lines{session, with};
  json::array turns;
  auto status = exit_status::ok;
  while (const auto line = lines.next()) {
    TR_TRY(const auto ended, session.ask(*line));
    report(ended, with.to);
    turns.push_back(as_object(ended));
    if (ended.failed)
      status = ended.failed->status;
  }
  if (lines.overlong())
    return usage("a line is longer than 1 MiB", "send less at once");
  with.to.object({{"ok", status == exit_status::ok}, {"turns", std::move(turns)}});
  return status;
}

} // namespace

outcome<exit_status> run(const chat_verb& verb, const verb_context& with) {
  if (verb.message && verb.message->empty())
    return usage("--message is empty", "say something: troupe chat --message \"hello\"");
  TR_TRY(auto to, find_target(with.global, with.around));
  chat_session session{verb.session_key, with, std::move(to)};
  TR_TRY(session.start());
  if (verb.message)
    return ask_one(session, *verb.message, with);
  if (with.around.input_is_terminal && with.around.out_is_terminal)
    with.to.aside("· conversation \"" + verb.session_key +
                  "\"; Ctrl-C stops an answer, Ctrl-D or /quit leaves");
  return ask_lines(session, with);
}

} // namespace troupe::cli
