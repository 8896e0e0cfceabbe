#include "actors/model/anthropic_messages/request.hpp"

#include "actors/model/anthropic_messages/content.hpp"
#include "actors/model/anthropic_messages/thinking.hpp"
#include "actors/model/http_call.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace troupe::model::anthropic_messages {
namespace {

constexpr std::string_view api_version = "2023-06-01";
/// The API demands a number; this is what every model of it can do.
constexpr std::uint32_t max_tokens_default = 8'192;

void append_system(std::string& out, const std::string& text) {
  if (is_blank(text))
    return;
  out += R"(,"system":[{"type":"text",)";
  append_field(out, "text", text);
  out += cache_mark;
  out += "}]";
}

void append_tools(std::string& out, const std::vector<tool_definition>& tools) {
  if (tools.empty())
    return;
  out += R"(,"tools":[)";
  for (std::size_t i = 0; i < tools.size(); ++i) {
    out += i == 0 ? "{" : ",{";
    append_field(out, "name", tools[i].name);
    out += ',';
    append_field(out, "description", tools[i].description);
    out += R"(,"input_schema":)";
    out += tools[i].schema_json.empty() ? R"({"type":"object","properties":{}})"
                                        : tools[i].schema_json;
    out += '}';
  }
  out += ']';
}

/// What the API refuses beside thinking is left out: the thoughts are the better part.
void append_wishes(std::string& out, const model_request& request) {
  if (request.temperature) // The API's scale ends at 1.
    fmt::format_to(std::back_inserter(out), R"(,"temperature":{})",
                   std::min(*request.temperature, 1.0));
  else if (request.top_p) // Newer models take one of the two.
    fmt::format_to(std::back_inserter(out), R"(,"top_p":{})", *request.top_p);
  if (request.tool_choice == tool_choice::required && !request.tools.empty())
    out += R"(,"tool_choice":{"type":"any"})";
}

std::string build_body(const model_request& request, const config::model_settings& model) {
  std::string out;
  out.reserve(estimate_bytes(request));
  out += '{';
  append_field(out, "model", request.model);
  auto tokens = answer_tokens_max(request, model);
  if (tokens == 0)
    tokens = max_tokens_default;
  fmt::format_to(std::back_inserter(out), R"(,"max_tokens":{},"stream":true)", tokens);
  const auto without_thinking = out.size();
  append_thinking(out, request, model, tokens);
  if (out.size() == without_thinking)
    append_wishes(out, request);
  append_tools(out, request.tools);
  append_system(out, request.system);
  append_messages(out, request.messages);
  out += '}';
  return out;
}

} // namespace

std::string endpoint(std::string_view base_url) {
  return model::endpoint(base_url, "/messages", version_path::always);
}

net::outbound_request build_request(const model_request& request,
                                    const config::provider_settings& provider,
                                    const config::model_settings& model) {
  net::header_list headers{{"anthropic-version", std::string{api_version}}};
  if (!provider.api_key.empty())
    headers.emplace_back("x-api-key", provider.api_key.reveal());
  return streaming_post(provider, endpoint(provider.base_url), headers, build_body(request, model));
}

} // namespace troupe::model::anthropic_messages
