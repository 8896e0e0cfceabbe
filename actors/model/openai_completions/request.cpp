#include "actors/model/openai_completions/request.hpp"

#include "actors/model/http_call.hpp"

#include <fmt/format.h>

#include <array>
#include <iterator>

namespace troupe::model::openai_completions {
namespace {

bool is_openai(std::string_view host) {
  return host == "api.openai.com" || host.ends_with(".openai.azure.com");
}

void append_tool_calls(std::string& out, const std::vector<tool_call>& calls) {
  out += R"(,"tool_calls":[)";
  for (std::size_t i = 0; i < calls.size(); ++i) {
    out += i == 0 ? "{" : ",{";
    append_field(out, "id", calls[i].id);
    out += R"(,"type":"function","function":{)";
    append_field(out, "name", calls[i].name);
    out += ',';
    append_field(out, "arguments", calls[i].arguments_json);
    out += "}}";
  }
  out += ']';
}

void append_message(std::string& out, const prompt_message& message) {
  static constexpr std::array<std::string_view, 4> roles{"system", "user", "assistant", "tool"};
  out += '{';
  append_field(out, "role", roles[static_cast<std::size_t>(message.role)]);
  out += ',';
  if (message.text.empty() && !message.tool_calls.empty())
    out += R"("content":null)";
  else
    append_field(out, "content", message.text);
  if (message.role == role::assistant && !message.tool_calls.empty())
    append_tool_calls(out, message.tool_calls);
  if (message.role == role::tool_result) {
    out += ',';
    append_field(out, "tool_call_id", message.tool_call_id);
  }
  out += '}';
}

void append_messages(std::string& out, const model_request& request) {
  out += R"(,"messages":[)";
  bool first = true;
  if (!request.system.empty()) {
    append_message(out, {.role = role::system, .text = request.system});
    first = false;
  }
  for (const auto& message : request.messages) {
    if (!first)
      out += ',';
    first = false;
    append_message(out, message);
  }
  out += ']';
}

void append_tools(std::string& out, const std::vector<tool_definition>& tools) {
  if (tools.empty())
    return;
  out += R"(,"tools":[)";
  for (std::size_t i = 0; i < tools.size(); ++i) {
    out += i == 0 ? "{" : ",{";
    out += R"("type":"function","function":{)";
    append_field(out, "name", tools[i].name);
    out += ',';
    append_field(out, "description", tools[i].description);
    out += R"(,"parameters":)";
    out += tools[i].schema_json.empty() ? R"({"type":"object","properties":{}})"
                                        : tools[i].schema_json;
    out += "}}";
  }
  out += ']';
}

void append_sampling(std::string& out, const model_request& request) {
  if (request.temperature)
    fmt::format_to(std::back_inserter(out), R"(,"temperature":{})", *request.temperature);
  if (request.top_p)
    fmt::format_to(std::back_inserter(out), R"(,"top_p":{})", *request.top_p);
}

std::string build_body(const model_request& request, const config::model_settings& model,
                       bool openai) {
  std::string out;
  out.reserve(estimate_bytes(request));
  out += '{';
  append_field(out, "model", request.model);
  out += R"(,"stream":true,"stream_options":{"include_usage":true})";
  if (request.max_tokens != 0) {
    // OpenAI's newer models refuse the old name; most other servers know no other.
    fmt::format_to(std::back_inserter(out), ",\"{}\":{}",
                   openai ? "max_completion_tokens" : "max_tokens",
                   answer_tokens_max(request, model));
  }
  if (openai && !request.session_key.empty()) {
    out += ',';
    append_field(out, "prompt_cache_key", request.session_key);
  }
  append_sampling(out, request);
  append_messages(out, request);
  append_tools(out, request.tools);
  if (request.tool_choice == tool_choice::required && !request.tools.empty())
    out += R"(,"tool_choice":"required")";
  out += '}';
  return out;
}

} // namespace

std::string endpoint(std::string_view base_url) {
  return model::endpoint(base_url, "/chat/completions", version_path::in_base);
}

net::outbound_request build_request(const model_request& request,
                                    const config::provider_settings& provider,
                                    const config::model_settings& model) {
  net::header_list headers;
  if (!provider.api_key.empty())
    headers.emplace_back("authorization", "Bearer " + provider.api_key.reveal());
  return streaming_post(provider, endpoint(provider.base_url), headers,
                        build_body(request, model, is_openai(host_of(provider.base_url))));
}

} // namespace troupe::model::openai_completions
