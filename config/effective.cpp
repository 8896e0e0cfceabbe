#include "config/known/known_keys.hpp"
#include "config/load.hpp"
#include "config/path.hpp"
#include "config/schema/cursor.hpp"
#include "config/schema/secret_kind.hpp"
#include "config/source/substitute.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace troupe::config {
namespace {

namespace json = boost::json;

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// Whether the value of a key with this name is a secret, as far as a name can tell. Too much is
/// hidden rather than too little.
bool names_secret(std::string_view key) {
  constexpr std::string_view endings[] = {
      "token",   "password",   "passwd",        "secret",     "apikey",         "api_key",
      "api-key", "privatekey", "passphrase",    "credential", "credentials",    "authorization",
      "cookie",  "signingkey", "encryptionkey", "secrets",    "serviceaccount", "clientkey"};
  constexpr std::string_view whole[] = {"headers", "edgeauth", "env", "vars",
                                        "key",     "passkey",  "cert"};
  const auto name = lower(key);
  return std::ranges::any_of(endings, [&](auto ending) { return name.ends_with(ending); }) ||
         std::ranges::find(whole, name) != std::end(whole);
}

/// `https://user:password@host` keeps a user out of sight as well: it is often the key.
std::string without_user(std::string_view text) {
  const auto scheme = text.find("://");
  if (scheme == std::string_view::npos)
    return std::string(text);
  const auto rest = text.substr(scheme + 3);
  const auto at = rest.substr(0, rest.find_first_of("/?#")).rfind('@');
  if (at == std::string_view::npos)
    return std::string(text);
  return fmt::format("{}://{}{}", text.substr(0, scheme), redacted_text, rest.substr(at));
}

bool is_secret_reference(const json::value& value) {
  const auto* object = value.if_object();
  return object && object->contains("source") && object->contains("id");
}

/// `hidden`: a key above names a secret.
json::value hide(const json::value& value, bool hidden) {
  if (const auto* object = value.if_object()) {
    if (hidden && is_secret_reference(value))
      return value;
    json::object out;
    for (const auto& [key, child] : *object)
      out.emplace(key, hide(child, hidden || names_secret(key)));
    return out;
  }
  if (const auto* array = value.if_array()) {
    json::array out;
    for (const auto& child : *array)
      out.push_back(hide(child, hidden));
    return out;
  }
  const auto* text = value.if_string();
  if (!text)
    return hidden && value.is_number() ? json::value(redacted_text) : value;
  if (!hidden)
    return json::string(without_user(*text));
  return whole_reference(*text).empty() ? json::value(redacted_text) : value;
}

error not_found(const loaded& config, const std::vector<std::string>& steps) {
  const json::value* here = &config.effective;
  std::string path;
  for (const auto& step : steps) {
    const auto* next = child_of(*here, step);
    if (next) {
      here = next;
      path = member_path(path, step);
      continue;
    }
    std::vector<std::string> names;
    if (const auto* object = here->if_object())
      for (const auto& member : *object)
        names.emplace_back(member.key());
    const auto close = nearest(step, names);
    return {errc::not_found,
            fmt::format(
                "{} is not set{}", member_path(path, step),
                close.empty() ? "" : fmt::format("; did you mean {}?", member_path(path, close)))};
  }
  return {errc::not_found, "not set"};
}

} // namespace

json::value redacted(const json::value& source) {
  return hide(source, false);
}

result<json::value> get_effective(const loaded& config, std::string_view path) {
  const auto steps = path_steps(path);
  if (!steps)
    return error{errc::invalid_argument, "expected a path such as gateway.port or a.b[0]"};
  if (const auto* value = find_path(config.effective, *steps))
    return *value;
  // A hidden ancestor is hidden before the way down, not after it.
  const auto written = redacted(config.merged);
  if (const auto* value = find_path(written, *steps))
    return *value;
  return not_found(config, *steps);
}

} // namespace troupe::config
