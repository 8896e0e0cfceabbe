#pragma once

#include "actors/model/stream_decoder.hpp"
#include "base/assert.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe::fuzz {

inline std::string outcome_story(const model::model_outcome& outcome) {
  if (const auto* failure = std::get_if<model::model_failure>(&outcome))
    return std::string{to_string(failure->kind)} + failure->message;
  const auto& result = std::get<model::model_result>(outcome);
  std::string out = result.text + '|' + result.response_id + std::to_string(result.usage.output);
  for (const auto& call : result.tool_calls)
    out += '|' + call.id + ' ' + call.name + ' ' + call.arguments_json;
  return out;
}

/// What a fresh decoder makes of `stream`, read in pieces whose sizes repeat `sizes`; whole when
/// there are none.
template <class Decoder>
model::model_outcome decode(std::string_view stream, std::string_view sizes, unsigned status) {
  Decoder decoder{config::provider_settings{}};
  std::vector<model::model_event> events;
  decoder.on_head(status, {});
  bool sound = true;
  for (std::size_t turn = 0; sound && !stream.empty(); ++turn) {
    const auto size = sizes.empty()
                          ? stream.size()
                          : 1 + std::size_t{static_cast<unsigned char>(sizes[turn % sizes.size()])};
    const std::string piece{stream.substr(0, size)}; // Its own memory: no view may outlive it.
    stream.remove_prefix(piece.size());
    sound = decoder.on_data(piece, events);
  }
  auto outcome = decoder.end(boost::outcome_v2::success(), 0, events);
  std::string text;
  for (const auto& event : events)
    if (const auto* delta = std::get_if<model::text_delta>(&event))
      text += delta->text;
  if (const auto* result = std::get_if<model::model_result>(&outcome))
    TR_ASSERT(result->text == text, "the deltas are not the text");
  return outcome;
}

/// A provider's bytes are read or refused, and where they are cut changes nothing. The first bytes
/// say where to cut, the first of them also which status the response has.
/// `story(outcome)`: all that must be the same, as text.
template <class Decoder, class Story>
void decode_twice(const std::uint8_t* data, std::size_t size, Story&& story) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const auto cuts = input.substr(0, std::min<std::size_t>(4, size));
  const auto stream = input.substr(cuts.size());
  const unsigned status = size > 0 && data[0] >= 192 ? 500 : 200;
  TR_ASSERT(story(decode<Decoder>(stream, cuts, status)) ==
                story(decode<Decoder>(stream, {}, status)),
            "cutting a response changed it");
}

} // namespace troupe::fuzz
