#include "actors/gateway/control_ui/static_file.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace troupe::gateway::control_ui {
namespace {

struct file_type {
  std::string_view ending;
  std::string_view type;
  bool text = false; ///< Worth compressing.
};
constexpr std::array<file_type, 16> types{{
    {".css", "text/css; charset=utf-8", true},
    {".gif", "image/gif"},
    {".ico", "image/x-icon"},
    {".jpeg", "image/jpeg"},
    {".jpg", "image/jpeg"},
    {".js", "application/javascript; charset=utf-8", true},
    {".json", "application/json; charset=utf-8", true},
    {".map", "application/json; charset=utf-8"},
    {".md", "text/plain; charset=utf-8"},
    {".png", "image/png"},
    {".svg", "image/svg+xml", true},
    {".txt", "text/plain; charset=utf-8", true},
    {".wasm", "application/wasm", true},
    {".webmanifest", "application/manifest+json; charset=utf-8", true},
    {".webp", "image/webp"},
    {".woff2", "font/woff2"},
}};

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1); // npos + 1 is 0.
}

std::string lower_ending(std::string_view path) {
  const auto name = name_of(path);
  const auto dot = name.rfind('.');
  std::string out{dot == std::string_view::npos ? std::string_view{} : name.substr(dot)};
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

const file_type* type_of(std::string_view path) {
  const auto* found = std::ranges::find(types, lower_ending(path), &file_type::ending);
  return found == types.end() ? nullptr : found;
}

/// A build tool's content hash at the end of a name: base64url.
constexpr std::size_t hash_chars = 8;

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '_';
}

/// The weight of "gzip;q=0.5"; what cannot be read counts as refused.
bool is_refused(std::string_view parameters) {
  const auto at = parameters.find("q=");
  if (at == std::string_view::npos)
    return false;
  const auto weight = trimmed(parameters.substr(at + 2));
  return weight.empty() || weight.find_first_not_of("0.") == std::string_view::npos;
}

/// Whether one of the comma-separated elements of `accept` is `coding`, and not refused.
bool accepts(std::string_view accept, std::string_view coding) {
  while (!accept.empty()) {
    const auto comma = accept.find(',');
    const auto element = accept.substr(0, comma);
    const auto semicolon = element.find(';');
    if (trimmed(element.substr(0, semicolon)) == coding)
      return semicolon == std::string_view::npos || !is_refused(element.substr(semicolon));
    accept.remove_prefix(comma == std::string_view::npos ? accept.size() : comma + 1);
  }
  return false;
}

bool lists(std::string_view tags, std::string_view tag) {
  while (!tags.empty()) {
    const auto comma = tags.find(',');
    auto each = trimmed(tags.substr(0, comma));
    if (each.starts_with("W/"))
      each.remove_prefix(2);
    if (each == "*" || each == tag)
      return true;
    tags.remove_prefix(comma == std::string_view::npos ? tags.size() : comma + 1);
  }
  return false;
}

} // namespace

std::string_view content_type_of(std::string_view path) {
  const auto* known = type_of(path);
  return known != nullptr ? known->type : "application/octet-stream";
}

bool is_static_name(std::string_view path) {
  return type_of(path) != nullptr;
}

bool is_encoded_copy(std::string_view path) {
  const auto ending = lower_ending(path);
  return ending == ".br" || ending == ".gz";
}

bool is_hashed_asset(std::string_view path) {
  if (!path.starts_with("assets/"))
    return false;
  const auto name = name_of(path);
  const auto stem = name.substr(0, std::min(name.rfind('.'), name.size()));
  if (stem.size() <= hash_chars || stem.size() == name.size())
    return false;
  const auto hash = stem.substr(stem.size() - hash_chars);
  return stem[stem.size() - hash_chars - 1] == '-' && std::ranges::all_of(hash, is_word);
}

std::string_view suffix_of(encoding how) {
  switch (how) {
  case encoding::identity:
    break;
  case encoding::gzip:
    return ".gz";
  case encoding::brotli:
    return ".br";
  }
  return "";
}

encodings encodings_for(std::string_view path, std::string_view accept) {
  encodings out;
  const auto* type = type_of(path);
  if (type == nullptr || !type->text || !is_hashed_asset(path))
    return out;
  out.count = 0;
  if (accepts(accept, "br"))
    out.list[out.count++] = encoding::brotli;
  if (accepts(accept, "gzip"))
    out.list[out.count++] = encoding::gzip;
  out.list[out.count++] = encoding::identity;
  return out;
}

std::string entity_tag(const file_version& of, encoding how) {
  return fmt::format("\"{:x}-{:x}{}\"", of.mtime_ns, of.size, suffix_of(how));
}

std::string http_date(std::int64_t seconds) {
  const std::time_t at = seconds;
  std::tm parts{};
  gmtime_r(&at, &parts);
  std::array<char, 40> text{};
  std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text.data();
}

bool is_known(const net::header_list& headers, std::string_view tag, std::string_view modified) {
  // The tag knows better than the second: where it was sent, it alone decides.
  if (const auto tags = net::find_header(headers, "if-none-match"); !tags.empty())
    return lists(tags, tag);
  return !modified.empty() && net::find_header(headers, "if-modified-since") == modified;
}

net::header_list file_headers(std::string_view path, const file_version& version, encoding how) {
  constexpr std::int64_t ns_per_second = 1'000'000'000;
  net::header_list out{
      {"Content-Type", std::string{content_type_of(path)}},
      {"Cache-Control", is_hashed_asset(path) ? "public, max-age=31536000, immutable" : "no-cache"},
      {"ETag", entity_tag(version, how)},
      {"Last-Modified", http_date(version.mtime_ns / ns_per_second)},
      {"Vary", "Accept-Encoding"},
  };
  if (how != encoding::identity)
    out.emplace_back("Content-Encoding", how == encoding::gzip ? "gzip" : "br");
  return out;
}

} // namespace troupe::gateway::control_ui
