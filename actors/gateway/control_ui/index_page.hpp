#pragma once

#include "config/settings.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What OpenClaw's Control UI needs its gateway to write into its index.html, and the policy that
/// its browser is told. Pure. Source: protocol.md section 14, "Control UI".
namespace troupe::gateway::control_ui {

/// `html` with the base path and what this gateway is capable of as attributes of `<html>`, and
/// with addresses that count from the base path, so that the page loads from "/chat/x" as well.
std::string prepared_index(std::string_view html, const config::control_ui_settings& settings);

/// "sha256-…" of each inline script, in order.
std::vector<std::string> inline_script_hashes(std::string_view html);

/// The Content-Security-Policy of the page and of its files.
///
/// It names what the bundle needs and this gateway has: no terminal, no portals, no voice. `ws:` is
/// for its switch between gateways: it asks before it follows a link to another one, and keeps for
/// itself what it was given for this one (tests/clients/control_ui.mjs).
std::string content_security_policy(const config::control_ui_settings& settings,
                                    std::span<const std::string> script_hashes = {});

/// JSON: {"label":"…","color":"…"}; empty when neither is set.
std::string environment_json(const config::control_ui_settings& settings);

} // namespace troupe::gateway::control_ui
