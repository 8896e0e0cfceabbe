#include "actors/model/openai_completions/response_decoder.hpp"
#include "tests/fuzz/decoder_fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  fuzz::decode_twice<model::openai_completions::response_decoder>(data, size, fuzz::outcome_story);
  return 0;
}
