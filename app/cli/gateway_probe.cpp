#include "app/cli/json_view.hpp"
#include "app/cli/one_call.hpp"

namespace troupe::cli {

namespace json = boost::json;

namespace {

std::string listed(const json::value* scopes) {
  std::string text;
  if (scopes && scopes->is_array())
    for (const auto& scope : scopes->get_array())
      if (const auto* name = scope.if_string())
        text += (text.empty() ? "" : ", ") + std::string{*name};
  return text.empty() ? "none (a probe is given none)" : text;
}

} // namespace

outcome<exit_status> run(const probe_verb&, const verb_context& with) {
  const auto deadline = deadline_of(with.global, asking_default);
  TR_TRY(const auto to, find_target(with.global, with.around));
  auto opened = gateway_link::open(to, {{"operator.read"}, true}, deadline);
  if (!opened) {
    auto why = opened.assume_error();
    why.message += why.status == exit_status::unauthorized ? "; it is reachable" : "";
    return why;
  }
  const auto& hello = opened.assume_value()->hello();
  const auto* scopes = find(hello, "auth.scopes");
  const auto version = std::string{text_at(hello, "server.version")};
  const auto method = std::string{text_at(hello, "auth.method")};
  const auto protocol = number_at(hello, "protocol");
  with.to.result({{"url", to.url.text()},
                  {"reachable", true},
                  {"authorized", true},
                  {"protocol", protocol},
                  {"version", version},
                  {"auth", method},
                  {"scopes", scopes ? *scopes : json::array{}}},
                 to.url.text() + " is reachable\nversion   " + version + " (protocol " +
                     std::to_string(protocol) + ")\nauth      accepted" +
                     (method.empty() ? "" : " by " + method) + "\nscopes    " + listed(scopes));
  return exit_status::ok;
}

} // namespace troupe::cli
