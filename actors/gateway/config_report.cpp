#include "actors/gateway/config_report.hpp"

#include "actors/gateway/json_writer.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "config/edit/edit.hpp"
#include "persistence/tables/conversation_tables.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace troupe::gateway {
namespace {

namespace json = boost::json;

/// Two passes with the key in front: what HMAC does, without its padding.
std::string keyed_digest(std::string_view text) {
  constexpr std::size_t key_bytes = 32;
  static const auto key = random_hex(key_bytes);
  return to_hex(tables::digest_of(key + to_hex(tables::digest_of(key + std::string(text)))));
}

void write_findings(json_writer& out, std::string_view name,
                    const std::vector<config::finding>& findings) {
  out.key(name).begin_array();
  for (const auto& each : findings) {
    out.begin_object().member("path", each.path).member("message", each.message);
    if (each.line > 0)
      out.member("line", each.line).member("column", each.column);
    out.end_object();
  }
  out.end_array();
}

void write_included(json_writer& out, const config::load_outcome& file) {
  out.key("includedPaths").begin_array();
  if (file.config)
    for (std::size_t i = 1; i < file.config->files.size(); ++i)
      out.value(file.config->files[i]);
  out.end_array();
}

} // namespace

std::string config_hash(const config::load_outcome& file) {
  std::string text = file.where.config_exists ? "file\n" + file.text : std::string("none\n");
  if (file.config)
    text += json::serialize(file.config->merged);
  return "hmac-sha256:v1:" + keyed_digest(text);
}

config::load_outcome as_read(const config::loaded& config) {
  config::load_outcome out;
  out.where = config.where;
  out.source = config.source;
  out.text = config::render(config.source);
  out.config = config;
  return out;
}

std::string config_report(const config::loaded& running, const config::load_outcome& file,
                          std::string_view applied_hash) {
  const auto written = file.source ? config::redacted(*file.source) : json::object();
  const auto merged = file.config ? json::serialize(config::redacted(file.config->merged))
                                  : json::serialize(written);
  const auto effective = json::serialize(config::redacted(running.effective));
  const auto hash = config_hash(file);
  json_writer out;
  out.begin_object().member("path", file.where.config_path);
  write_included(out, file);
  out.member_raw("includeProvenance", "[]")
      .member("agentRosterIncludeOwned", false)
      .member("bindingsIncludeOwned", false)
      .member("exists", file.where.config_exists);
  // Not the bytes of the file: those would show secrets, or hide where they stand.
  if (file.where.config_exists && file.source)
    out.member("raw", config::render(written));
  else
    out.member_null("raw");
  out.member_raw("parsed", json::serialize(written))
      .member_raw("sourceConfig", merged)
      .member_raw("resolved", merged)
      .member("valid", file.config.has_value())
      .member_raw("runtimeConfig", effective)
      .member_raw("config", effective)
      .member("hash", hash);
  write_findings(out, "issues", file.errors);
  write_findings(out, "warnings", running.warnings);
  out.member_raw("legacyIssues", "[]")
      .member("configRevisionHash", hash)
      .member("appliedConfigHash", applied_hash.empty() ? std::string_view(hash) : applied_hash)
      .end_object();
  return out.take();
}

} // namespace troupe::gateway
