#include "app/config_reloader.hpp"

#include "actors/gateway/config_report.hpp"
#include "base/log.hpp"
#include "config/edit/change.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace troupe {
namespace {

/// Paths in one line of the log.
constexpr std::size_t paths_shown_max = 20;

std::string_view name_of(config::reload_mode mode) {
  switch (mode) {
  case config::reload_mode::hybrid:
    return "hybrid";
  case config::reload_mode::hot:
    return "hot";
  case config::reload_mode::restart:
    return "restart";
  case config::reload_mode::off:
    break;
  }
  return "off";
}

std::string listed(const std::vector<std::string>& paths) {
  const auto shown = std::min(paths.size(), paths_shown_max);
  auto out = fmt::format(
      "{}", fmt::join(paths.begin(), paths.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (shown < paths.size())
    out += fmt::format(" and {} more", paths.size() - shown);
  return out;
}

std::string reasons(const std::vector<config::finding>& errors) {
  auto out = errors.empty() ? std::string("it is not accepted") : errors.front().text();
  if (errors.size() > 1)
    out += fmt::format(" (and {} more)", errors.size() - 1);
  return out;
}

/// Whether the file under the gateway's feet still is one: an editor may have moved it for a
/// moment.
bool went_missing(const config::load_outcome& file, const config::loaded& accepted) {
  return accepted.where.config_exists && !file.where.config_exists;
}

error invalid(const std::vector<config::finding>& findings) {
  return {errc::invalid_argument, "invalid config: " + reasons(findings)};
}

error conflict() {
  return {errc::invalid_argument, "config changed since last load; re-run config.get and retry"};
}

} // namespace

config_reloader::config_reloader(surroundings around, const config::load_outcome& file,
                                 config::loaded first)
    : around_(std::move(around)), started_(first), accepted_(std::move(first)),
      running_(std::make_shared<const config::loaded>(started_)) {
  state_.mode = name_of(started_.values.gateway.reload);
  state_.hash = gateway::config_hash(file);
  state_.applied_at = around_.now();
}

void config_reloader::attach(node_door node) {
  const std::scoped_lock turn{turn_};
  node_ = std::move(node);
}

void config_reloader::detach() {
  attach({});
}

bool config_reloader::wants_restart() const {
  const std::scoped_lock lock{guard_};
  return wants_restart_;
}

gateway::config_state config_reloader::state() const {
  const std::scoped_lock lock{guard_};
  return state_;
}

std::vector<std::string> config_reloader::files() const {
  const std::scoped_lock lock{guard_};
  auto out = running_->files;
  if (out.empty())
    out.push_back(running_->where.config_path);
  return out;
}

config::load_outcome config_reloader::read() const {
  return config::load(around_.options);
}

void config_reloader::reload() {
  const std::scoped_lock turn{turn_};
  take(read());
}

void config_reloader::refuse(const std::string& why) {
  const std::scoped_lock lock{guard_};
  // Once, not each time that the same bad file is looked at.
  if (state_.refused != why)
    log::error("config", "the changed config is not applied, the last good one goes on: {}", why);
  state_.refused = why;
}

/// Under `turn_`.
void config_reloader::take(config::load_outcome file) {
  if (!node_.apply)
    return;
  if (!file.config || went_missing(file, accepted_))
    return refuse(file.config ? std::string("the file is gone") : reasons(file.errors));
  const auto hash = gateway::config_hash(file);
  auto next = std::move(*file.config);
  if (const auto settled = around_.settle(next); !settled)
    return refuse(settled.error().detail);
  config::keep_stale_secrets(accepted_, next);
  if (config::plan_reload(accepted_, next).empty()) {
    const std::scoped_lock lock{guard_};
    state_.hash = hash;
    state_.refused.clear();
    return;
  }
  if (running_->values.gateway.reload == config::reload_mode::off)
    return refuse("gateway.reload.mode is \"off\": changes are in force after a restart");
  if (const auto done = put_into_force(std::move(next), hash); !done)
    refuse(done.error().detail);
}

/// Under `turn_`.
result<void> config_reloader::put_into_force(config::loaded next, const std::string& hash) {
  const auto hot = config::plan_reload(accepted_, next, around_.decided).hot;
  auto pending = config::plan_reload(started_, next, around_.decided).restart;
  auto mixed = next;
  config::keep_running(*running_, pending, mixed);
  const auto in_force = std::make_shared<const config::loaded>(std::move(mixed));
  const auto before = running_;
  TR_TRY(node_.apply(in_force));
  accepted_ = std::move(next);
  const auto& logging = in_force->values.logging;
  log::set_levels(logging.console_level, logging.level);
  if (!hot.empty())
    log::info("config", "in force now: {}", listed(hot));
  if (!pending.empty())
    log::warn("config", "in force after a restart: {}", listed(pending));
  for (const auto& warning : in_force->warnings)
    log::warn("config", "{}", warning.text());

  note(in_force, hash, std::move(pending));
  node_.announce(*before, *in_force, hash);
  return boost::outcome_v2::success();
}

void config_reloader::note(std::shared_ptr<const config::loaded> in_force, const std::string& hash,
                           std::vector<std::string> pending) {
  const std::scoped_lock lock{guard_};
  const auto mode = in_force->values.gateway.reload;
  wants_restart_ = mode == config::reload_mode::restart && !pending.empty();
  running_ = std::move(in_force);
  state_.mode = name_of(mode);
  ++state_.generation;
  state_.applied_at = around_.now();
  state_.hash = hash;
  state_.restart_needed = std::move(pending);
  state_.refused.clear();
}

/// Under `turn_`.
result<void> config_reloader::admit_write(const std::string& method) {
  const auto now = around_.now();
  while (!writes_.empty() && now - writes_.front() >= writes_period.count())
    writes_.pop_front();
  if (writes_.size() >= writes_max)
    return error{errc::overloaded,
                 fmt::format("rate limit exceeded for {}; retry after {} s", method,
                             (writes_period.count() - (now - writes_.front()) + 999) / 1000)};
  writes_.push_back(now);
  return boost::outcome_v2::success();
}

result<gateway::config_written> config_reloader::write(const gateway::config_write& wanted) {
  const std::scoped_lock turn{turn_};
  TR_TRY(admit_write(wanted.method));
  const auto now = read();
  const auto hash = gateway::config_hash(now);
  if (!wanted.base_hash.empty() && wanted.base_hash != hash)
    return conflict();
  const boost::json::value nothing = boost::json::object();
  const auto& source = now.source ? *now.source : nothing;
  if (!now.source && wanted.what.how == config::edit::kind::merge)
    return error{errc::invalid_argument,
                 "the config file is not readable as JSON5, so that nothing "
                 "can be merged into it; replace it with config.apply"};
  const auto edited = config::apply_edit(source, wanted.what);
  if (const auto* wrong = std::get_if<config::finding>(&edited))
    return invalid({*wrong});
  const auto& next = std::get<boost::json::value>(edited);
  if (wanted.base_hash.empty() && now.where.config_exists) {
    const auto changed = config::changed_paths(source, next);
    return error{
        errc::invalid_argument,
        fmt::format("config base hash required for {}; re-run config.get and retry with "
                    "baseHash",
                    changed.empty() || changed.front().empty() ? wanted.method : changed.front())};
  }
  auto planned = config::plan_change(around_.options, now, next);
  if (const auto* refused = std::get_if<config::refused_change>(&planned))
    return invalid(refused->findings);
  auto& change = std::get<config::planned_change>(planned);
  auto trial = *change.next.config;
  if (const auto settled = around_.settle(trial); !settled)
    return error{errc::invalid_argument, "invalid config: " + settled.error().detail};
  if (!change.changed.empty()) {
    const auto written = config::write_change(change);
    if (!written && written.error().code == errc::cancelled)
      return conflict();
    TR_TRY(written);
    log::info("config", "{} changed {}", wanted.method, listed(change.changed));
    take(read());
  }
  const std::scoped_lock lock{guard_};
  const auto after = change.changed.empty() ? hash : gateway::config_hash(read());
  return gateway::config_written{change.path, after, std::move(change.changed), running_, state_};
}

} // namespace troupe
