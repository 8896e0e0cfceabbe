#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace troupe::net {

/// A process that listens on a TCP port of this machine.
struct port_holder {
  int pid = 0;
  std::string command;
};

/// Looks through /proc (`proc`: elsewhere in tests). Empty when nobody listens there or it belongs
/// to a process of another user, whose descriptors cannot be read.
std::optional<port_holder> find_port_holder(std::uint16_t port, const std::string& proc = "/proc");

} // namespace troupe::net
