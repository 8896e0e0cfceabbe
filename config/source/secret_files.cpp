#include "config/source/secret_files.hpp"

#include "base/file_handle.hpp"
#include "config/source/read_file.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <new>

namespace troupe::config {
namespace {

namespace json = boost::json;

constexpr std::string_view single_id = "value";
constexpr mode_t others_may = 077;

/// Why the open file must not be trusted; empty: it may be.
std::string objection(const struct stat& about) {
  if (!S_ISREG(about.st_mode))
    return "is not a regular file";
  if (about.st_uid != ::geteuid())
    return "belongs to another user";
  if (about.st_nlink != 1)
    return "has more than one name (hard links)";
  if ((about.st_mode & others_may) != 0)
    return "can be used by others; run chmod 600 on it";
  return {};
}

result<secret> read_private(const secret_file& from) {
  const file_handle file(::open(from.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.valid() && errno == ELOOP)
    return error{errc::forbidden, from.path + ": is a link; name the file itself"};
  if (!file.valid())
    return file_error("cannot open", from.path, errno);
  struct stat about {};
  if (::fstat(file.get(), &about) != 0)
    return file_error("cannot look at", from.path, errno);
  if (const auto why = objection(about); !why.empty())
    return error{errc::forbidden, from.path + ": " + why};
  TR_TRY(auto text, read_open_file(file.get(), from.path, from.bytes_max));
  return secret(std::move(text));
}

secret without_line_end(std::string text) {
  if (text.ends_with('\n'))
    text.pop_back();
  if (text.ends_with('\r'))
    text.pop_back();
  return secret(std::move(text));
}

result<secret> at_pointer(const std::string& path, const std::string& text, std::string_view id) {
  if (!id.starts_with('/'))
    return error{errc::invalid_argument,
                 fmt::format("{}: the id must be a JSON pointer such as /openai/apiKey", path)};
  try {
    boost::system::error_code broken;
    const auto document = json::parse(text, broken);
    if (broken) // The reason may quote the text.
      return error{errc::invalid_argument, path + ": is not JSON"};
    const auto* found = document.find_pointer({id.data(), id.size()}, broken);
    if (!found)
      return error{errc::not_found, fmt::format("{}: has nothing at {}", path, id)};
    if (!found->is_string())
      return error{errc::invalid_argument, fmt::format("{}: has no string at {}", path, id)};
    return secret(std::string(std::string_view(found->get_string())));
  } catch (const std::bad_alloc&) {
    return error{errc::storage_failed, path + ": does not fit into memory"};
  }
}

} // namespace

const result<secret>& secret_files::text_of(const secret_file& from) {
  for (const auto& known : read_)
    if (known.path == from.path)
      return known.text;
  return read_.emplace_back(content{from.path, read_private(from)}).text;
}

result<secret> secret_files::read(const secret_file& from, std::string_view id) {
  const auto& text = text_of(from);
  if (!text)
    return text.error();
  const auto& whole = text.value().reveal();
  if (!from.single_value)
    return at_pointer(from.path, whole, id);
  if (id != single_id)
    return error{errc::invalid_argument,
                 fmt::format("{}: holds a single value, so the id must be \"value\"", from.path)};
  return without_line_end(whole);
}

} // namespace troupe::config
