#include "actors/model/anthropic_messages/response_decoder.hpp"
#include "base/assert.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

// A provider's bytes are read or refused, and where they are cut changes nothing. The first bytes
// say where to cut, the first of them also which status the response has.
namespace {

using namespace troupe;

std::string outcome_story(const model::model_outcome& outcome) {
  if (const auto* failure = std::get_if<model::model_failure>(&outcome))
    return std::string{to_string(failure->kind)} + failure->message;
  const auto& result = std::get<model::model_result>(outcome);
  std::string out = result.text + '|' + result.response_id + std::to_string(result.usage.output);
  for (const auto& call : result.tool_calls)
    out += '|' + call.id + ' ' + call.name + ' ' + call.arguments_json;
  for (const auto& thought : model::anthropic_messages::read_reasoning(result.reasoning))
    out += '|' + std::to_string(thought.text_before) + thought.block;
  TR_ASSERT(result.reasoning.size() <= model::reasoning_bytes_max, "too long a reasoning");
  return out;
}

/// Reads `stream` in pieces whose sizes repeat `sizes`; whole when there are none.
std::string decoder_story(std::string_view stream, std::string_view sizes, unsigned status) {
  model::anthropic_messages::response_decoder decoder{config::provider_settings{}};
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
  const auto outcome = decoder.end(boost::outcome_v2::success(), 0, events);
  std::string text;
  for (const auto& event : events)
    if (const auto* delta = std::get_if<model::text_delta>(&event))
      text += delta->text;
  if (const auto* result = std::get_if<model::model_result>(&outcome))
    TR_ASSERT(result->text == text, "the deltas are not the text");
  return outcome_story(outcome) + '|' + text;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const auto cuts = input.substr(0, std::min<std::size_t>(4, size));
  const auto stream = input.substr(cuts.size());
  const unsigned status = size > 0 && data[0] >= 192 ? 500 : 200;
  TR_ASSERT(decoder_story(stream, cuts, status) == decoder_story(stream, {}, status),
            "cutting a response changed it");
  return 0;
}
