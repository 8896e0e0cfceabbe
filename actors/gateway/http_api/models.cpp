#include "actors/gateway/http_api/models.hpp"

#include "actors/gateway/http_api/api_error.hpp"
#include "actors/gateway/http_api/target.hpp"
#include "actors/gateway/json_writer.hpp"
#include "actors/gateway/probes.hpp"

#include <fmt/format.h>

#include <string>

namespace troupe::gateway::http_api {
namespace {

void write_model(json_writer& out, std::string_view id) {
  out.begin_object()
      .member("id", id)
      .member("object", "model")
      .member("created", 0)
      .member("owned_by", "openclaw")
      .key("permission")
      .begin_array()
      .end_array()
      .end_object();
}

int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Empty when it is no sound coding.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      return {};
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

net::http_response one_model(std::string_view coded, const config::settings& settings) {
  const auto id = percent_decoded(coded);
  const auto named = agent_named(id);
  if (!named)
    return to_response(bad_request("Invalid model id."));
  if (!named->id.empty() && settings.agents.find(named->id) == nullptr)
    return to_response({404, fmt::format("Model '{}' not found.", id), "invalid_request_error"});
  json_writer out;
  write_model(out, id);
  return json_response(200, out.take());
}

} // namespace

net::http_response models_response(std::string_view rest, const config::settings& settings) {
  if (rest.starts_with('/'))
    return one_model(rest.substr(1), settings);
  json_writer out;
  out.begin_object().member("object", "list").key("data").begin_array();
  write_model(out, "openclaw");
  write_model(out, "openclaw/default");
  for (const auto& agent : settings.agents.entries)
    write_model(out, "openclaw/" + agent.id);
  out.end_array().end_object();
  return json_response(200, out.take());
}

} // namespace troupe::gateway::http_api
