#include "actors/gateway/config_report.hpp"

#include "actors/gateway/json_writer.hpp"
#include "persistence/tables/conversation_tables.hpp"

#include <boost/json/serialize.hpp>

#include <utility>

namespace troupe::gateway {
namespace {

namespace json = boost::json;

void new_line(std::string& out, std::size_t depth) {
  out += '\n';
  out.append(depth * 2, ' ');
}

/// As a person would write it.
void lay_out(std::string& out, const json::value& value, std::size_t depth) {
  if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
    out += '{';
    bool first = true;
    for (const auto& [name, member] : *object) {
      if (!std::exchange(first, false))
        out += ',';
      new_line(out, depth + 1);
      append_json_string(out, std::string_view{name});
      out += ": ";
      lay_out(out, member, depth + 1);
    }
    new_line(out, depth);
    out += '}';
  } else if (const auto* array = value.if_array(); array != nullptr && !array->empty()) {
    out += '[';
    bool first = true;
    for (const auto& item : *array) {
      if (!std::exchange(first, false))
        out += ',';
      new_line(out, depth + 1);
      lay_out(out, item, depth + 1);
    }
    new_line(out, depth);
    out += ']';
  } else {
    out += json::serialize(value);
  }
}

void write_warnings(json_writer& out, const config::loaded& config) {
  out.key("warnings").begin_array();
  for (const auto& warning : config.warnings)
    out.begin_object().member("path", warning.path).member("message", warning.message).end_object();
  out.end_array();
}

} // namespace

std::string config_hash(const config::loaded& config) {
  const auto text = json::serialize(config::redacted(config.merged));
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "sha256:";
  for (const auto byte : tables::digest_of(text)) {
    out += digits[byte >> 4u];
    out += digits[byte & 15u];
  }
  return out;
}

std::string config_report(const config::loaded& config) {
  const auto written = config::redacted(config.source);
  const auto merged = json::serialize(config::redacted(config.merged));
  const auto effective = json::serialize(config::redacted(config.effective));
  const auto hash = config_hash(config);
  json_writer out;
  out.begin_object()
      .member("path", config.where.config_path)
      .member_raw("includedPaths", "[]")
      .member_raw("includeProvenance", "[]")
      .member("agentRosterIncludeOwned", false)
      .member("bindingsIncludeOwned", false)
      .member("exists", config.where.config_exists);
  if (config.where.config_exists) {
    // Not the bytes of the file: those would show secrets, or hide where they stand.
    std::string text;
    lay_out(text, written, 0);
    out.member("raw", text + "\n");
  } else {
    out.member_null("raw");
  }
  out.member_raw("parsed", json::serialize(written))
      .member_raw("sourceConfig", merged)
      .member_raw("resolved", merged)
      .member("valid", true)
      .member_raw("runtimeConfig", effective)
      .member_raw("config", effective)
      .member("hash", hash)
      .member_raw("issues", "[]");
  write_warnings(out, config);
  out.member_raw("legacyIssues", "[]")
      .member("configRevisionHash", hash)
      .member("appliedConfigHash", hash)
      .end_object();
  return out.take();
}

} // namespace troupe::gateway
