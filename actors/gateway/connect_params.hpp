#pragma once

#include "base/clock.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe::gateway {

/// The device that a client says it is; not believed before `verify_device`.
struct device_claim {
  std::string id;
  std::string public_key;
  std::string signature;
  wall_ms signed_at = 0;
  std::string nonce;
};

/// What a client says about itself in `connect`. Source: protocol.md section 2, "connect params".
struct connect_params {
  std::int64_t min_protocol = 0;
  std::int64_t max_protocol = 0;
  std::string client_id;
  std::string client_mode;
  std::string client_version;
  std::string display_name;
  std::string platform;
  std::string device_family;
  std::string instance_id;
  std::string role = "operator";
  std::vector<std::string> scopes;
  std::vector<std::string> caps;
  std::optional<device_claim> device;
  std::string token;
  std::string password;
  std::string device_token;
  std::string bootstrap_token;
};

/// Closed at every level. The second alternative says what is wrong: "at /client/id: must be …".
std::variant<connect_params, std::string> read_connect_params(const boost::json::object& params);

} // namespace troupe::gateway
