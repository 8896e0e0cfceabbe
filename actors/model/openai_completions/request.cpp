#include "actors/model/openai_completions/request.hpp"

#include "net/frames/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace troupe::model::openai_completions {
namespace {

using net::frames::append_json_string;

constexpr std::chrono::seconds silence_max_cloud{120};
constexpr std::chrono::seconds silence_max_self_hosted{300};
constexpr std::chrono::seconds total_min{1'800};
/// An answer of `answer_text_bytes_max` in events of one token each, some 350 bytes for 4.
constexpr std::size_t response_bytes_max = 128u << 20;

struct url_parts {
  std::string_view host;
  std::string_view path; ///< Without the query.
};

url_parts split(std::string_view url) {
  const auto scheme = url.find("://");
  auto rest = scheme == std::string_view::npos ? url : url.substr(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("?#"));
  const auto slash = rest.find('/');
  auto authority = rest.substr(0, slash);
  if (const auto at = authority.rfind('@'); at != std::string_view::npos)
    authority.remove_prefix(at + 1);
  const auto host = authority.starts_with('[') ? authority.substr(0, authority.find(']') + 1)
                                               : authority.substr(0, authority.find(':'));
  return {host, slash == std::string_view::npos ? std::string_view{} : rest.substr(slash)};
}

bool is_private_172(std::string_view host) { // 172.16.0.0/12
  if (!host.starts_with("172.") || host.size() < 7 || host[6] != '.')
    return false;
  const auto second = host.substr(4, 2);
  return second >= "16" && second <= "31";
}

bool is_self_hosted(std::string_view host) {
  return host == "localhost" || host.starts_with("127.") || host.starts_with("10.") ||
         host.starts_with("192.168.") || is_private_172(host) || host.starts_with("[::1") ||
         host.starts_with("[fd") || host.starts_with("[fe80") || host.ends_with(".local") ||
         host.ends_with(".internal") || host.find_first_of(".[") == std::string_view::npos;
}

bool is_openai(std::string_view host) {
  return host == "api.openai.com" || host.ends_with(".openai.azure.com");
}

void append_field(std::string& out, std::string_view name, std::string_view text) {
  out += '"';
  out += name;
  out += "\":";
  append_json_string(out, text);
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

std::size_t estimate_bytes(const model_request& request) {
  std::size_t bytes = 512 + request.system.size();
  for (const auto& message : request.messages) {
    bytes += 64 + message.text.size();
    for (const auto& call : message.tool_calls)
      bytes += 96 + call.arguments_json.size();
  }
  for (const auto& tool : request.tools)
    bytes += 96 + tool.description.size() + tool.schema_json.size();
  return bytes + bytes / 8; // Room for what is escaped.
}

std::string build_body(const model_request& request, const config::model_settings& model,
                       bool openai) {
  std::string out;
  out.reserve(estimate_bytes(request));
  out += '{';
  append_field(out, "model", request.model);
  out += R"(,"stream":true,"stream_options":{"include_usage":true})";
  if (request.max_tokens != 0) {
    const auto tokens =
        model.max_tokens == 0 ? request.max_tokens : std::min(request.max_tokens, model.max_tokens);
    // OpenAI's newer models refuse the old name; most other servers know no other.
    fmt::format_to(std::back_inserter(out), ",\"{}\":{}",
                   openai ? "max_completion_tokens" : "max_tokens", tokens);
  }
  if (openai && !request.session_key.empty()) {
    out += ',';
    append_field(out, "prompt_cache_key", request.session_key);
  }
  append_messages(out, request);
  append_tools(out, request.tools);
  out += '}';
  return out;
}

std::string lower(std::string_view name) {
  std::string out{name};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// A header from the configuration replaces ours of the same name.
net::header_list build_headers(const config::provider_settings& provider) {
  net::header_list headers{{"content-type", "application/json"}, {"accept", "text/event-stream"}};
  if (!provider.api_key.empty())
    headers.emplace_back("authorization", "Bearer " + provider.api_key.reveal());
  for (const auto& [configured, value] : provider.headers) {
    const auto name = lower(configured);
    const auto same = [&](const auto& header) { return header.first == name; };
    if (const auto found = std::find_if(headers.begin(), headers.end(), same);
        found != headers.end())
      found->second = value.reveal();
    else
      headers.emplace_back(name, value.reveal());
  }
  return headers;
}

net::outbound_deadlines build_deadlines(const config::provider_settings& provider,
                                        std::string_view host) {
  std::chrono::milliseconds silence =
      is_self_hosted(host) ? silence_max_self_hosted : silence_max_cloud;
  std::chrono::milliseconds total = total_min;
  if (provider.timeout) {
    silence = std::max<std::chrono::milliseconds>(silence, *provider.timeout);
    total = std::max<std::chrono::milliseconds>(total, *provider.timeout);
  }
  net::outbound_deadlines deadlines;
  deadlines.first_byte = silence;
  deadlines.idle = silence;
  deadlines.total = total;
  return deadlines;
}

} // namespace

std::string endpoint(std::string_view base_url) {
  constexpr std::string_view method = "/chat/completions";
  const auto query_at = std::min(base_url.find_first_of("?#"), base_url.size());
  const auto query = base_url.substr(query_at);
  auto base = base_url.substr(0, query_at);
  while (base.ends_with('/'))
    base.remove_suffix(1);
  std::string out{base};
  if (split(base).path.empty())
    out += "/v1";
  if (!base.ends_with(method))
    out += method;
  out += query;
  return out;
}

net::outbound_request build_request(const model_request& request,
                                    const config::provider_settings& provider,
                                    const config::model_settings& model) {
  const auto host = split(provider.base_url).host;
  net::outbound_request out;
  out.url = endpoint(provider.base_url);
  out.headers = build_headers(provider);
  out.body = build_body(request, model, is_openai(host));
  out.deadlines = build_deadlines(provider, host);
  out.response_bytes_max = response_bytes_max;
  return out;
}

} // namespace troupe::model::openai_completions
