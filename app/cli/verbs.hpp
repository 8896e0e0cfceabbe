#pragma once

#include "app/cli/command_line.hpp"
#include "app/cli/console.hpp"
#include "app/cli/environment.hpp"

namespace troupe::cli {

/// What every verb is given. All of it outlives the verb.
struct verb_context {
  const environment& around;
  const console& to;
  const global_options& global;
};

/// Each verb prints its result and says how it went; a failure is printed by the caller.
/// One source file each.
outcome<exit_status> run(const run_verb& verb, const verb_context& with);
outcome<exit_status> run(const status_verb& verb, const verb_context& with);
outcome<exit_status> run(const health_verb& verb, const verb_context& with);
outcome<exit_status> run(const probe_verb& verb, const verb_context& with);
outcome<exit_status> run(const call_verb& verb, const verb_context& with);
outcome<exit_status> run(const agent_verb& verb, const verb_context& with);
outcome<exit_status> run(const chat_verb& verb, const verb_context& with);
outcome<exit_status> run(const devices_list_verb& verb, const verb_context& with);
outcome<exit_status> run(const devices_approve_verb& verb, const verb_context& with);
outcome<exit_status> run(const devices_reject_verb& verb, const verb_context& with);
outcome<exit_status> run(const devices_remove_verb& verb, const verb_context& with);
outcome<exit_status> run(const devices_rotate_verb& verb, const verb_context& with);
outcome<exit_status> run(const devices_revoke_verb& verb, const verb_context& with);
outcome<exit_status> run(const config_validate_verb& verb, const verb_context& with);
outcome<exit_status> run(const config_get_verb& verb, const verb_context& with);
outcome<exit_status> run(const config_schema_verb& verb, const verb_context& with);
outcome<exit_status> run(const config_set_verb& verb, const verb_context& with);
outcome<exit_status> run(const config_unset_verb& verb, const verb_context& with);
outcome<exit_status> run(const config_file_verb& verb, const verb_context& with);
outcome<exit_status> run(const config_diff_verb& verb, const verb_context& with);
outcome<exit_status> run(const onboard_verb& verb, const verb_context& with);
outcome<exit_status> run(const doctor_verb& verb, const verb_context& with);
outcome<exit_status> run(const logs_verb& verb, const verb_context& with);
outcome<exit_status> run(const sessions_verb& verb, const verb_context& with);
outcome<exit_status> run(const completion_verb& verb, const verb_context& with);
outcome<exit_status> run(const version_verb& verb, const verb_context& with);

} // namespace troupe::cli
