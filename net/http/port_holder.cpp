#include "net/http/port_holder.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <unordered_set>

namespace troupe::net {

namespace fs = std::filesystem;

namespace {

/// Socket links as /proc/<pid>/fd shows them.
using socket_links = std::unordered_set<std::string>;

/// A line of /proc/net/tcp: `sl local:port remote:port state … inode`; 0A is LISTEN.
void collect_listeners(const std::string& path, std::uint16_t port, socket_links& found) {
  std::ifstream table{path};
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    std::istringstream words{line};
    std::string slot, local, remote, state, queues, timers, retries, user, probes, inode;
    words >> slot >> local >> remote >> state >> queues >> timers >> retries >> user >> probes >>
        inode;
    const auto colon = local.rfind(':');
    if (colon == std::string::npos || state != "0A")
      continue;
    unsigned local_port = 0;
    std::from_chars(local.data() + colon + 1, local.data() + local.size(), local_port, 16);
    if (local_port == port)
      found.insert("socket:[" + inode + "]");
  }
}

bool holds_one_of(const fs::path& process, const socket_links& wanted) {
  std::error_code failed;
  for (fs::directory_iterator fd{process / "fd", failed}, end; !failed && fd != end;
       fd.increment(failed)) {
    std::error_code unreadable;
    if (wanted.contains(fs::read_symlink(fd->path(), unreadable).string()))
      return true;
  }
  return false;
}

int number_of(const fs::path& process) {
  const auto name = process.filename().string();
  int pid = 0;
  const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), pid);
  return failed == std::errc{} && end == name.data() + name.size() ? pid : 0;
}

} // namespace

std::optional<port_holder> find_port_holder(std::uint16_t port, const std::string& proc) {
  socket_links sockets;
  collect_listeners(proc + "/net/tcp", port, sockets);
  collect_listeners(proc + "/net/tcp6", port, sockets);
  if (sockets.empty())
    return {};
  std::error_code failed;
  for (fs::directory_iterator process{proc, failed}, end; !failed && process != end;
       process.increment(failed)) {
    const int pid = number_of(process->path());
    if (pid == 0 || !holds_one_of(process->path(), sockets))
      continue;
    port_holder holder{pid, {}};
    std::ifstream comm{process->path() / "comm"};
    std::getline(comm, holder.command);
    return holder;
  }
  return {};
}

} // namespace troupe::net
