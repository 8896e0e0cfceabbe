#include "net/frames/json_text.hpp"
#include "net/frames/request.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

/// Any bytes as a frame and as text: nothing crashes, accepted frames keep their promises, and what
/// is quoted is JSON again.

namespace frames = troupe::net::frames;

namespace {

void require(bool holds) {
  if (!holds)
    std::abort();
}

void check_frame(std::string_view text) {
  const auto frame = frames::parse_frame(text);
  if (const auto* request = std::get_if<frames::request_frame>(&frame)) {
    require(!request->id.empty() && !request->method.empty());
    require(request->traceparent.size() <= frames::traceparent_bytes_max);
    require(request->expected_profile_id.size() <= frames::profile_id_bytes_max);
    if (request->params)
      (void)boost::json::serialize(*request->params);
  } else if (const auto* invalid = std::get_if<frames::invalid_frame>(&frame)) {
    require(!invalid->id.empty());
    require(invalid->message.starts_with("invalid request frame: "));
  }
}

void check_text(std::string_view text) {
  const auto quoted = frames::json_string(text);
  boost::json::error_code failed;
  const auto back = boost::json::parse(quoted, failed);
  require(!failed && back.is_string());

  const auto cut = frames::close_reason(text);
  require(cut.size() <= frames::close_reason_bytes_max);
  for (std::string_view reason = cut; !reason.empty();) {
    const auto bytes = frames::utf8_sequence_bytes(reason);
    require(bytes > 0);
    reason.remove_prefix(bytes);
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  check_frame(text);
  check_text(text);
  return 0;
}
