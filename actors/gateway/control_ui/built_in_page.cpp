#include "actors/gateway/control_ui/built_in_page.hpp"

#include "actors/gateway/control_ui/static_file.hpp"
#include "actors/gateway/probes.hpp"
#include "base/text.hpp"
#include "persistence/tables/digest.hpp"

#include <algorithm>
#include <array>
#include <string_view>

// Made by page_files.cpp.
extern "C" {
extern const char troupe_page_index_begin[], troupe_page_index_end[];
extern const char troupe_page_script_begin[], troupe_page_script_end[];
extern const char troupe_page_style_begin[], troupe_page_style_end[];
extern const char troupe_page_icon_begin[], troupe_page_icon_end[];
}

namespace troupe::gateway::control_ui {
namespace {

struct page_file {
  std::string_view name;
  std::string_view type;
  const char* begin;
  const char* end;
  std::string_view text() const { return {begin, static_cast<std::size_t>(end - begin)}; }
};

const std::array<page_file, 4> files{{
    {"index.html", "text/html; charset=utf-8", troupe_page_index_begin, troupe_page_index_end},
    {"page.js", "text/javascript; charset=utf-8", troupe_page_script_begin, troupe_page_script_end},
    {"page.css", "text/css; charset=utf-8", troupe_page_style_begin, troupe_page_style_end},
    {"favicon.svg", "image/svg+xml", troupe_page_icon_begin, troupe_page_icon_end},
}};

/// No inline script, no inline style, nobody else's server; text reaches the page as text only.
constexpr std::string_view policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for "
    "'script'";

net::http_response answer_with(const net::http_request& request, const page_file& file) {
  net::http_response response{200,
                              {{"Content-Type", std::string{file.type}},
                               {"Cache-Control", "no-cache"},
                               {"ETag", '"' + to_hex(tables::digest_of(file.text())) + '"'},
                               {"Content-Security-Policy", std::string{policy}},
                               {"Cross-Origin-Opener-Policy", "same-origin"},
                               {"Cross-Origin-Resource-Policy", "same-origin"},
                               {"Permissions-Policy", "camera=(), microphone=(), geolocation=()"},
                               {"X-Frame-Options", "DENY"}},
                              {}};
  if (is_known(request.headers, response.headers[2].second, {}))
    response.status = 304;
  else
    response.body = file.text();
  return response;
}

} // namespace

bool is_built_in(std::string_view path) {
  return std::ranges::find(files, path, &page_file::name) != files.end();
}

net::http_response built_in_answer(const net::http_request& request, const target& wanted) {
  const std::string_view name =
      wanted.kind == target_kind::page ? files.front().name : std::string_view{wanted.path};
  const auto* const file = std::ranges::find(files, name, &page_file::name);
  return file == files.end() ? text_response(404, "Not Found") : answer_with(request, *file);
}

} // namespace troupe::gateway::control_ui
