#pragma once

#include "net/http/messages.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

/// How a file of the web page is told to a browser: its type, how long it may be kept, whether the
/// browser has it already. Pure. Source: protocol.md section 14, "Control UI"; RFC 9110, 9111.
namespace troupe::gateway::control_ui {

/// By the ending of the name; "application/octet-stream" when it is none that we know.
std::string_view content_type_of(std::string_view path);
/// Whether the name ends as a page's file does: where it is missing, nothing else is meant.
bool is_static_name(std::string_view path);
/// "x.js.br": a compressed copy, which is sent in the place of "x.js" and has no address.
bool is_encoded_copy(std::string_view path);
/// "assets/index-DsEuFQRE.js": the name changes with the content, so it may be kept for ever.
bool is_hashed_asset(std::string_view path);

enum class encoding { identity, gzip, brotli };
/// "", ".gz", ".br"
std::string_view suffix_of(encoding how);

/// In the order in which to try them; identity comes last and is always there.
struct encodings {
  std::array<encoding, 3> list{encoding::identity};
  std::size_t count = 1;
};
/// What to look for beside `path`, for a client that sent `accept` (Accept-Encoding). Only a hashed
/// asset has copies that are sure to be of the same build.
encodings encodings_for(std::string_view path, std::string_view accept);

/// What a file is known by, as `fstat` tells it.
struct file_version {
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
};
std::string entity_tag(const file_version& of, encoding how);
/// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(std::int64_t seconds);

/// Whether a client that sent `headers` has this version: 304.
bool is_known(const net::header_list& headers, std::string_view tag, std::string_view modified);

/// Content-Type, Cache-Control, ETag and so on of a file, for 200 and 304 alike.
net::header_list file_headers(std::string_view path, const file_version& version, encoding how);

} // namespace troupe::gateway::control_ui
