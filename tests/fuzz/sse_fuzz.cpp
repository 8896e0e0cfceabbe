#include "base/assert.hpp"
#include "net/client/sse.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Where a stream is cut does not change what it says.
namespace {

using namespace troupe::net;

struct told {
  std::vector<std::string> events;
  bool refused = false;
  friend bool operator==(const told&, const told&) = default;
};

/// Reads `stream` in pieces whose sizes repeat `sizes`; whole when there are none.
told read(std::string_view stream, std::string_view sizes) {
  told all;
  sse_parser parser;
  std::size_t turn = 0;
  while (!stream.empty() && !all.refused) {
    auto size = stream.size();
    if (!sizes.empty())
      size =
          std::min<std::size_t>(size, 1 + static_cast<unsigned char>(sizes[turn++ % sizes.size()]));
    // Its own memory, so that a view kept too long is noticed.
    const std::string piece{stream.substr(0, size)};
    stream.remove_prefix(size);
    parser.feed(piece);
    sse_event event;
    for (bool more = true; more;) {
      const auto next = parser.next(event);
      if (!next) {
        all.refused = true;
        break;
      }
      more = next.assume_value();
      if (more)
        all.events.push_back(std::string{event.type} + '\0' + std::string{event.data} + '\0' +
                             std::string{event.id});
    }
  }
  return all;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  // The first bytes say where to cut, the rest is the stream.
  const auto cuts = input.substr(0, std::min<std::size_t>(4, size));
  const auto stream = input.substr(cuts.size());
  const auto whole = read(stream, {});
  TR_ASSERT(read(stream, cuts) == whole, "cutting a stream changed it");
  return 0;
}
