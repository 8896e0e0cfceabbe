#include "actors/gateway/config_control.hpp"
#include "actors/gateway/config_report.hpp"
#include "actors/gateway/config_schema.hpp"
#include "actors/gateway/methods/method.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <array>

/// The config over the protocol. Source: protocol.md section 10, features.md section 1.
namespace troupe::gateway {
namespace {

constexpr std::int64_t raw_bytes_max = 4 << 20;
constexpr std::int64_t replace_paths_max = 256;
constexpr std::int64_t path_bytes_max = 1024;

constexpr std::array<field, 2> set_params{{
    {.name = "raw", .kind = json_kind::string, .required = true, .max = raw_bytes_max},
    {.name = "baseHash", .kind = json_kind::string},
}};
// What belongs to restarts with a message to a channel (sessionKey, note, restartDelayMs) is
// tolerated and has no effect: nothing restarts by itself here.
constexpr std::array<field, 3> patch_params{{
    {.name = "raw", .kind = json_kind::string, .required = true, .max = raw_bytes_max},
    {.name = "baseHash", .kind = json_kind::string},
    {.name = "replacePaths",
     .kind = json_kind::array,
     .max = replace_paths_max,
     .items = json_kind::string},
}};
constexpr std::array<field, 1> lookup_params{{
    {.name = "path", .kind = json_kind::string, .required = true, .max = path_bytes_max},
}};

void serve_get(const call& request) {
  const auto control = request.context().config_control;
  const auto running = request.config;
  if (control == nullptr)
    return answer(request.self, request.id, config_report(*running, as_read(*running), {}));
  answer_with(request.self, request.id, [control, running]() -> result<std::string> {
    return config_report(*running, control->read(), control->state().hash);
  });
}

void write_texts(json_writer& out, std::string_view name, const std::vector<std::string>& texts) {
  out.key(name).begin_array();
  for (const auto& text : texts)
    out.value(text);
  out.end_array();
}

std::string written_payload(const config_written& done) {
  json_writer out;
  out.begin_object().member("ok", true);
  if (done.changed.empty())
    out.member("noop", true);
  write_texts(out, "changedPaths", done.changed);
  out.member("path", done.path);
  if (!done.changed.empty())
    out.member("hash", done.hash);
  out.member_raw("config", boost::json::serialize(config::redacted(done.running->effective)));
  if (!done.state.restart_needed.empty())
    write_texts(out, "restartNeeded", done.state.restart_needed);
  if (!done.state.refused.empty())
    out.member("notApplied", done.state.refused);
  out.end_object();
  return out.take();
}

void serve_write(const call& request, std::string method, config::edit::kind how) {
  const auto control = request.context().config_control;
  if (control == nullptr)
    return fail(request.self, request.id, unavailable("the config cannot be written here"));
  config_write wanted;
  wanted.method = std::move(method);
  wanted.what.how = how;
  wanted.what.raw = std::string{text_of(request.params, "raw")};
  wanted.base_hash = std::string{text_of(request.params, "baseHash")};
  if (const auto* paths = request.params.if_contains("replacePaths"); paths && paths->is_array())
    for (const auto& path : paths->get_array())
      wanted.what.replace_paths.emplace_back(std::string_view(path.get_string()));
  answer_with(request.self, request.id,
              [control, wanted = std::move(wanted)]() -> result<std::string> {
                TR_TRY(const auto done, control->write(wanted));
                return written_payload(done);
              });
}

void serve_set(const call& request) {
  serve_write(request, "config.set", config::edit::kind::replace);
}

void serve_apply(const call& request) {
  serve_write(request, "config.apply", config::edit::kind::replace);
}

void serve_patch(const call& request) {
  serve_write(request, "config.patch", config::edit::kind::merge);
}

void serve_schema(const call& request) {
  answer(request.self, request.id,
         config_schema_report(request.context().version, request.context().time->now_wall_ms()));
}

void serve_lookup(const call& request) {
  const auto found = config_schema_lookup(text_of(request.params, "path"));
  if (found)
    answer(request.self, request.id, found.value());
  else
    fail(request.self, request.id, from_failure(found.error()));
}

constexpr std::array<method, 6> methods{{
    {.name = "config.get", .params = {}, .serve = serve_get},
    {.name = "config.set", .needed = scope::admin, .params = set_params, .serve = serve_set},
    {.name = "config.patch", .needed = scope::admin, .params = patch_params, .serve = serve_patch},
    {.name = "config.apply", .needed = scope::admin, .params = set_params, .serve = serve_apply},
    {.name = "config.schema", .params = {}, .serve = serve_schema},
    {.name = "config.schema.lookup", .params = lookup_params, .serve = serve_lookup},
}};

} // namespace

std::span<const method> config_methods() {
  return methods;
}

} // namespace troupe::gateway
