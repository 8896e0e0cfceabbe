#include "tests/bench/callers.hpp"
#include "tests/bench/scenarios.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t connections = 128;
constexpr auto warm_up = 2s;
constexpr auto measured = 10s;

void ask(caller_pool& callers, caller& from) {
  from.sent = steady::now();
  callers.post(from, "/v1/chat/completions",
               R"({"model":"openclaw","messages":[{"role":"user","content":"hello"}]})");
}

/// Sorted, one for each answer.
std::vector<double> latencies_ms(caller_pool& callers, std::chrono::milliseconds period) {
  std::vector<double> out;
  const auto until = steady::now() + period;
  while (steady::now() < until)
    callers.pump(100ms, [&](caller& from, std::string_view body) {
      if (body.find(R"("finish_reason":"stop")") == std::string_view::npos)
        give_up("no answer: " + std::string{body});
      out.push_back(milliseconds(steady::now() - from.sent));
      ask(callers, from);
    });
  std::ranges::sort(out);
  return out;
}

} // namespace

void measure_completions(world& in, report& out) {
  in.start();
  caller_pool callers{in.port(), world::token, connections};
  for (auto& each : callers.all())
    ask(callers, each);
  latencies_ms(callers, warm_up);
  const auto cpu_before = in.gateway().cpu();
  const auto begun = steady::now();
  const auto latencies = latencies_ms(callers, measured);
  const auto spent = in.gateway().cpu() - cpu_before;
  const double seconds = milliseconds(steady::now() - begun) / 1000;
  if (latencies.empty())
    give_up("no completion was answered");
  const auto count = static_cast<double>(latencies.size());
  out.add_synced(fmt::format("/v1/chat/completions, {} connections", connections), ">= 3,000 req/s",
                 fmt::format("{:.0f} req/s", count / seconds), count / seconds >= 3000);
  out.add("gateway CPU per completion", fmt::format("{:.2f} ms", milliseconds(spent) / count));
  out.add("completion latency p50 / p99",
          fmt::format("{:.0f} / {:.0f} ms", percentile(latencies, 50), percentile(latencies, 99)));
  in.stop();
}

} // namespace troupe::bench
