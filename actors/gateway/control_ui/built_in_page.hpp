#pragma once

#include "actors/gateway/control_ui/ui_target.hpp"
#include "net/http/messages.hpp"

#include <string_view>

namespace troupe::gateway::control_ui {

/// Whether `path` names one of the files of the built-in page.
bool is_built_in(std::string_view path);

/// The gateway's own small page, served where no bundle is configured: its three files are part of
/// the program (control_ui/page/) and are only touched when somebody asks for them. Any thread.
net::http_response built_in_answer(const net::http_request& request, const target& wanted);

} // namespace troupe::gateway::control_ui
