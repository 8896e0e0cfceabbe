#include "actors/conversation/conversation_logic.hpp"
#include "actors/conversation/limits.hpp"

#include <utility>

/// What is kept of closed runs.
namespace troupe {

using tables::run_state;
using tables::run_status;

run_outcome outcome_of(const tables::run_row& run, const tables::conversation_row& conversation,
                       std::string final_text) {
  run_outcome out;
  out.run_id = run.run_id;
  out.key = conversation.key;
  out.agent_id = conversation.agent_id;
  out.session_id = conversation.session_id;
  out.status = run.state == run_state::closed ? run.status : run_status::none;
  out.stop_reason = run.stop_reason;
  out.error = run.error;
  out.error_kind = run.error_kind;
  out.text = std::move(final_text);
  out.provider = run.provider;
  out.model = run.model;
  out.tools_used = run.tools_used;
  out.accepted_at = run.accepted_at;
  out.started_at = run.started_at;
  out.ended_at = run.ended_at;
  out.input_tokens = run.input_tokens;
  out.output_tokens = run.output_tokens;
  return out;
}

result<write_batch> expired_runs(const row_snapshot& rows, shard_id shard, wall_ms now) {
  write_batch batch;
  std::size_t found = 0;
  TR_TRY(rows.scan(shard, tables::expiry_prefix(), {}, scan_order::ascending,
                   [&](std::string_view key, std::string_view run_key) {
                     if (tables::expiry_time(key) > now || found == expired_runs_per_batch)
                       return scan_step::stop;
                     ++found;
                     batch.erase(std::string{run_key});
                     batch.erase(tables::expired_index_key(key));
                     batch.erase(std::string{key});
                     return scan_step::more;
                   }));
  return batch;
}

} // namespace troupe
