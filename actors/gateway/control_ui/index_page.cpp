#include "actors/gateway/control_ui/index_page.hpp"

#include "actors/gateway/devices/base64.hpp"
#include "actors/gateway/json_writer.hpp"
#include "persistence/tables/digest.hpp"

#include <algorithm>

namespace troupe::gateway::control_ui {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Where `word`, which is lower-case, stands from `from` on, in whatever case; npos: nowhere.
std::size_t find_word(std::string_view text, std::string_view word, std::size_t from) {
  const auto start = text.begin() + static_cast<std::ptrdiff_t>(std::min(from, text.size()));
  const auto found = std::search(start, text.end(), word.begin(), word.end(),
                                 [](char a, char b) { return lower(a) == b; });
  return found == text.end() ? std::string_view::npos
                             : static_cast<std::size_t>(found - text.begin());
}

bool ends_name(std::string_view html, std::size_t at) {
  return at < html.size() &&
         std::string_view{" \t\r\n\f/>"}.find(html[at]) != std::string_view::npos;
}

/// Behind the `>` of the tag that `at` lies in; quoted ones do not end it. npos: it has no end.
std::size_t end_of_tag(std::string_view html, std::size_t at) {
  char quote = 0;
  for (; at < html.size(); ++at) {
    const char c = html[at];
    if (quote != 0)
      quote = c == quote ? char{0} : quote;
    else if (c == '"' || c == '\'')
      quote = c;
    else if (c == '>')
      return at + 1;
  }
  return std::string_view::npos;
}

/// Whether a tag's text, from its name on, has an attribute `src`.
bool has_source(std::string_view tag) {
  for (auto at = find_word(tag, "src", 0); at != std::string_view::npos;
       at = find_word(tag, "src", at + 1)) {
    const bool begins =
        at > 0 && std::string_view{" \t\r\n\f\"'/"}.find(tag[at - 1]) != std::string_view::npos;
    if (begins && (tag[at + 3] == '=' || ends_name(tag, at + 3)))
      return true;
  }
  return false;
}

std::string attribute_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

/// `href="./x"` and `src="./x"` become `href="<base>/x"` and so on.
std::string with_absolute_addresses(std::string_view html, std::string_view base) {
  std::string out;
  out.reserve(html.size() + 256);
  while (!html.empty()) {
    const auto found = html.find("=\"./");
    const auto before = html.substr(0, found);
    out += before;
    if (found == std::string_view::npos)
      break;
    out += "=\"";
    html.remove_prefix(found + 2);
    if (before.ends_with("href") || before.ends_with("src")) {
      out += base;
      html.remove_prefix(1); // The dot.
    }
  }
  return out;
}

/// What a browser hashes: its HTML reader has made one line end of each kind.
std::string script_hash(std::string_view script) {
  std::string normal;
  for (std::size_t i = 0; i < script.size(); ++i) {
    if (script[i] == '\r' && i + 1 < script.size() && script[i + 1] == '\n')
      continue;
    normal += script[i] == '\r' ? '\n' : script[i];
  }
  auto hash = base64url(tables::raw(tables::full_digest_of(normal)));
  std::ranges::replace(hash, '-', '+');
  std::ranges::replace(hash, '_', '/');
  return "sha256-" + hash + "="; // 32 bytes are 43 characters and one to fill up.
}

} // namespace

std::string environment_json(const config::control_ui_settings& settings) {
  if (settings.environment_label.empty() && settings.environment_color.empty())
    return {};
  json_writer out;
  out.begin_object()
      .member_if("label", settings.environment_label)
      .member_if("color", settings.environment_color)
      .end_object();
  return out.take();
}

std::string prepared_index(std::string_view html, const config::control_ui_settings& settings) {
  auto out = with_absolute_addresses(html, settings.base_path);
  constexpr std::string_view tag = "<html";
  auto at = find_word(out, tag, 0);
  while (at != std::string::npos && !ends_name(out, at + tag.size()))
    at = find_word(out, tag, at + 1);
  if (at == std::string::npos)
    return out;
  std::string attributes = " data-openclaw-control-ui-base-path=\"" +
                           attribute_text(settings.base_path) +
                           "\" data-openclaw-terminal-enabled=\"false\"";
  if (const auto environment = environment_json(settings); !environment.empty())
    attributes += " data-openclaw-environment=\"" + attribute_text(environment) + '"';
  return out.insert(at + tag.size(), attributes);
}

std::vector<std::string> inline_script_hashes(std::string_view html) {
  constexpr std::string_view open = "<script";
  constexpr std::string_view close = "</script";
  constexpr auto none = std::string_view::npos;
  std::vector<std::string> out;
  std::size_t at = 0;
  while ((at = find_word(html, open, at)) != none) {
    const auto comment = html.substr(0, at).rfind("<!--");
    if (comment != none && html.find("-->", comment) > at) {
      at = html.find("-->", comment);
      continue;
    }
    const auto name_end = at + open.size();
    if (!ends_name(html, name_end)) {
      at = name_end;
      continue;
    }
    const auto content = end_of_tag(html, name_end);
    const auto end = content == none ? none : find_word(html, close, content);
    if (end == none)
      break;
    if (!has_source(html.substr(name_end, content - name_end)) && end > content)
      out.push_back(script_hash(html.substr(content, end - content)));
    at = end + close.size();
  }
  return out;
}

std::string content_security_policy(const config::control_ui_settings& settings,
                                    std::span<const std::string> script_hashes) {
  std::string scripts = "script-src 'self'";
  for (const auto& hash : script_hashes)
    scripts += " '" + hash + "'";
  const std::string_view frames =
      settings.allow_external_embeds ? "frame-src 'self' http: https:; " : "frame-src 'self'; ";
  std::string out = "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; "
                    "frame-ancestors 'none'; ";
  out += frames;
  out += scripts;
  out += "; style-src 'self' 'unsafe-inline' https://fonts.googleapis.com; img-src 'self' data: "
         "blob: https:; media-src 'self' data: blob:; font-src 'self' https://fonts.gstatic.com; "
         "worker-src 'self'; connect-src 'self' ws: wss: data: https://tweakcn.com";
  return out;
}

} // namespace troupe::gateway::control_ui
