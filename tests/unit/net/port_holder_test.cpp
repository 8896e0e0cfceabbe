#include "net/http/port_holder.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

namespace troupe::test {

namespace fs = std::filesystem;

namespace {

/// A /proc with one process 42 "holder" that listens on port 18789 (0x4965) and has port 80 open as
/// a client.
struct fake_proc {
  temp_dir root;

  fake_proc() {
    fs::create_directories(root / "net");
    fs::create_directories(root / "42/fd");
    std::ofstream{root / "net/tcp"}
        << "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "
           "timeout inode\n"
           "   0: 0100007F:4965 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000      "
           "  "
           "0 7777 1 0\n"
           "   1: 0100007F:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000  1000      "
           "  "
           "0 8888 1 0\n";
    std::ofstream{root / "42/comm"} << "holder\n";
    fs::create_symlink("socket:[7777]", root / "42/fd/3");
    fs::create_symlink("socket:[8888]", root / "42/fd/4");
  }
};

} // namespace

TEST_CASE("port holder: names the process that listens", "[http]") {
  const fake_proc proc;
  const auto holder = net::find_port_holder(18'789, proc.root.path());
  REQUIRE(holder);
  CHECK(holder->pid == 42);
  CHECK(holder->command == "holder");
}

TEST_CASE("port holder: is nobody when none listens or it cannot be seen", "[http]") {
  const fake_proc proc;
  CHECK_FALSE(net::find_port_holder(80, proc.root.path()));
  CHECK_FALSE(net::find_port_holder(1, proc.root.path()));
  fs::remove(proc.root / "42/fd/3");
  CHECK_FALSE(net::find_port_holder(18'789, proc.root.path()));
  CHECK_FALSE(net::find_port_holder(18'789, proc.root / "nowhere"));
}

} // namespace troupe::test
