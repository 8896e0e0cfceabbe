#include "actors/gateway/log_tail.hpp"
#include "actors/gateway/methods/method.hpp"

#include <array>

/// `logs.tail`: what an operator looks into. Source: protocol.md section 13.
namespace troupe::gateway {
namespace {

constexpr std::array<field, 3> tail_params{{
    {.name = "cursor", .kind = json_kind::integer, .min = 0},
    {.name = "limit", .kind = json_kind::integer, .min = 1, .max = log_lines_max},
    {.name = "maxBytes", .kind = json_kind::integer, .min = 1, .max = log_bytes_max},
}};

void serve_tail(const call& request) {
  const auto& params = request.params;
  log_query query;
  query.file = request.settings().logging.file;
  if (params.contains("cursor"))
    query.cursor = static_cast<std::uint64_t>(integer_of(params, "cursor", 0));
  query.lines_max = static_cast<std::size_t>(integer_of(params, "limit", log_lines_default));
  query.bytes_max = static_cast<std::size_t>(integer_of(params, "maxBytes", log_bytes_default));
  answer_with(request.self, request.id, [query]() -> result<std::string> {
    TR_TRY(const auto page, read_log(query));
    return log_page_json(query, page);
  });
}

constexpr std::array<method, 1> methods{{
    {.name = "logs.tail", .params = tail_params, .serve = serve_tail},
}};

} // namespace

std::span<const method> operation_methods() {
  return methods;
}

} // namespace troupe::gateway
