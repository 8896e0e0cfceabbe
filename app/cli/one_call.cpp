#include "app/cli/one_call.hpp"

#include "app/cli/json_view.hpp"

#include <algorithm>
#include <array>

namespace troupe::cli {
namespace {

using names = std::string_view;

constexpr std::array reading{names{"health"},
                             names{"status"},
                             names{"system-presence"},
                             names{"agents.list"},
                             names{"agent.identity.get"},
                             names{"chat.history"},
                             names{"chat.metadata"},
                             names{"chat.startup"},
                             names{"chat.message.get"},
                             names{"commands.list"},
                             names{"config.get"},
                             names{"cron.get"},
                             names{"cron.list"},
                             names{"cron.runs"},
                             names{"cron.status"},
                             names{"last-heartbeat"},
                             names{"logs.tail"},
                             names{"models.list"},
                             names{"sessions.describe"},
                             names{"sessions.get"},
                             names{"sessions.list"},
                             names{"sessions.messages.subscribe"},
                             names{"sessions.messages.unsubscribe"},
                             names{"sessions.preview"},
                             names{"sessions.resolve"},
                             names{"sessions.subscribe"},
                             names{"skills.status"},
                             names{"tools.catalog"},
                             names{"tools.effective"},
                             names{"usage.cost"}};
constexpr std::array writing{names{"agent"},          names{"agent.wait"}, names{"chat.abort"},
                             names{"chat.send"},      names{"send"},       names{"sessions.create"},
                             names{"message.action"}, names{"wake"}};

bool asks_for_a_new_session(const boost::json::value& params) {
  const auto message = text_at(params, "message");
  return message.starts_with("/new") || message.starts_with("/reset");
}

} // namespace

time_point deadline_of(const global_options& global, std::chrono::seconds otherwise) {
  return std::chrono::steady_clock::now() + global.timeout.value_or(otherwise);
}

outcome<std::unique_ptr<gateway_link>> open_link(const verb_context& with, const introduction& as,
                                                 time_point deadline) {
  TR_TRY(const auto to, find_target(with.global, with.around));
  return gateway_link::open(to, as, deadline);
}

std::vector<std::string> scopes_for(std::string_view method, const boost::json::value& params) {
  const auto among = [&](const auto& list) {
    return std::ranges::find(list, method) != list.end();
  };
  if (among(reading))
    return {"operator.read"};
  if (method == "agent" && asks_for_a_new_session(params))
    return {"operator.admin"};
  if (among(writing))
    return {"operator.write"};
  return {"operator.admin"};
}

} // namespace troupe::cli
