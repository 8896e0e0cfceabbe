#pragma once

#include "tests/component/net/server_world.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::test {

/// Bytes on a fresh connection and everything that must come of them. Each case runs twice: sent at
/// once and, where that is not too long, byte by byte, so that no answer depends on where packets
/// are cut.
struct http_case {
  enum class then {
    goes_on, ///< Another request on the same connection is answered.
    closes,  ///< The server ends the connection.
  };
  enum class sent { both_ways, at_once };

  std::string name;
  std::string bytes;
  /// Statuses in the order they come: "200 400". Empty: none.
  std::string answers{};
  then after = then::closes;
  /// Requests the sink saw, as "METHOD target[body]", separated by "|".
  std::string reaches{};
  bool half_close = false; ///< After the last byte.
  sent way = sent::both_ways;
};

/// Runs all on one server; the number of cases is checked, so that none gets lost.
void run_http_cases(const std::vector<http_case>& cases, std::size_t count,
                    net::server_limits limits = {});

/// The usual beginning of a request: "METHOD target HTTP/1.1", a Host, `more` lines, empty line.
std::string request_head(std::string_view line, std::string_view more = {});

} // namespace troupe::test
