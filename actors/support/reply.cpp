#include "actors/support/reply.hpp"

#include <caf/atom.hpp>
#include <caf/exit_reason.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>

namespace troupe {
namespace {

constexpr auto category = caf::atom("troupe");

} // namespace

caf::error to_caf(const error& failure) {
  return caf::error{static_cast<std::uint8_t>(failure.code), category,
                    caf::make_message(failure.detail)};
}

error from_caf(const caf::error& failure) {
  if (failure.category() == category) {
    std::string detail;
    if (failure.context().match_elements<std::string>())
      detail = failure.context().get_as<std::string>(0);
    return error{static_cast<errc>(failure.code()), std::move(detail)};
  }
  if (failure == caf::sec::request_timeout)
    return error{errc::timeout, "no answer in time"};
  if (failure == caf::sec::request_receiver_down)
    return error{errc::unavailable, "the actor that should answer went away; try again"};
  return error{errc::internal, caf::to_string(failure)};
}

} // namespace troupe
