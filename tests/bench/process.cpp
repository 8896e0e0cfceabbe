#include "tests/bench/process.hpp"

#include "base/poll.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace troupe::bench {

void give_up(const std::string& why) {
  std::fprintf(stderr, "bench: %s\n", why.c_str());
  std::exit(1);
}

process::process(const std::vector<std::string>& command,
                 const std::map<std::string, std::string>& environment) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    give_up("pipe failed");
  std::vector<char*> arguments;
  for (const auto& word : command)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    // However the benchmark ends, nothing of it stays behind.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(ends[1], STDOUT_FILENO);
    for (const auto& [name, value] : environment)
      setenv(name.c_str(), value.c_str(), 1);
    execv(arguments[0], arguments.data());
    std::fprintf(stderr, "bench: cannot start %s\n", arguments[0]);
    _exit(127);
  }
  close(ends[1]);
  out_ = ends[0];
}

process::~process() {
  terminate();
  close(out_);
}

void process::terminate() {
  if (pid_ <= 0)
    return;
  kill(pid_, SIGTERM);
  const auto gone = [this] { return waitpid(pid_, nullptr, WNOHANG) == pid_; };
  if (poll_until(std::chrono::seconds{10}, gone)) {
    pid_ = -1;
    return;
  }
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::string process::line_with(const std::string& text) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (std::chrono::steady_clock::now() < deadline) {
    for (auto end = buffer_.find('\n'); end != std::string::npos; end = buffer_.find('\n')) {
      auto line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      if (line.find(text) != std::string::npos)
        return line;
    }
    pollfd wait{out_, POLLIN, 0};
    if (poll(&wait, 1, 1000) <= 0)
      continue;
    char piece[4096];
    const auto got = read(out_, piece, sizeof piece);
    if (got <= 0)
      break;
    buffer_.append(piece, static_cast<std::size_t>(got));
  }
  give_up("a program ended or was silent before it said \"" + text + "\"");
}

std::chrono::microseconds process::cpu() const {
  std::ifstream file{"/proc/" + std::to_string(pid_) + "/stat"};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  std::istringstream fields{text.substr(text.rfind(')') + 2)};
  std::string skipped;
  for (int i = 0; i < 11; ++i)
    fields >> skipped;
  long user = 0;
  long system = 0;
  fields >> user >> system;
  return std::chrono::microseconds{(user + system) * 1'000'000 / sysconf(_SC_CLK_TCK)};
}

std::uint64_t process::memory_kib(const std::string& field) const {
  std::ifstream file{"/proc/" + std::to_string(pid_) + "/status"};
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(field + ":"))
      return std::strtoull(line.c_str() + field.size() + 1, nullptr, 10);
  give_up("no " + field + " of the gateway");
}

} // namespace troupe::bench
