#include "base/result.hpp"

namespace troupe {

std::string_view to_string(errc code) {
  switch (code) {
  case errc::invalid_argument:
    return "invalid_argument";
  case errc::not_found:
    return "not_found";
  case errc::already_exists:
    return "already_exists";
  case errc::forbidden:
    return "forbidden";
  case errc::unavailable:
    return "unavailable";
  case errc::overloaded:
    return "overloaded";
  case errc::timeout:
    return "timeout";
  case errc::cancelled:
    return "cancelled";
  case errc::storage_full:
    return "storage_full";
  case errc::storage_failed:
    return "storage_failed";
  case errc::corrupt:
    return "corrupt";
  case errc::unsupported:
    return "unsupported";
  case errc::connection_lost:
    return "connection_lost";
  case errc::internal:
    return "internal";
  }
  return "unknown";
}

error with_context(error failure, std::string_view context) {
  failure.detail.insert(0, std::string{context} + ": ");
  return failure;
}

} // namespace troupe
