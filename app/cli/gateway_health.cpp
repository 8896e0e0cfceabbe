#include "app/cli/json_view.hpp"
#include "app/cli/one_call.hpp"

namespace troupe::cli {

outcome<exit_status> run(const health_verb&, const verb_context& with) {
  const auto deadline = deadline_of(with.global, asking_default);
  const introduction as{{"operator.read"}, false};
  TR_TRY(const auto link, open_link(with, as, deadline));
  TR_TRY(const auto health, link->call("health", nullptr, deadline));
  const bool well = flag_at(health, "ok");
  std::string human = well ? "healthy" : "not healthy";
  human += "\nagents    ";
  if (const auto* agents = find(health, "agents"); agents && agents->is_array())
    for (const auto& agent : agents->get_array())
      human += std::string{text_at(agent, "agentId")} + " ";
  human += "\nsessions  " + std::to_string(number_at(health, "sessions.count"));
  with.to.result({{"ok", well}, {"health", health}}, human);
  return well ? exit_status::ok : exit_status::failed;
}

} // namespace troupe::cli
