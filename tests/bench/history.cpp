#include "tests/bench/clients.hpp"
#include "tests/bench/scenarios.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t messages = 1'000;
constexpr int readings = 100;
constexpr auto patience = 60s;

std::size_t count_of(std::string_view needle, std::string_view text) {
  std::size_t count = 0;
  for (auto at = text.find(needle); at != text.npos; at = text.find(needle, at + 1))
    ++count;
  return count;
}

/// Sends and waits for the one message that contains `awaited`.
std::string ask(client_pool& clients, std::string_view frame, std::string_view awaited) {
  std::string answer;
  clients.send(clients.all().front(), frame);
  for (const auto until = steady::now() + patience; answer.empty();) {
    if (steady::now() > until)
      give_up("no answer to " + std::string{frame});
    clients.pump(100ms, [&](connection&, std::string_view text) {
      if (text.find("\"ok\":false") != text.npos)
        give_up("refused: " + std::string{text});
      if (text.find(awaited) != text.npos)
        answer = text;
    });
  }
  return answer;
}

} // namespace

void measure_history(world& in, report& out) {
  in.start();
  client_pool clients{in.port(), world::token};
  clients.connect(1);
  ask(clients,
      R"({"type":"req","id":"w","method":"sessions.messages.subscribe","params":{"key":"long"}})",
      R"("id":"w")");
  for (std::uint64_t turn = 0; turn < messages / 2; ++turn)
    ask(clients,
        fmt::format(R"({{"type":"req","id":"t","method":"chat.send","params":{{"sessionKey":)"
                    R"("long","message":"message {0}","idempotencyKey":"h-{0}"}}}})",
                    turn),
        R"("state":"final")");
  std::vector<double> times;
  for (int i = 0; i < readings; ++i) {
    const auto begun = steady::now();
    const auto answer =
        ask(clients,
            fmt::format(R"({{"type":"req","id":"h{}","method":"chat.history","params":)"
                        R"({{"sessionKey":"long","limit":{}}}}})",
                        i, messages),
            fmt::format(R"("id":"h{}")", i));
    times.push_back(milliseconds(steady::now() - begun));
    if (const auto found = count_of(R"("role":")", answer); found != messages)
      give_up(fmt::format("chat.history answered with {} messages", found));
  }
  std::ranges::sort(times);
  const auto median = percentile(times, 50);
  out.add(fmt::format("chat.history of {} messages p50 / p99", messages), "<= 10 ms",
          fmt::format("{:.1f} / {:.1f} ms", median, percentile(times, 99)), median <= 10);
  in.stop();
}

} // namespace troupe::bench
