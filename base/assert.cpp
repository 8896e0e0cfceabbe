#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace troupe {

void assertion_failed(std::string_view expression, std::string_view message, const char* file,
                      std::uint32_t line) {
  std::fprintf(stderr, "troupe: assertion failed at %s:%u: %.*s: %.*s\n", file, line,
               static_cast<int>(expression.size()), expression.data(),
               static_cast<int>(message.size()), message.data());
  std::abort();
}

} // namespace troupe
