#pragma once

#include "base/secret.hpp"
#include "config/schema/kind.hpp"

namespace troupe::config {

/// What OpenClaw's clients expect in the place of a secret, and send back to leave it unchanged.
/// Source: protocol section 10.
inline constexpr std::string_view redacted_text = "__OPENCLAW_REDACTED__";

/// A secret as the config names it. Whoever needs it decides what an unresolved one means; the
/// name of a variable is never used as the secret itself.
struct configured_secret {
  bool present = false;
  secret value;
  bool refused = false;   ///< A failure was noted; there is nothing more to say.
  std::string unresolved; ///< Why there is no value; names variables, never values.
  cursor at;
};

/// A string (with `${VAR}`), "$VAR", or `{source, provider, id}`: a variable (`env`) or what a
/// declared file holds (`file`). The other sources of OpenClaw's SecretRef are refused as not
/// built.
/// Source: features section 1, SecretRef.
kind<configured_secret> secret_text();

/// Whether a secret fits into an HTTP header: no control characters, no blanks around it, not
/// empty.
bool is_usable_secret(std::string_view text);

} // namespace troupe::config
