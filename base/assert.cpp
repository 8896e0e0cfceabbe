#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace troupe {

void assertion_failed(std::string_view expression, std::string_view message,
                      std::source_location where) {
  std::fprintf(stderr, "troupe: assertion failed at %s:%u: %.*s: %.*s\n", where.file_name(),
               where.line(), static_cast<int>(expression.size()), expression.data(),
               static_cast<int>(message.size()), message.data());
  std::abort();
}

} // namespace troupe
