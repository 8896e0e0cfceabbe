#pragma once

#include "config/load.hpp"

#include <string>
#include <vector>

/// What `troupe doctor` looks at. Each check looks at this machine and changes nothing.
namespace troupe::cli {

struct diagnosis {
  enum class grade { fine, warning, broken };
  std::string check; ///< "config", "port" …
  grade how = grade::fine;
  std::string message;
  std::string remedy; ///< Empty when all is fine.
};
using diagnoses = std::vector<diagnosis>;

std::string_view to_string(diagnosis::grade grade);

/// Accepted, and what is noteworthy in it: warnings, keys without effect or enforcement.
void check_config(const config::load_outcome& loaded, diagnoses& out);
/// The files that hold secrets are closed to others: the config with a secret in it, the token.
void check_permissions(const config::load_outcome& loaded, diagnoses& out);
/// The state directory can be written to and has room.
void check_store(const config::locations& where, diagnoses& out);
/// Some provider other than the demo can be used; every one that cannot says why.
void check_providers(const config::loaded& config, diagnoses& out);
/// The agents' folders are there or can be made.
void check_workspaces(const config::loaded& config, diagnoses& out);
/// Where a bundle of the web page is configured, its page can be read; else nothing is said.
void check_page(const config::loaded& config, diagnoses& out);
/// Nobody but a gateway listens at the port. `gateway_answers`: one does.
void check_port(const config::loaded& config, bool gateway_answers, diagnoses& out);

} // namespace troupe::cli
