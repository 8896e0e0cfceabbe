#pragma once

#include <cstdint>
#include <string>

/// TCP to the gateway without waiting. Each gives up on the benchmark when the gateway refuses or
/// closes the connection.
namespace troupe::bench {

int open_socket(std::uint16_t port);
/// Sends all of `out` and empties it.
void send_all(int fd, std::string& out);
/// Appends what has come.
void receive_all(int fd, std::string& in);

} // namespace troupe::bench
