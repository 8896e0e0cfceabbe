#include "config/sections/sections.hpp"
#include "config/source/substitute.hpp"

#include <algorithm>
#include <utility>

/// Where secret references are looked up. Source: features section 1, "SecretRef".
namespace troupe::config {
namespace {

constexpr std::int64_t file_bytes_max = 20 * (1 << 20);
constexpr std::int64_t timeout_ms_max = 120'000;
constexpr std::size_t path_chars_max = 4'096;
constexpr std::size_t alias_chars_max = 64;

/// `[a-z][a-z0-9_-]{0,63}`
bool is_alias(std::string_view text) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !text.empty() && text.size() <= alias_chars_max && letter(text.front()) &&
         std::ranges::all_of(text, [&](char c) {
           return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

kind<std::string> alias() {
  auto out = text({1, alias_chars_max});
  out.read = [read = std::move(out.read)](reading& r, const cursor& at, std::string& value) {
    const auto errors_before = r.errors.size();
    read(r, at, value);
    if (r.errors.size() == errors_before && !is_alias(value))
      r.fail(at, "expected an alias: a-z, then a-z, 0-9, '_' and '-', at most 64");
  };
  // The usual name stands in no shown config: its key would have it hidden, and sent back so.
  out.show = [](const std::string& value) {
    return value == "default" ? boost::json::value() : boost::json::value(value);
  };
  return out;
}

kind<secret_provider_raw> provider() {
  using raw = secret_provider_raw;
  auto out = object<raw>({
      required(key<raw>("source", TR_MEMBER(source), word({"env", "file"}, {"exec", "store"}),
                        "Where it looks: in the environment or in a file.")),
      key<raw>("path", TR_MEMBER(path), text({1, path_chars_max}),
               "The file: an absolute path; private, no link."),
      key<raw>("mode", TR_MEMBER(single_value),
               choice<bool>({{"json", false}, {"singleValue", true}}),
               "A JSON document with many secrets, or a file that is one secret."),
      key<raw>("maxBytes", TR_MEMBER(bytes_max), whole<std::int64_t>(1, file_bytes_max),
               "A larger file is refused."),
      key<raw>("timeoutMs", TR_MEMBER(timeout_ms), whole<std::int64_t>(1, timeout_ms_max),
               "Taken from OpenClaw's configs; a regular file is read without waiting."),
      key<raw>("allowlist", TR_MEMBER(allowlist), maybe(list_of(text({1, 128}))),
               "The only variables that this provider gives out."),
  });
  out.read = [read = std::move(out.read)](reading& r, const cursor& at, raw& into) {
    into.at = at;
    read(r, at, into);
  };
  return out;
}

void add_file(reading& r, const std::string& name, const secret_provider_raw& raw) {
  if (!raw.at.find("path").value)
    return r.fail(raw.at, "needs the key \"path\"");
  if (raw.allowlist)
    return r.fail(raw.at.find("allowlist"), "belongs to a provider with the source \"env\"");
  if (!raw.path.starts_with('/') || raw.path.find('\0') != std::string::npos)
    return r.fail(raw.at.find("path"), "expected an absolute path");
  r.secrets().files[name] = {raw.path, raw.single_value, static_cast<std::size_t>(raw.bytes_max)};
}

void add_env(reading& r, const std::string& name, const secret_provider_raw& raw) {
  for (const auto* key : {"path", "mode", "maxBytes", "timeoutMs"})
    if (const auto at = raw.at.find(key); at.value)
      return r.fail(at, "belongs to a provider with the source \"file\"");
  auto& given = r.secrets().variables[name];
  given.reset();
  if (!raw.allowlist)
    return;
  given.emplace();
  const auto list = raw.at.find("allowlist");
  for (std::size_t i = 0; i < raw.allowlist->size(); ++i) {
    if (!is_env_secret_id((*raw.allowlist)[i]))
      r.fail(list.element(i), "expected a variable's name: A-Z, then A-Z, 0-9 and _");
    given->insert((*raw.allowlist)[i]);
  }
}

/// At once: the sections that are read after this one refer to them.
void register_all(reading& r, const secrets_raw& raw) {
  auto& sources = r.secrets();
  sources.default_env = raw.default_env;
  sources.default_file = raw.default_file;
  for (const auto& [name, each] : raw.providers) {
    if (!is_alias(name))
      r.fail_key(each.at, "expected an alias: a-z, then a-z, 0-9, '_' and '-', at most 64");
    else if (each.source == "file")
      add_file(r, name, each);
    else if (each.source == "env")
      add_env(r, name, each);
  }
}

} // namespace

kind<secrets_raw> secrets_section() {
  using raw = secrets_raw;
  auto out = object<raw>({
      key<raw>("providers", TR_MEMBER(providers), map_of(provider()),
               "Where references find their secrets, by alias."),
      group<raw>("defaults",
                 {key<raw>("env", TR_MEMBER(default_env), alias(),
                           "The provider of env references that name none."),
                  key<raw>("file", TR_MEMBER(default_file), alias(),
                           "The provider of file references that name none.")},
                 ""),
  });
  out.read = [read = std::move(out.read)](reading& r, const cursor& at, raw& into) {
    read(r, at, into);
    register_all(r, into);
  };
  return out;
}

} // namespace troupe::config
