#include "tests/bench/clients.hpp"
#include "tests/bench/scenarios.hpp"

#include <fmt/format.h>

namespace troupe::bench {
namespace {

using namespace std::chrono_literals;

/// The gateway's first promise, and the one for a crowd.
constexpr std::size_t some_connections = 2'000;
constexpr std::size_t many_connections = 10'000;
constexpr auto settled_after = 2s;
constexpr auto settling_max = 15s;

constexpr std::size_t handshakes_at_once = 64;
constexpr auto handshakes_for = 5s;

/// What an idle gateway takes: once it has given nothing back for `settled_after`. Its clients go
/// on reading what they are told.
std::uint64_t idle_kib(const world& in, client_pool& clients) {
  auto least = in.gateway().memory_kib("VmRSS");
  const auto begun = steady::now();
  auto since = begun;
  while (steady::now() - since < settled_after && steady::now() - begun < settling_max) {
    clients.pump(100ms, [](connection&, std::string_view) {});
    if (const auto now = in.gateway().memory_kib("VmRSS"); now < least) {
      least = now;
      since = steady::now();
    }
  }
  return in.gateway().memory_kib("VmRSS");
}

} // namespace

void measure_idle(world& in, report& out) {
  in.start();
  client_pool clients{in.port(), world::token};
  clients.connect(1);
  const auto alone = idle_kib(in, clients);
  out.add("RSS idle", "<= 25 MB", fmt::format("{:.1f} MB", static_cast<double>(alone) / 1000),
          alone * 1024 <= 25'000'000);
  const auto add_each = [&](std::size_t count, double kb_max) {
    clients.connect(count - (clients.all().size() - 1));
    const auto kb = static_cast<double>(idle_kib(in, clients) - alone) * 1.024;
    const auto each = kb / static_cast<double>(count);
    out.add(fmt::format("idle WebSocket, of {}", count), fmt::format("<= {} KB", kb_max),
            fmt::format("{:.1f} KB", each), each <= kb_max);
  };
  add_each(some_connections, 16);
  add_each(many_connections, 14);
  in.stop();
}

void measure_handshakes(world& in, report& out) {
  in.start();
  client_pool clients{in.port(), world::token};
  const auto cpu_before = in.gateway().cpu();
  const auto begun = steady::now();
  const auto count = clients.shake_hands(handshakes_at_once, handshakes_for);
  const auto cpu = milliseconds(in.gateway().cpu() - cpu_before);
  const auto rate = static_cast<double>(count) * 1000 / milliseconds(steady::now() - begun);
  out.add(fmt::format("handshakes/s, {} at once", handshakes_at_once), ">= 3,000",
          fmt::format("{:.0f}", rate), rate >= 3000);
  out.add("gateway CPU per handshake", fmt::format("{:.2f} ms", cpu / static_cast<double>(count)));
  in.stop();
}

} // namespace troupe::bench
