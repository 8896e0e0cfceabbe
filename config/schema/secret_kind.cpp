#include "config/schema/secret_kind.hpp"

#include "config/source/substitute.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::config {
namespace {

namespace json = boost::json;

constexpr std::size_t secret_chars_max = 16'384;

struct secret_ref {
  std::string source;
  std::string provider; ///< Empty: the default one of the source.
  std::string id;
};

constexpr std::size_t id_chars_max = 1'024;

kind<secret_ref> reference() {
  return object<secret_ref>({
      required(key<secret_ref>("source", TR_MEMBER(source),
                               word({"env", "file"}, {"exec", "store"}), "")),
      key<secret_ref>("provider", TR_MEMBER(provider), text({1, 64}), ""),
      required(key<secret_ref>("id", TR_MEMBER(id), text({1, id_chars_max}), "")),
  });
}

void from_variable(reading& r, const std::string& name, configured_secret& out) {
  if (auto value = r.variables().find(name))
    out.value = secret(std::move(*value));
  else
    out.unresolved = fmt::format("the variable {} is not set", name);
}

void refuse_provider(reading& r, const cursor& at, const secret_ref& ref) {
  r.fail(at, fmt::format("the secret provider \"{}\" is not declared for {} in secrets.providers",
                         ref.provider, ref.source));
}

void read_env(reading& r, const cursor& at, secret_ref ref, configured_secret& out) {
  const auto& sources = r.secrets();
  if (ref.provider.empty())
    ref.provider = sources.default_env;
  const auto provider = sources.variables.find(ref.provider);
  if (provider == sources.variables.end())
    return refuse_provider(r, at, ref);
  if (!is_env_secret_id(ref.id))
    return r.fail(at.find("id"), "expected a variable's name: A-Z, then A-Z, 0-9 and _");
  if (provider->second && !provider->second->contains(ref.id))
    return r.fail(
        at.find("id"),
        fmt::format("is not in the allowlist of the secret provider \"{}\"", ref.provider));
  from_variable(r, ref.id, out);
}

void read_file_ref(reading& r, const cursor& at, secret_ref ref, configured_secret& out) {
  auto& sources = r.secrets();
  if (ref.provider.empty())
    ref.provider = sources.default_file;
  const auto provider = sources.files.find(ref.provider);
  if (provider == sources.files.end())
    return refuse_provider(r, at, ref);
  auto value = sources.contents.read(provider->second, ref.id);
  if (value)
    out.value = std::move(value.value());
  else
    out.unresolved = "the secret cannot be read: " + value.error().detail;
}

void read_reference(reading& r, const cursor& at, configured_secret& out) {
  secret_ref ref;
  const auto errors_before = r.errors.size();
  reference().read(r, at, ref);
  if (r.errors.size() > errors_before)
    return;
  if (ref.source == "file")
    read_file_ref(r, at, std::move(ref), out);
  else
    read_env(r, at, std::move(ref), out);
}

void read_string(reading& r, const cursor& at, configured_secret& out) {
  const std::string_view raw = at.value->get_string();
  if (const auto name = whole_reference(raw); !name.empty())
    return from_variable(r, std::string(name), out);
  auto replaced = substitute(raw, r.variables());
  if (replaced.missing.empty())
    out.value = secret(std::move(replaced.text));
  else
    out.unresolved = fmt::format("the variable {} is not set", replaced.missing.front());
}

void read_secret(reading& r, const cursor& at, configured_secret& out) {
  if (at.value->is_object())
    read_reference(r, at, out);
  else if (at.value->is_string())
    read_string(r, at, out);
  else
    return r.fail(at, "expected a string or a secret reference, found " + found(*at.value));
  if (!out.value.empty() && !is_usable_secret(out.value.reveal()))
    r.fail(at, "a secret may not have blanks around it or control characters in it");
}

} // namespace

kind<configured_secret> secret_text() {
  return {[](reading& r, const cursor& at, configured_secret& out) {
            out.present = true;
            out.at = at;
            const auto errors_before = r.errors.size();
            read_secret(r, at, out);
            out.refused = r.errors.size() > errors_before;
          },
          [](const configured_secret& value) {
            return value.present ? json::value(redacted_text) : json::value();
          },
          [] {
            return json::object{
                {"anyOf", json::array{json::object{{"type", "string"}}, reference().schema()}}};
          }};
}

bool is_usable_secret(std::string_view text) {
  if (text.empty() || text.size() > secret_chars_max || text.front() == ' ' || text.back() == ' ')
    return false;
  return std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

} // namespace troupe::config
