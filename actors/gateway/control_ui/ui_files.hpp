#pragma once

#include "actors/gateway/control_ui/ui_target.hpp"
#include "actors/support/credit.hpp"
#include "config/settings.hpp"
#include "net/http/messages.hpp"

#include <span>
#include <string>

/// The answers that come out of the files of an installed bundle (`gateway.controlUi.root`).
namespace troupe::gateway::control_ui {

/// An answer, and the right to hold its body in memory: keep it until the body is written.
struct file_answer {
  net::http_response response;
  credit room;
};

/// `headers`: the request's. `wanted`: a page or a file. Nothing outside of the root is reached, no
/// link is followed; what is not there is 404, a root without a page is 503. Blocks on the disk:
/// for the blocking pool. `room`: places of `file_bytes_per_place` for what is in memory at once;
/// 503 when it is full.
file_answer answer_from_root(const net::header_list& headers, const target& wanted,
                             const config::control_ui_settings& settings, credit_pool& room);

/// 503: come again in a second.
net::http_response busy_response();

/// The headers that each of the page's answers has beside its own.
net::http_response with_page_headers(net::http_response response,
                                     const config::control_ui_settings& settings,
                                     std::span<const std::string> script_hashes = {});

} // namespace troupe::gateway::control_ui
