#include "config/sections/sections.hpp"

namespace troupe::config {

kind<session_settings> session_section() {
  return object<session_settings>({
      key<session_settings>("scope", TR_MEMBER(scope), word({"per-sender", "global"}),
                            "Whether senders have sessions of their own or share one."),
  });
}

} // namespace troupe::config
