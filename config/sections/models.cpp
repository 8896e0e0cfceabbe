#include "config/sections/sections.hpp"
#include "config/sections/services.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace troupe::config {
namespace {

constexpr std::string_view demo_id = "demo";

field<provider_raw> base_url() {
  auto out = key<provider_raw>(
      "baseUrl", TR_MEMBER(base_url), text({1, 2048}),
      "Where the API is: an http or https URL. Needed but for anthropic-messages and the "
      "id \"openai\", which have one of their own.");
  out.read = [](reading& r, const cursor& at, provider_raw& raw) {
    configured_secret value;
    if (!at.value->is_string())
      return r.fail(at, "expected a string, found " + found(*at.value));
    secret_text().read(r, at, value);
    raw.base_url = value.value.reveal();
    if (raw.base_url.empty() && value.unresolved.empty() && !value.refused)
      r.fail(at, "expected some text, found an empty string");
    raw.unresolved_url = value.unresolved;
  };
  return out;
}

kind<model_raw> model() {
  using raw = model_raw;
  // JSON numbers in OpenClaw; a token count beyond 32 bits is a mistake.
  constexpr double least = 1;
  auto cost = [](std::string_view name, auto get) {
    return key<raw>(name, get, number(0), "Dollars per million tokens.");
  };
  return object<raw>({
      required(key<raw>("id", TR_MEMBER(out.id), text({1, 512}), "The name the provider knows.")),
      key<raw>("name", TR_MEMBER(out.name), label({1, 512}), "The name people see."),
      key<raw>("reasoning", TR_MEMBER(out.reasoning), boolean(), "Whether it thinks first."),
      key<raw>("input", TR_MEMBER(out.input), list_of(word({"text", "image", "audio", "video"})),
               "What it can take in."),
      group<raw>("cost",
                 {cost("input", TR_MEMBER(out.cost.input)),
                  cost("output", TR_MEMBER(out.cost.output)),
                  cost("cacheRead", TR_MEMBER(out.cost.cache_read)),
                  cost("cacheWrite", TR_MEMBER(out.cost.cache_write))},
                 ""),
      key<raw>("contextWindow", TR_MEMBER(context_window), number(least),
               "Tokens that fit into one call, answer included."),
      key<raw>("maxTokens", TR_MEMBER(max_tokens), number(least), "Tokens of one answer."),
  });
}

kind<provider_raw> provider() {
  using raw = provider_raw;
  auto out = object<raw>({
      key<raw>("api", TR_MEMBER(api),
               maybe(choice<provider_api>({{"openai-completions", provider_api::openai_completions},
                                           {"anthropic-messages", provider_api::anthropic_messages},
                                           {"demo", provider_api::demo}},
                                          {"openai-responses", "openai-chatgpt-responses",
                                           "google-generative-ai", "google-vertex",
                                           "github-copilot", "bedrock-converse-stream", "ollama",
                                           "pi-messages", "azure-openai-responses"})),
               "The protocol it speaks. If not set: anthropic-messages for the id \"anthropic\", "
               "else openai-completions."),
      base_url(),
      key<raw>("apiKey", TR_MEMBER(api_key), secret_text(),
               "Sent as a bearer token, or as x-api-key with anthropic-messages."),
      key<raw>("headers", TR_MEMBER(headers), map_of(secret_text()), "Sent with every call."),
      key<raw>("timeoutSeconds", TR_MEMBER(timeout_seconds), maybe(whole<std::int64_t>(1, 86'400)),
               "The longest a call may take in all."),
      key<raw>("models", TR_MEMBER(models), list_of(model()), "The models that may be used."),
  });
  out.read = [read = std::move(out.read)](reading& r, const cursor& at, raw& into) {
    into.at = at;
    read(r, at, into);
  };
  return out;
}

bool is_header_name(std::string_view name) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
  });
}

bool is_http_url(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (url.starts_with(scheme)) {
      const auto rest = url.substr(scheme.size());
      const auto authority = rest.substr(0, rest.find_first_of("/?#"));
      return !authority.empty() && authority.find('@') == std::string_view::npos &&
             url.find_first_of(" \t?#") == std::string_view::npos;
    }
  return false;
}

std::uint32_t token_count(double value) {
  constexpr double most = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::min(std::trunc(value), most));
}

std::vector<model_settings> models_of(reading& r, const provider_raw& raw) {
  std::vector<model_settings> out;
  std::set<std::string> ids;
  for (std::size_t i = 0; i < raw.models.size(); ++i) {
    auto one = raw.models[i].out;
    one.context_window = token_count(raw.models[i].context_window);
    one.max_tokens = token_count(raw.models[i].max_tokens);
    if (one.name.empty())
      one.name = one.id;
    if (!one.id.empty() && !ids.insert(one.id).second)
      r.fail(raw.at.find("models").element(i), fmt::format("the id \"{}\" is used twice", one.id));
    out.push_back(std::move(one));
  }
  return out;
}

/// A secret without a value makes the provider unavailable; the rest of the gateway goes on.
void note_unresolved(reading& r, const cursor& at, const std::string& reason,
                     provider_settings& out) {
  if (reason.empty())
    return;
  const auto message = fmt::format("{}: {}", at.path, reason);
  r.warn(at, reason + "; the provider cannot be used");
  if (out.unavailable.empty())
    out.unavailable = message;
}

provider_api usual_api(const std::string& id) {
  if (id == demo_id)
    return provider_api::demo;
  const auto* known = find_service(id);
  return known == nullptr ? provider_api::openai_completions : known->api;
}

/// Where the API is when the config does not say; empty: nobody knows.
std::string_view usual_url(const std::string& id, provider_api api) {
  for (const auto& known : services())
    if (known.api == api && (known.id == id || api == provider_api::anthropic_messages))
      return known.base_url;
  return {};
}

/// The environment's key goes to the service that it belongs to, and nowhere else.
void take_key_of_service(reading& r, const provider_raw& raw, provider_settings& out) {
  const auto* known = find_service(out.id);
  if (known == nullptr || raw.api_key.present || out.api != known->api ||
      out.base_url != known->base_url)
    return;
  if (auto key = key_of(r, *known)) {
    out.api_key = std::move(*key);
    out.key_variable = known->key_variable;
  }
}

void check_url(reading& r, const provider_raw& raw, provider_settings& out) {
  const auto at = raw.at.find("baseUrl");
  if (!at.value)
    out.base_url = usual_url(out.id, out.api);
  if (out.api != provider_api::demo && !at.value && out.base_url.empty())
    r.fail(raw.at, "needs the key \"baseUrl\"");
  else if (!out.base_url.empty() && !is_http_url(out.base_url))
    r.fail(at, "expected an http:// or https:// URL without user, query or fragment");
}

provider_settings resolve_provider(reading& r, const std::string& id, const provider_raw& raw) {
  provider_settings out;
  out.id = id;
  out.api = raw.api.value_or(usual_api(id));
  out.base_url = raw.base_url;
  out.api_key = raw.api_key.value;
  if (raw.timeout_seconds)
    out.timeout = std::chrono::seconds(*raw.timeout_seconds);
  out.models = models_of(r, raw);
  note_unresolved(r, raw.at.find("baseUrl"), raw.unresolved_url, out);
  note_unresolved(r, raw.api_key.at, raw.api_key.unresolved, out);
  for (const auto& [name, header] : raw.headers) {
    if (!is_header_name(name))
      r.fail_key(header.at, "expected the name of an HTTP header");
    note_unresolved(r, header.at, header.unresolved, out);
    out.headers.emplace(name, header.value);
  }
  check_url(r, raw, out);
  take_key_of_service(r, raw, out);
  return out;
}

/// The built-in model that needs no key, so that a fresh machine answers.
void add_demo(std::map<std::string, provider_settings>& providers) {
  auto& demo = providers[std::string(demo_id)];
  demo.id = demo_id;
  demo.api = provider_api::demo;
  if (std::ranges::find(demo.models, demo_id, &model_settings::id) != demo.models.end())
    return;
  model_settings model;
  model.id = demo_id;
  model.name = "Demo (built in, no real model)";
  demo.models.push_back(std::move(model));
}

} // namespace

kind<models_raw> models_section() {
  return object<models_raw>({
      key<models_raw>("providers", TR_MEMBER(providers), map_of(provider()),
                      "Who answers; \"demo\" is always there."),
  });
}

std::map<std::string, provider_settings> resolve_models(reading& r, const models_raw& raw) {
  std::map<std::string, provider_settings> out;
  for (const auto& [id, provider] : raw.providers) {
    if (id.empty() || id.find_first_of("/ \t") != std::string::npos)
      r.fail_key(provider.at,
                 "a provider's id may not be empty and may not have '/' or blanks in it");
    if (id == demo_id && provider.api.value_or(provider_api::demo) != provider_api::demo)
      r.fail(provider.at, "\"demo\" is the built-in provider; give yours another id");
    out.emplace(id, resolve_provider(r, id, provider));
  }
  add_demo(out);
  return out;
}

} // namespace troupe::config
