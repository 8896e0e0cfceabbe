#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <string>

namespace troupe::config {

/// The gateway's own token, for a gateway that only this machine can reach and whose config names
/// none: `<state_dir>/gateway-token`, mode 0600. Made at the first call from 32 random bytes (64
/// hex characters) and durable before this returns; `created` then is true, and the caller shows it
/// once. Makes the state directory, mode 0700, if need be.
/// Two processes that start at once agree on one token. Blocks on the disk.
/// Errors: `forbidden` (others may read the file, or it belongs to somebody else); `corrupt` (it
/// holds no token); `storage_full`, `storage_failed`.
result<secret> load_or_create_gateway_token(const std::string& state_dir, bool& created);

} // namespace troupe::config
