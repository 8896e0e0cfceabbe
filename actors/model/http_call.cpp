#include "actors/model/http_call.hpp"

#include "base/text.hpp"
#include "net/frames/json_text.hpp"

#include <algorithm>

namespace troupe::model {
namespace {

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

net::header_list build_headers(const config::provider_settings& provider,
                               const net::header_list& own) {
  net::header_list headers{{"content-type", "application/json"}, {"accept", "text/event-stream"}};
  headers.insert(headers.end(), own.begin(), own.end());
  for (const auto& [configured, value] : provider.headers) {
    const auto name = to_lower(configured);
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

std::string_view host_of(std::string_view url) {
  return split(url).host;
}

std::string endpoint(std::string_view base_url, std::string_view method, version_path version) {
  const auto query_at = std::min(base_url.find_first_of("?#"), base_url.size());
  const auto query = base_url.substr(query_at);
  auto base = base_url.substr(0, query_at);
  while (base.ends_with('/'))
    base.remove_suffix(1);
  std::string out{base};
  const auto path = split(base).path;
  const bool whole = path.ends_with(method);
  if (path.empty() || (version == version_path::always && !whole && !path.ends_with("/v1")))
    out += "/v1";
  if (!whole)
    out += method;
  out += query;
  return out;
}

net::outbound_request streaming_post(const config::provider_settings& provider, std::string url,
                                     const net::header_list& own, std::string body) {
  net::outbound_request out;
  out.url = std::move(url);
  out.headers = build_headers(provider, own);
  out.body = std::move(body);
  out.deadlines = build_deadlines(provider, host_of(provider.base_url));
  out.response_bytes_max = response_bytes_max;
  return out;
}

std::uint32_t answer_tokens_max(const model_request& request, const config::model_settings& model) {
  if (request.max_tokens == 0 || model.max_tokens == 0)
    return std::max(request.max_tokens, model.max_tokens);
  return std::min(request.max_tokens, model.max_tokens);
}

std::size_t estimate_bytes(const model_request& request) {
  std::size_t bytes = 512 + request.system.size();
  for (const auto& message : request.messages) {
    bytes += 64 + message.text.size() + message.reasoning.size();
    for (const auto& call : message.tool_calls)
      bytes += 96 + call.arguments_json.size();
  }
  for (const auto& tool : request.tools)
    bytes += 96 + tool.description.size() + tool.schema_json.size();
  return bytes + bytes / 8; // Room for what is escaped.
}

void append_field(std::string& out, std::string_view name, std::string_view text) {
  out += '"';
  out += name;
  out += "\":";
  net::frames::append_json_string(out, text);
}

} // namespace troupe::model
