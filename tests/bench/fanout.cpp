#include "tests/bench/clients.hpp"
#include "tests/bench/scenarios.hpp"

#include <fmt/format.h>

namespace troupe::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t streams = 40;
constexpr std::size_t watchers = 100;
constexpr auto warm_up = 2s;
constexpr auto measured = 10s;

/// An answer of forty words over a second; coalescing makes of it what it makes of any.
void send_turn(client_pool& clients, connection& to) {
  std::string words;
  for (int i = 0; i < 40; ++i)
    words += fmt::format("word-{} ", i);
  ++to.turns;
  clients.send(to, fmt::format(R"({{"type":"req","id":"t{0}","method":"chat.send","params":)"
                               R"({{"sessionKey":"stream-{1}","message":"#slow 1000 #echo {2}",)"
                               R"("idempotencyKey":"s-{1}-{0}"}}}})",
                               to.turns, to.index, words));
}

void subscribe(client_pool& clients, connection& to, std::size_t stream) {
  clients.send(to, fmt::format(R"({{"type":"req","id":"w{0}","method":)"
                               R"("sessions.messages.subscribe","params":{{"key":"stream-{0}"}}}})",
                               stream));
}

/// Events that watchers got within `period`. The first `streams` connections talk.
std::uint64_t deliver(client_pool& clients, std::chrono::milliseconds period) {
  std::uint64_t events = 0;
  const auto until = steady::now() + period;
  while (steady::now() < until)
    clients.pump(100ms, [&](connection& from, std::string_view text) {
      if (from.index >= streams) {
        events += text.starts_with(R"({"type":"event")") ? 1u : 0u;
        return;
      }
      if (text.find("\"ok\":false") != std::string_view::npos ||
          text.find("\"state\":\"error\"") != std::string_view::npos)
        give_up("refused: " + std::string{text});
      if (text.find("\"state\":\"final\"") != std::string_view::npos)
        send_turn(clients, from);
    });
  return events;
}

} // namespace

void measure_fanout(world& in, report& out) {
  in.start();
  client_pool clients{in.port(), world::token};
  clients.connect(streams + watchers);
  for (auto& each : clients.all())
    for (std::size_t stream = 0; stream < streams; ++stream)
      if (each.index >= streams || each.index == stream)
        subscribe(clients, each, stream);
  for (std::size_t i = 0; i < streams; ++i)
    send_turn(clients, clients.all()[i]);
  deliver(clients, warm_up);
  const auto cpu_before = in.gateway().cpu();
  const auto begun = steady::now();
  const auto events = deliver(clients, measured);
  const auto cpu = milliseconds(in.gateway().cpu() - cpu_before);
  const auto rate = static_cast<double>(events) * 1000 / milliseconds(steady::now() - begun);
  out.add(fmt::format("events/s, {} streams to the same {} watchers", streams, watchers),
          ">= 50,000", fmt::format("{:.0f}", rate), rate >= 50'000);
  out.add("gateway CPU per event delivered",
          fmt::format("{:.1f} us", cpu * 1000 / static_cast<double>(events)));
  in.stop();
}

} // namespace troupe::bench
