#include "app/cli/doctor_checks.hpp"
#include "app/cli/target.hpp"
#include "app/cli/verbs.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>

namespace troupe::cli {

namespace json = boost::json;

namespace {

bool gateway_answers(const config::loaded& config) {
  net::ws_url url;
  url.host = "127.0.0.1";
  url.port = config.values.gateway.port;
  const auto answer = net::http_get(url, "/healthz", {});
  return answer && answer.assume_value().body.find("\"live\"") != std::string::npos;
}

std::string human_text(const diagnoses& all) {
  std::string out;
  for (const auto& each : all) {
    if (!out.empty())
      out += '\n';
    auto grade = std::string(to_string(each.how));
    grade.resize(9, ' ');
    auto check = each.check;
    check.resize(std::max<std::size_t>(check.size() + 1, 13), ' ');
    out += grade + check + each.message;
    if (!each.remedy.empty())
      out += "\n                      " + each.remedy;
  }
  return out;
}

} // namespace

outcome<exit_status> run(const doctor_verb&, const verb_context& with) {
  const auto loaded = with.around.load_config(load_options_of(with.global, with.around));
  diagnoses all;
  check_config(loaded, all);
  if (!loaded.where.state_dir.empty()) {
    check_permissions(loaded, all);
    check_store(loaded.where, all);
  }
  if (loaded.config) {
    check_providers(*loaded.config, all);
    check_workspaces(*loaded.config, all);
    check_page(*loaded.config, all);
    check_port(*loaded.config, gateway_answers(*loaded.config), all);
  }
  json::array told;
  for (const auto& each : all)
    told.push_back({{"check", each.check},
                    {"grade", to_string(each.how)},
                    {"message", each.message},
                    {"remedy", each.remedy}});
  const bool well = std::ranges::none_of(
      all, [](const auto& each) { return each.how == diagnosis::grade::broken; });
  with.to.result({{"ok", well}, {"checks", std::move(told)}}, human_text(all));
  return well ? exit_status::ok : exit_status::failed;
}

} // namespace troupe::cli
