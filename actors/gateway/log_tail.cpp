#include "actors/gateway/log_tail.hpp"

#include "actors/gateway/json_writer.hpp"
#include "base/file_handle.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace troupe::gateway {
namespace {

/// Bytes [from, to) of the file; fewer when it ended earlier.
result<std::string> read_range(int file, std::uint64_t from, std::uint64_t to,
                               const std::string& path) {
  std::string out(to - from, '\0');
  std::size_t have = 0;
  while (have < out.size()) {
    const auto got =
        pread(file, out.data() + have, out.size() - have, static_cast<off_t>(from + have));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return file_error("cannot read", path, errno);
    if (got == 0)
      break;
    have += static_cast<std::size_t>(got);
  }
  out.resize(have);
  return out;
}

/// Where reading begins, and what the client has to know about it.
std::uint64_t begin_of(const log_query& query, log_page& page) {
  const auto newest = page.size - std::min<std::uint64_t>(page.size, query.bytes_max);
  if (!query.cursor) {
    page.truncated = newest > 0;
    return newest;
  }
  if (*query.cursor > page.size) {
    // The file was rotated: what the cursor counted is another file now.
    page.reset = true;
    page.truncated = newest > 0;
    return newest;
  }
  if (*query.cursor < newest) {
    page.reset = page.truncated = true;
    page.skipped_bytes = newest - *query.cursor;
    return newest;
  }
  return *query.cursor;
}

void take_lines(std::string_view text, const log_query& query, log_page& page) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    page.lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  if (page.lines.size() <= query.lines_max)
    return;
  page.truncated = true;
  page.lines.erase(page.lines.begin(),
                   page.lines.end() - static_cast<std::ptrdiff_t>(query.lines_max));
}

} // namespace

result<log_page> read_log(const log_query& query) {
  log_page page;
  const file_handle file{open(query.file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
  if (!file.valid()) {
    if (errno == ENOENT)
      return page;
    return file_error("cannot open", query.file, errno);
  }
  struct stat facts {};
  if (fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode))
    return error{errc::storage_failed, "the log is not a regular file"};
  page.size = static_cast<std::uint64_t>(facts.st_size);
  const auto begin = begin_of(query, page);
  // One byte more tells whether `begin` is the beginning of a line.
  const auto from = begin - std::min<std::uint64_t>(begin, 1);
  TR_TRY(const auto read, read_range(file.get(), from, page.size, query.file));
  std::string_view text{read};
  // A line that is still being written is for the next time.
  text = text.substr(0, text.rfind('\n') + 1);
  page.cursor = std::max(begin, from + text.size());
  if (begin > 0) {
    const auto first = text.find('\n');
    text.remove_prefix(first == std::string_view::npos ? text.size() : first + 1);
  }
  take_lines(text, query, page);
  return page;
}

std::string log_page_json(const log_query& query, const log_page& page) {
  json_writer out;
  out.begin_object()
      .member("file", query.file)
      .member("cursor", page.cursor)
      .member("size", page.size)
      .key("lines")
      .begin_array();
  for (const auto& line : page.lines)
    out.value(line);
  out.end_array().member("truncated", page.truncated).member("reset", page.reset);
  if (page.skipped_bytes > 0)
    out.member("skippedBytes", page.skipped_bytes);
  out.end_object();
  return out.take();
}

} // namespace troupe::gateway
