#include "actors/model/anthropic_messages/reasoning.hpp"
#include "actors/model/anthropic_messages/response_decoder.hpp"
#include "tests/fuzz/decoder_fuzz.hpp"

namespace {

using namespace troupe;

/// With the thoughts, which must be readable again.
std::string story(const model::model_outcome& outcome) {
  std::string out = fuzz::outcome_story(outcome);
  const auto* result = std::get_if<model::model_result>(&outcome);
  if (!result)
    return out;
  for (const auto& thought : model::anthropic_messages::read_reasoning(result->reasoning))
    out += '|' + std::to_string(thought.text_before) + thought.block;
  TR_ASSERT(result->reasoning.size() <= model::reasoning_bytes_max, "too long a reasoning");
  return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::decode_twice<model::anthropic_messages::response_decoder>(data, size, story);
  return 0;
}
