#pragma once

#include "actors/model/provider_api.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe::test {

/// One answer as a decoder tells it; text deltas are joined, because cuts may split them.
struct decoded {
  std::string text;
  std::string thinking;
  std::vector<model::tool_call> calls;
  std::vector<model::stop_reason> finishes;
  model::model_outcome outcome;

  const model::model_result& result() const { return std::get<model::model_result>(outcome); }
  const model::model_failure& failure() const { return std::get<model::model_failure>(outcome); }
  bool failed() const { return std::holds_alternative<model::model_failure>(outcome); }
};

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Also of thoughts that are sent back.
inline bool same(const decoded& a, const decoded& b) {
  if (a.text != b.text || a.thinking != b.thinking || a.calls != b.calls ||
      a.finishes != b.finishes || a.failed() != b.failed())
    return false;
  if (a.failed())
    return a.failure().kind == b.failure().kind && a.failure().message == b.failure().message;
  return a.result().text == b.result().text && a.result().usage == b.result().usage &&
         a.result().tool_calls == b.result().tool_calls &&
         a.result().reasoning == b.result().reasoning;
}

/// Feeds a decoder and keeps what it says.
class decoder_world {
public:
  unsigned status = 200;
  net::header_list headers{{"content-type", "text/event-stream"}};
  config::provider_settings provider;
  result<void> done = boost::outcome_v2::success();
  wall_ms now = 0;

  decoded read(std::string_view body, std::size_t piece_bytes = std::string_view::npos) const {
    return read_pieces(body, [&] { return piece_bytes; });
  }

  /// `next_bytes()`: the size of the next piece, at least 1.
  template <class Next>
  decoded read_pieces(std::string_view body, Next&& next_bytes) const {
    const auto decoder = model::make_decoder(provider);
    std::vector<model::model_event> events;
    if (status != 0)
      decoder->on_head(status, headers);
    while (!body.empty()) {
      const std::string piece{body.substr(0, next_bytes())}; // A buffer of its own, for ASan.
      body.remove_prefix(piece.size());
      if (!decoder->on_data(piece, events))
        break;
    }
    decoded out;
    out.outcome = decoder->end(done, now, events);
    for (const auto& event : events)
      keep(event, out);
    return out;
  }

private:
  static void keep(const model::model_event& event, decoded& out) {
    if (const auto* text = std::get_if<model::text_delta>(&event))
      out.text += text->text;
    else if (const auto* thought = std::get_if<model::thinking_delta>(&event))
      out.thinking += thought->text;
    else if (const auto* call = std::get_if<model::tool_call_complete>(&event))
      out.calls.push_back(call->call);
    else if (const auto* end = std::get_if<model::finished>(&event))
      out.finishes.push_back(end->reason);
  }
};

inline std::string event(std::string_view json) {
  return fmt::format("data: {}\n\n", json);
}

/// A chunk with one choice; `finish` is JSON.
inline std::string delta(std::string_view members, std::string_view finish = "null") {
  return event(fmt::format(
      R"({{"id":"cmpl-1","choices":[{{"index":0,"delta":{{{}}},"finish_reason":{}}}],"usage":null}})",
      members, finish));
}

inline const std::string stream_done = "data: [DONE]\n\n";

} // namespace troupe::test
