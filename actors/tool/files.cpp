#include "actors/conversation/limits.hpp"
#include "actors/tool/arguments.hpp"
#include "actors/tool/beneath.hpp"
#include "actors/tool/built_in.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace troupe {
namespace {

constexpr std::uint64_t read_lines_max = 2000;
constexpr std::size_t read_file_bytes_max = 8u << 20;
constexpr std::size_t ls_entries_max = 500;

tool_output failed(const error& failure) {
  return {failure.detail, true};
}

result<std::string> contents(const file_handle& file, const cancel_flag& cancelled) {
  std::string out;
  char piece[64 << 10];
  for (;;) {
    if (cancelled && cancelled->load())
      return error{errc::cancelled, "stopped"};
    const auto got = ::read(file.get(), piece, sizeof piece);
    if (got == 0)
      return out;
    if (got < 0)
      return error{errc::unavailable, "the file cannot be read"};
    out.append(piece, static_cast<std::size_t>(got));
    if (out.size() > read_file_bytes_max)
      return error{errc::invalid_argument,
                   fmt::format("the file is larger than {} MiB", read_file_bytes_max >> 20)};
  }
}

/// Lines `offset` … `offset + limit - 1` (from 1), as many as fit the result's bound.
std::string window(std::string_view text, std::uint64_t offset, std::uint64_t limit) {
  std::string out;
  std::uint64_t line = 1;
  std::size_t at = 0;
  for (; at < text.size(); ++line) {
    const auto end = std::min(text.find('\n', at), text.size() - 1) + 1;
    if (line >= offset + limit || out.size() + (end - at) > tool_result_bytes_max - 128)
      break;
    if (line >= offset)
      out.append(text.substr(at, end - at));
    at = end;
  }
  if (at < text.size())
    out += fmt::format("\n[more lines follow: continue with offset {}]", line);
  return out;
}

tool_output read_file(const tool_context& context, std::string_view arguments) {
  auto parsed = tool_arguments::parse(arguments);
  if (!parsed)
    return failed(parsed.error());
  const auto path = parsed.value().text("path");
  if (!path)
    return failed(path.error());
  const auto offset = parsed.value().number_or("offset", 1, 1, UINT32_MAX);
  if (!offset)
    return failed(offset.error());
  const auto limit = parsed.value().number_or("limit", read_lines_max, 1, read_lines_max);
  if (!limit)
    return failed(limit.error());
  const auto file = open_beneath(context.workspace, path.value(), beneath_kind::regular_file);
  if (!file)
    return failed(file.error());
  const auto text = contents(file.value(), context.cancelled);
  if (!text)
    return failed(text.error());
  if (text.value().find('\0') != std::string::npos)
    return {fmt::format("{}: a binary file", path.value()), true};
  return {window(text.value(), offset.value(), limit.value()), false};
}

tool_output list_directory(const tool_context& context, std::string_view arguments) {
  auto parsed = tool_arguments::parse(arguments);
  if (!parsed)
    return failed(parsed.error());
  const auto path = parsed.value().text_or("path", ".");
  auto opened = open_beneath(context.workspace, path, beneath_kind::directory);
  if (!opened)
    return failed(opened.error());
  const std::unique_ptr<DIR, int (*)(DIR*)> directory{fdopendir(opened.value().release()),
                                                      &closedir};
  if (!directory)
    return {fmt::format("{}: cannot be listed", path), true};
  std::vector<std::string> names;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): glibc's is safe for streams of one thread each.
  while (const auto* entry = readdir(directory.get())) {
    const std::string name{entry->d_name};
    if (name == "." || name == "..")
      continue;
    if (names.size() == ls_entries_max) {
      names.push_back(fmt::format("[only {} entries are shown]", ls_entries_max));
      break;
    }
    struct stat facts {};
    const bool known =
        fstatat(dirfd(directory.get()), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0;
    names.push_back(known && S_ISDIR(facts.st_mode) ? name + "/" : name);
  }
  std::ranges::sort(names);
  if (names.empty())
    return {"(empty)", false};
  return {fmt::format("{}", fmt::join(names, "\n")), false};
}

} // namespace

tool_declaration read_tool() {
  return {.name = "read",
          .description = "Read a text file of the workspace. Long files are read in pieces with "
                         "offset (first line, from 1) and limit (lines).",
          .schema = R"({"type":"object","properties":{)"
                    R"("path":{"type":"string","description":"File path inside the workspace"},)"
                    R"("offset":{"type":"integer","minimum":1},)"
                    R"("limit":{"type":"integer","minimum":1,"maximum":2000}},)"
                    R"("required":["path"],"additionalProperties":false})",
          .effect = effect_class::repeatable,
          .run = read_file};
}

tool_declaration ls_tool() {
  return {.name = "ls",
          .description = "List a directory of the workspace. Directories end with a slash.",
          .schema = R"({"type":"object","properties":{)"
                    R"("path":{"type":"string","description":"Directory inside the workspace; )"
                    R"(default: its top"}},"additionalProperties":false})",
          .effect = effect_class::repeatable,
          .run = list_directory};
}

} // namespace troupe
