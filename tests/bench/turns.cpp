#include "tests/bench/clients.hpp"
#include "tests/bench/scenarios.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t conversations = 64;
/// A session key serves so many turns: its prompt stays as long as a real one and no longer.
constexpr std::uint64_t turns_per_session = 50;
constexpr auto warm_up = 2s;
constexpr auto measured = 10s;

struct turn_counts {
  std::uint64_t turns = 0;
  std::vector<double> latencies_ms;
};

void send_turn(client_pool& clients, connection& to) {
  to.sent = steady::now();
  ++to.turns;
  clients.send(to, fmt::format(R"({{"type":"req","id":"t{0}","method":"chat.send","params":)"
                               R"({{"sessionKey":"bench-{1}-{2}","message":"hello",)"
                               R"("idempotencyKey":"k-{1}-{0}"}}}})",
                               to.turns, to.index, (to.turns - 1) / turns_per_session));
}

void subscribe(client_pool& clients, connection& to) {
  clients.send(to,
               fmt::format(R"({{"type":"req","id":"s{2}","method":"sessions.messages.subscribe",)"
                           R"("params":{{"key":"bench-{0}-{1}"}}}})",
                           to.index, to.turns / turns_per_session, to.turns));
}

turn_counts run_turns(client_pool& clients, std::chrono::milliseconds period) {
  turn_counts counts;
  const auto until = steady::now() + period;
  while (steady::now() < until)
    clients.pump(100ms, [&](connection& from, std::string_view text) {
      if (text.find("\"ok\":false") != std::string_view::npos)
        give_up("refused: " + std::string{text});
      if (text.find("\"state\":\"error\"") != std::string_view::npos)
        give_up("a turn failed: " + std::string{text});
      if (text.find("\"state\":\"final\"") == std::string_view::npos)
        return;
      ++counts.turns;
      counts.latencies_ms.push_back(milliseconds(steady::now() - from.sent));
      if (from.turns % turns_per_session == 0)
        subscribe(clients, from);
      send_turn(clients, from);
    });
  return counts;
}

void add_memory(const world& in, report& out, std::uint64_t turns) {
  out.add(fmt::format("RSS after {} turns: all / without the mapped store", turns),
          fmt::format("{:.1f} / {:.1f} MB",
                      static_cast<double>(in.gateway().memory_kib("VmRSS")) / 1000,
                      static_cast<double>(in.gateway().memory_kib("RssAnon")) / 1000));
}

} // namespace

void measure_turns(world& in, report& out) {
  in.start();
  client_pool clients{in.port(), world::token};
  clients.connect(conversations);
  for (auto& each : clients.all()) {
    subscribe(clients, each);
    send_turn(clients, each);
  }
  run_turns(clients, warm_up);
  const auto cpu_before = in.gateway().cpu();
  const auto begun = steady::now();
  auto counts = run_turns(clients, measured);
  const auto spent = in.gateway().cpu() - cpu_before;
  const double seconds = milliseconds(steady::now() - begun) / 1000;
  if (counts.turns == 0)
    give_up("no turn finished");
  std::ranges::sort(counts.latencies_ms);
  const double rate = static_cast<double>(counts.turns) / seconds;
  const double cpu_ms = milliseconds(spent) / static_cast<double>(counts.turns);
  out.add_synced(fmt::format("durable turns/s, {} conversations", conversations), ">= 1,000",
                 fmt::format("{:.0f}", rate), rate >= 1000);
  out.add("gateway CPU per durable turn", "<= 1 ms", fmt::format("{:.2f} ms", cpu_ms), cpu_ms <= 1);
  out.add("turn latency p50 / p99",
          fmt::format("{:.0f} / {:.0f} ms", percentile(counts.latencies_ms, 50),
                      percentile(counts.latencies_ms, 99)));
  add_memory(in, out, counts.turns);
  counts.turns += run_turns(clients, measured).turns;
  add_memory(in, out, counts.turns);
  in.stop();
}

} // namespace troupe::bench
