#include "actors/gateway/presence.hpp"

#include <algorithm>

namespace troupe::gateway {
namespace {

void take_over(std::string& known, std::string&& said) {
  if (!said.empty())
    known = std::move(said);
}
void take_over(std::vector<std::string>& known, std::vector<std::string>&& said) {
  if (!said.empty())
    known = std::move(said);
}

/// What is said replaces what was known; what is not said stays.
void merge(presence_facts& known, presence_facts&& said) {
  for (const auto field :
       {&presence_facts::host, &presence_facts::version, &presence_facts::platform,
        &presence_facts::device_family, &presence_facts::model_identifier,
        &presence_facts::time_zone, &presence_facts::mode, &presence_facts::reason,
        &presence_facts::text, &presence_facts::device_id, &presence_facts::instance_id,
        &presence_facts::ip})
    take_over(known.*field, std::move(said.*field));
  for (const auto field : {&presence_facts::roles, &presence_facts::scopes, &presence_facts::tags})
    take_over(known.*field, std::move(said.*field));
  if (said.last_input_seconds)
    known.last_input_seconds = said.last_input_seconds;
}

void write_texts(json_writer& out, std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty())
    return;
  out.key(name).begin_array();
  for (const auto& text : texts)
    out.value(cut_utf8(text, presence_field_bytes_max));
  out.end_array();
}

void write_facts(json_writer& out, const presence_facts& facts) {
  const auto field = [&](std::string_view name, std::string_view text) {
    out.member_if(name, cut_utf8(text, presence_field_bytes_max));
  };
  field("host", facts.host);
  field("ip", facts.ip);
  field("version", facts.version);
  field("platform", facts.platform);
  field("deviceFamily", facts.device_family);
  field("modelIdentifier", facts.model_identifier);
  field("timeZone", facts.time_zone);
  field("mode", facts.mode);
  field("reason", facts.reason);
  field("deviceId", facts.device_id);
  field("instanceId", facts.instance_id);
  write_texts(out, "roles", facts.roles);
  write_texts(out, "scopes", facts.scopes);
  write_texts(out, "tags", facts.tags);
  if (facts.last_input_seconds)
    out.member("lastInputSeconds", std::max<std::int64_t>(0, *facts.last_input_seconds));
}

/// One line for people, where the client gave none.
std::string describe(const presence_facts& facts) {
  auto line = "Node: " + (facts.host.empty() ? std::string{"unknown"} : facts.host);
  if (!facts.version.empty())
    line += " · app " + facts.version;
  if (!facts.mode.empty())
    line += " · mode " + facts.mode;
  return line;
}

} // namespace

std::string presence_key(std::string_view device_id, std::string_view instance_id) {
  if (!device_id.empty())
    return "device " + std::string{device_id};
  return instance_id.empty() ? std::string{} : "instance " + std::string{instance_id};
}

bool is_listed(std::string_view client_mode) {
  return client_mode != "cli" && client_mode != "backend" && client_mode != "probe";
}

presence_list::entry& presence_list::touch(const std::string& key, wall_ms now) {
  forget_old(now);
  if (entries_.size() >= presence_entries_max && !entries_.contains(key))
    make_room();
  auto& known = entries_[key];
  known.at = now;
  known.changed = ++version_;
  return known;
}

void presence_list::connected(const std::string& key, presence_facts who, wall_ms now) {
  auto& known = touch(key, now);
  who.reason = "connect";
  merge(known.facts, std::move(who));
  if (known.connections++ == 0)
    known.online_since = now;
}

void presence_list::disconnected(const std::string& key, wall_ms now) {
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.connections == 0 || --found->second.connections > 0)
    return; // Nobody of this key, or others of it, are still there.
  touch(key, now).facts.reason = "disconnect";
}

void presence_list::noted(const std::string& key, presence_facts what, wall_ms now) {
  merge(touch(key, now).facts, std::move(what));
}

void presence_list::forget_old(wall_ms now) {
  std::erase_if(entries_, [&](const auto& known) {
    return known.second.connections == 0 && known.second.at + presence_memory_ms <= now;
  });
}

/// Those that left go first, then the one that was silent longest.
void presence_list::make_room() {
  const auto stalest = std::ranges::min_element(entries_, {}, [](const auto& known) {
    return std::pair{known.second.connections > 0, known.second.changed};
  });
  if (stalest != entries_.end())
    entries_.erase(stalest);
}

void presence_list::write(json_writer& out, wall_ms now) {
  forget_old(now);
  std::vector<const entry*> order;
  for (const auto& [key, known] : entries_)
    order.push_back(&known);
  std::ranges::sort(order, std::ranges::greater{}, &entry::changed);
  for (const auto* known : order) {
    const auto& facts = known->facts;
    out.begin_object();
    write_facts(out, facts);
    out.member("text", facts.text.empty()
                           ? describe(facts)
                           : std::string{cut_utf8(facts.text, presence_text_bytes_max)});
    out.member("ts", known->at);
    if (known->online_since > 0)
      out.member("onlineSince", known->online_since);
    out.end_object();
  }
}

} // namespace troupe::gateway
