#include "actors/gateway/control_ui/ui_target.hpp"

#include "actors/gateway/control_ui/built_in_page.hpp"
#include "actors/gateway/control_ui/static_file.hpp"
#include "actors/gateway/limits.hpp"

#include <algorithm>
#include <array>

namespace troupe::gateway::control_ui {
namespace {

constexpr std::string_view config_path = "/control-ui-config.json";

constexpr http_route page_route{
    .path = "/", .methods = "GET, HEAD", .endpoint = http_endpoint::control_ui, .open = true};
constexpr http_route config_route{
    .path = config_path, .methods = "GET, HEAD", .endpoint = http_endpoint::control_ui_config};

/// Where programs call: a mistyped address there must not answer 200 with a page.
constexpr std::array<std::string_view, 5> program_paths{"/api", "/introspect", "/j", "/ui", "/v1"};

bool is_at_or_below(std::string_view path, std::string_view top) {
  return path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '/');
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Names only, none of which leads anywhere else or is hidden.
bool is_plain(std::string_view path) {
  if (path.size() > file_path_bytes_max)
    return false;
  const bool printable = std::ranges::all_of(
      path, [](char c) { return static_cast<unsigned char>(c) > 0x1f && c != 0x7f && c != '\\'; });
  while (printable) {
    const auto slash = path.find('/');
    const auto name = path.substr(0, slash);
    if (name.empty() || name.front() == '.')
      return false;
    if (slash == std::string_view::npos)
      return true;
    path.remove_prefix(slash + 1);
  }
  return false;
}

bool wants_page(const net::http_request& request) {
  return net::find_header(request.headers, "accept").find("text/html") != std::string_view::npos;
}

/// `path` is what stands behind the base path, with its slash.
target below_base(const net::http_request& request, std::string_view path) {
  if (path == config_path)
    return {target_kind::config, {}, false};
  if (path == "/" || path == "/index.html")
    return {target_kind::page, {}, false};
  const bool page_otherwise = wants_page(request);
  target out{target_kind::file, {}, page_otherwise};
  auto written = path.substr(1);
  if (written.ends_with('/'))
    written.remove_suffix(1);
  if (!percent_decode(written, out.path) || !is_plain(out.path) || is_encoded_copy(out.path))
    return {};
  if (is_static_name(out.path))
    out.page_otherwise = false;
  if (path.ends_with('/'))
    return page_otherwise ? target{target_kind::page, {}, false} : target{};
  return out;
}

} // namespace

bool percent_decode(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      return false;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

target target_of(const net::http_request& request, const config::control_ui_settings& settings) {
  if (!settings.enabled || (request.method != "GET" && request.method != "HEAD"))
    return {};
  const auto path = request.path();
  const auto& base = settings.base_path;
  if (base.empty()) {
    const bool program = std::ranges::any_of(
        program_paths, [&](std::string_view top) { return is_at_or_below(path, top); });
    return program || !path.starts_with('/') ? target{} : below_base(request, path);
  }
  if (!is_at_or_below(path, base))
    return {};
  if (path.size() == base.size())
    return {target_kind::redirect, base + "/" + request.target.substr(path.size()), false};
  return below_base(request, path.substr(base.size()));
}

const http_route* route_of(const net::http_request& request,
                           const config::control_ui_settings& settings) {
  const auto wanted = target_of(request, settings);
  switch (wanted.kind) {
  case target_kind::none:
    break;
  case target_kind::config:
    return &config_route;
  case target_kind::file:
    // What is not part of the built-in page is 404 like any other unknown path.
    if (settings.root.empty() && !is_built_in(wanted.path))
      break;
    return &page_route;
  case target_kind::redirect:
  case target_kind::page:
    return &page_route;
  }
  return nullptr;
}

} // namespace troupe::gateway::control_ui
