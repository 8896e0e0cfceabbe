// json5_cases DIRECTORY: reads every file in it with our reader and prints, one line per file in
// the order of names, `name<TAB>ok<TAB>value` or `name<TAB>no<TAB>line:column message`.
//
// The value is written in a form that both sides produce byte for byte: z null, t true, f false,
// n and the 16 hex digits of the double (nNaN for every NaN), s and the text's UTF-8 in hex, […]
// with elements separated by commas, {key:value,…} with hex keys in the order of their bytes.
#include "config/json5/reader.hpp"
#include "config/source/read_file.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <string>

namespace {

namespace json = boost::json;
namespace json5 = troupe::config::json5;

constexpr std::size_t file_bytes_max = 8u << 20;

std::string hex(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::string number(const json::value& value) {
  const double real = value.is_double()  ? value.get_double()
                      : value.is_int64() ? static_cast<double>(value.get_int64())
                                         : static_cast<double>(value.get_uint64());
  return std::isnan(real) ? "nNaN" : fmt::format("n{:016x}", std::bit_cast<std::uint64_t>(real));
}

std::string canonical(const json::value& value) {
  if (value.is_null())
    return "z";
  if (const auto* truth = value.if_bool())
    return *truth ? "t" : "f";
  if (const auto* text = value.if_string())
    return "s" + hex(*text);
  if (const auto* array = value.if_array()) {
    std::string out;
    for (const auto& each : *array)
      out += (out.empty() ? "" : ",") + canonical(each);
    return "[" + out + "]";
  }
  const auto* object = value.if_object();
  if (!object)
    return number(value);
  std::map<std::string, std::string> members;
  for (const auto& member : *object)
    members.emplace(hex(member.key()), canonical(member.value()));
  std::string out;
  for (const auto& [key, text] : members)
    out += (out.empty() ? "" : ",") + key + ":" + text;
  return "{" + out + "}";
}

std::string verdict(const std::string& path) {
  const auto text = troupe::config::read_file(path, file_bytes_max);
  if (!text)
    return "error\t" + text.error().detail;
  const auto outcome = json5::read(text.value());
  if (const auto* wrong = std::get_if<json5::syntax_error>(&outcome))
    return fmt::format("no\t{}:{} {}", wrong->where.line, wrong->where.column, wrong->message);
  return "ok\t" + canonical(std::get<json5::document>(outcome).value);
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: json5_cases DIRECTORY\n", stderr);
    return 2;
  }
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1]))
    files.insert(entry.path());
  for (const auto& file : files)
    fmt::print("{}\t{}\n", file.filename().string(), verdict(file.string()));
}
