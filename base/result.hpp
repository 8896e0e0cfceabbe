#pragma once

#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/policy/terminate.hpp>
#include <boost/outcome/try.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe {

/// What a caller can do about a failure. Append only: the numbers travel in `caf::error`.
enum class errc : std::uint8_t {
  invalid_argument = 1, ///< The caller's input is wrong; it can be mended and sent again.
  not_found,            ///< The named thing does not exist.
  already_exists,       ///< The named thing exists and may not be replaced.
  forbidden,            ///< The caller may not do this.
  unavailable,          ///< Not now; a later try may succeed.
  overloaded,           ///< A bound is reached; retry after a pause.
  timeout,              ///< A deadline passed; the outcome may be unknown.
  cancelled,            ///< Somebody asked to stop.
  storage_full,         ///< No room on the disk or in the map; nothing was written.
  storage_failed,       ///< The disk refused; the process must restart and verify.
  corrupt,              ///< A checksum or an invariant does not hold.
  unsupported,          ///< Known, but not built or not allowed here.
  connection_lost,      ///< The peer went away.
  internal,             ///< Our own fault.
};

/// The name as it is written in logs: `storage_full`.
std::string_view to_string(errc code);

/// A failure on its way to whoever decides. `detail` is for the operator: it names the thing and,
/// where there is one, the remedy; it never holds a secret or a prompt.
struct error {
  errc code = errc::internal;
  std::string detail;
};

template <class T>
using result = boost::outcome_v2::basic_result<T, error, boost::outcome_v2::policy::terminate>;

/// The error's detail behind `what was tried`, with the same code.
error with_context(error failure, std::string_view context);

} // namespace troupe

#define TR_TRY(...) BOOST_OUTCOME_TRY(__VA_ARGS__)
