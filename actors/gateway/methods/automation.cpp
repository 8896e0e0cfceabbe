#include "actors/gateway/methods/method.hpp"

#include <array>

/// `cron.list`, `cron.status`, `question.list` and `last-heartbeat`: there is no scheduler, no
/// question and no heartbeat in this gateway yet, and that is what they answer. Nothing that would
/// create one is advertised. Source: protocol.md sections 8, 9 and 13.
namespace troupe::gateway {
namespace {

constexpr std::int64_t list_limit_max = 200;
constexpr std::array<std::string_view, 3> enabled_choices{"all", "enabled", "disabled"};
constexpr std::array<std::string_view, 6> schedule_kinds{"all",  "at",      "every",
                                                         "cron", "on-exit", "stream"};
constexpr std::array<std::string_view, 5> run_statuses{"all", "ok", "error", "skipped", "unknown"};
constexpr std::array<std::string_view, 3> triggers{"all", "conditional", "unconditional"};
constexpr std::array<std::string_view, 3> sort_keys{"nextRunAtMs", "updatedAtMs", "name"};
constexpr std::array<std::string_view, 2> sort_directions{"asc", "desc"};

constexpr std::array<field, 15> list_params{{
    {.name = "sessionKey", .kind = json_kind::string},
    {.name = "sessionAgentId", .kind = json_kind::string},
    {.name = "includeDisabled", .kind = json_kind::boolean},
    {.name = "limit", .kind = json_kind::integer, .min = 1, .max = list_limit_max},
    {.name = "offset", .kind = json_kind::integer, .min = 0},
    {.name = "query", .kind = json_kind::string},
    {.name = "enabled", .kind = json_kind::string, .choices = enabled_choices},
    {.name = "scheduleKind", .kind = json_kind::string, .choices = schedule_kinds},
    {.name = "lastRunStatus", .kind = json_kind::string, .choices = run_statuses},
    {.name = "trigger", .kind = json_kind::string, .choices = triggers},
    {.name = "sortBy", .kind = json_kind::string, .choices = sort_keys},
    {.name = "sortDir", .kind = json_kind::string, .choices = sort_directions},
    {.name = "agentId", .kind = json_kind::string},
    {.name = "compact", .kind = json_kind::boolean},
    {.name = "includeDeliveryPreviews", .kind = json_kind::boolean},
}};

void serve_list(const call& request) {
  json_writer out;
  out.begin_object()
      .member_raw("jobs", "[]")
      .member("snapshotRevision", "none")
      .member("total", 0)
      .member("offset", integer_of(request.params, "offset", 0))
      .member("limit", integer_of(request.params, "limit", list_limit_max))
      .member("hasMore", false)
      .member_null("nextOffset")
      .member_raw("deliveryPreviews", "{}")
      .end_object();
  answer(request.self, request.id, out.take());
}

void serve_status(const call& request) {
  const auto store = request.context().config->where.state_dir + "/store";
  json_writer out;
  out.begin_object()
      .member("enabled", false)
      .member("triggersEnabled", false)
      .member("storePath", store)
      .member("storage", "lmdb")
      .member("jobs", 0)
      .member_null("nextWakeAtMs")
      .end_object();
  answer(request.self, request.id, out.take());
}

void serve_questions(const call& request) {
  answer(request.self, request.id, R"({"questions":[]})");
}

void serve_heartbeat(const call& request) {
  answer(request.self, request.id, "null");
}

constexpr std::array<method, 4> methods{{
    {.name = "cron.list", .params = list_params, .serve = serve_list},
    {.name = "cron.status", .params = {}, .serve = serve_status},
    {.name = "question.list", .needed = scope::questions, .params = {}, .serve = serve_questions},
    {.name = "last-heartbeat", .params = {}, .serve = serve_heartbeat},
}};

} // namespace

std::span<const method> automation_methods() {
  return methods;
}

} // namespace troupe::gateway
