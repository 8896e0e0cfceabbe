#pragma once

#include "actors/gateway/routes.hpp"
#include "config/settings.hpp"
#include "net/http/messages.hpp"

#include <string>
#include <string_view>

/// What a request wants of the web page that the gateway serves. Pure.
/// Source: protocol.md section 14, "Control UI".
namespace troupe::gateway::control_ui {

enum class target_kind {
  none,     ///< Nothing of the page: 404.
  redirect, ///< The base path without its slash: `path` is where to go.
  config,   ///< What the page reads about this gateway, with the secret.
  page,     ///< The page itself.
  file,     ///< `path` below the root: relative, plain names only.
};

struct target {
  target_kind kind = target_kind::none;
  std::string path;
  /// A file that is not there is a place within the page, "/chat": the page answers.
  bool page_otherwise = false;
};

target target_of(const net::http_request& request, const config::control_ui_settings& settings);

/// Null where `target_of` says none. The page and its files are for everybody, the rest of the
/// routes for those who know the secret.
const http_route* route_of(const net::http_request& request,
                           const config::control_ui_settings& settings);

/// `%2e` -> `.` and so on; false: it is written wrongly.
bool percent_decode(std::string_view text, std::string& out);

} // namespace troupe::gateway::control_ui
