#include "actors/gateway/control_ui/ui_files.hpp"

#include "actors/gateway/control_ui/index_page.hpp"
#include "actors/gateway/control_ui/static_file.hpp"
#include "actors/gateway/limits.hpp"
#include "actors/gateway/probes.hpp"
#include "actors/tool/beneath.hpp"
#include "base/text.hpp"
#include "persistence/tables/digest.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

namespace troupe::gateway::control_ui {
namespace {

constexpr std::string_view index_name = "index.html";

struct opened_file {
  file_handle handle;
  file_version version;
  encoding how = encoding::identity;
};

net::http_response try_later(std::string_view text) {
  auto response = text_response(503, std::string{text});
  response.headers.emplace_back("Retry-After", "1");
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

net::http_response not_found() {
  return text_response(404, "Not Found");
}

/// One page for everybody who may not read a disk's errors.
net::http_response root_unusable() {
  return try_later(
      "The Control UI's files cannot be read. Check gateway.controlUi.root: it must be "
      "the folder that holds the bundle's index.html.");
}

std::optional<opened_file> open_file(const std::string& root, const std::string& path) {
  auto handle = open_beneath(root, path, beneath_kind::regular_file);
  struct stat facts {};
  if (!handle || fstat(handle.value().get(), &facts) != 0)
    return std::nullopt;
  constexpr std::int64_t ns_per_second = 1'000'000'000;
  return opened_file{std::move(handle.value()),
                     {static_cast<std::uint64_t>(facts.st_size),
                      facts.st_mtim.tv_sec * ns_per_second + facts.st_mtim.tv_nsec}};
}

/// The file itself must be there, whichever copy of it is sent.
std::optional<opened_file> open_best(const std::string& root, const std::string& path,
                                     std::string_view accept) {
  auto plain = open_file(root, path);
  const auto wanted = encodings_for(path, accept);
  for (std::size_t i = 0; plain && i < wanted.count; ++i) {
    const auto how = wanted.list[i];
    if (how == encoding::identity)
      break;
    if (auto copy = open_file(root, path + std::string{suffix_of(how)})) {
      copy->how = how;
      return copy;
    }
  }
  return plain;
}

/// Nothing when it cannot be read whole, or has changed meanwhile.
std::optional<std::string> read_whole(const opened_file& file) {
  std::string out(file.version.size, '\0');
  std::size_t done = 0;
  while (done < out.size()) {
    const auto got =
        pread(file.handle.get(), out.data() + done, out.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return std::nullopt;
    done += static_cast<std::size_t>(got);
  }
  return out;
}

credit take_room(credit_pool& room, std::uint64_t bytes) {
  return room.take(static_cast<std::uint32_t>(bytes / file_bytes_per_place + 1));
}

file_answer answer_page(const net::header_list& headers,
                        const config::control_ui_settings& settings, credit_pool& room) {
  const auto file = open_file(settings.root, std::string{index_name});
  if (!file || file->version.size > file_bytes_max)
    return {root_unusable(), nullptr};
  auto held = take_room(room, file->version.size);
  if (!held)
    return {busy_response(), nullptr};
  const auto html = read_whole(*file);
  if (!html)
    return {root_unusable(), nullptr};
  auto page = prepared_index(*html, settings);
  const auto hashes = inline_script_hashes(page);
  const auto digest = tables::digest_of(page + content_security_policy(settings, hashes));
  net::http_response response{200,
                              {{"Content-Type", "text/html; charset=utf-8"},
                               {"Cache-Control", "no-cache"},
                               {"ETag", '"' + to_hex(digest) + '"'}},
                              std::move(page)};
  if (is_known(headers, response.headers.back().second, {})) {
    response.status = 304;
    response.body.clear();
  }
  return {with_page_headers(std::move(response), settings, hashes), std::move(held)};
}

file_answer answer_file(const net::header_list& headers, const opened_file& file,
                        const std::string& path, credit_pool& room) {
  net::http_response response{200, file_headers(path, file.version, file.how), {}};
  if (is_known(headers, net::find_header(response.headers, "ETag"),
               net::find_header(response.headers, "Last-Modified"))) {
    response.status = 304;
    return {std::move(response), nullptr};
  }
  if (file.version.size > file_bytes_max)
    return {text_response(500, "The file is larger than this gateway serves."), nullptr};
  auto held = take_room(room, file.version.size);
  if (!held)
    return {busy_response(), nullptr};
  auto body = read_whole(file);
  if (!body)
    return {try_later("The file is being replaced."), nullptr};
  response.body = std::move(*body);
  return {std::move(response), std::move(held)};
}

} // namespace

net::http_response busy_response() {
  return try_later("The gateway is busy.");
}

net::http_response with_page_headers(net::http_response response,
                                     const config::control_ui_settings& settings,
                                     std::span<const std::string> script_hashes) {
  response.headers.emplace_back("X-Frame-Options", "DENY");
  response.headers.emplace_back("Content-Security-Policy",
                                content_security_policy(settings, script_hashes));
  response.headers.emplace_back("Permissions-Policy", "camera=(self), microphone=*, geolocation=*, "
                                                      "clipboard-write=*");
  return response;
}

file_answer answer_from_root(const net::header_list& headers, const target& wanted,
                             const config::control_ui_settings& settings, credit_pool& room) {
  if (wanted.kind == target_kind::file) {
    const auto accept = net::find_header(headers, "accept-encoding");
    if (const auto file = open_best(settings.root, wanted.path, accept)) {
      auto answer = answer_file(headers, *file, wanted.path, room);
      answer.response = with_page_headers(std::move(answer.response), settings);
      return answer;
    }
    if (!wanted.page_otherwise)
      return {with_page_headers(not_found(), settings), nullptr};
  }
  return answer_page(headers, settings, room);
}

} // namespace troupe::gateway::control_ui
