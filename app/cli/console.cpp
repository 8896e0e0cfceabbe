#include "app/cli/console.hpp"

#include "app/cli/json_view.hpp"

#include <boost/json/serialize.hpp>

#include <ostream>

namespace troupe::cli {

namespace json = boost::json;

namespace {

constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view red = "\x1b[31m";
constexpr std::string_view plain = "\x1b[0m";

/// no-color.org: set and not empty switches colours off.
bool colours(const environment& around, bool terminal) {
  if (!terminal || around.variable("NO_COLOR").value_or("") != "")
    return false;
  return around.variable("TERM").value_or("") != "dumb";
}

void indent(std::string& out, std::size_t depth) {
  out += '\n';
  out.append(depth * 2, ' ');
}

void write(std::string& out, const json::value& value, std::size_t depth) {
  if (const auto* object = value.if_object(); object && !object->empty()) {
    char before = '{';
    for (const auto& [key, member] : *object) {
      out += before;
      indent(out, depth + 1);
      out += json::serialize(json::string{key}) + ": ";
      write(out, member, depth + 1);
      before = ',';
    }
    indent(out, depth);
    out += '}';
  } else if (const auto* array = value.if_array(); array && !array->empty()) {
    char before = '[';
    for (const auto& member : *array) {
      out += before;
      indent(out, depth + 1);
      write(out, member, depth + 1);
      before = ',';
    }
    indent(out, depth);
    out += ']';
  } else {
    out += json::serialize(value);
  }
}

} // namespace

console::console(const environment& around, bool json)
    : around_(around), json_(json), colour_out_(colours(around, around.out_is_terminal)),
      colour_err_(colours(around, around.err_is_terminal)) {}

void console::line(std::string_view text) const {
  piece(text);
  piece("\n");
}

void console::piece(std::string_view text) const {
  if (json_ || text.empty())
    return;
  line_open_ = !text.ends_with('\n');
  if (around_.out_is_terminal)
    *around_.out << printable(text) << std::flush;
  else
    *around_.out << text << std::flush;
}

void console::aside(std::string_view text) const {
  if (json_)
    return;
  if (colour_out_)
    *around_.out << dim << printable(text) << plain << std::endl;
  else
    line(text);
}

void console::note(std::string_view text) const {
  if (line_open_ && around_.out_is_terminal && around_.err_is_terminal)
    piece("\n");
  *around_.err << printable(text) << std::endl;
}

int console::fail(const failure& why) const {
  if (json_) {
    json::object told{{"code", why.code}, {"message", why.message}, {"next", why.next}};
    if (!why.details.empty())
      told["details"] = why.details;
    object({{"ok", false}, {"error", std::move(told)}});
  } else {
    *around_.err << (colour_err_ ? red : "") << "error: " << (colour_err_ ? plain : "")
                 << printable(why.message) << "\n  " << printable(why.next) << std::endl;
  }
  return static_cast<int>(why.status);
}

void console::object(json::object result) const {
  if (!json_)
    return;
  if (!result.contains("ok")) {
    json::object with_ok{{"ok", true}};
    for (auto& [key, value] : result)
      with_ok[key] = std::move(value);
    result = std::move(with_ok);
  }
  *around_.out << json::serialize(result) << std::endl;
}

void console::result(json::object machine, std::string_view human) const {
  object(std::move(machine));
  line(human);
}

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are control characters too; in UTF-8 they are C2 80 to C2 9F.
    const bool two_byte_control =
        byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (two_byte_control)
      ++i;
    else if ((byte >= 0x20 && byte != 0x7f) || byte == '\n' || byte == '\t')
      shown += text[i];
  }
  return shown;
}

std::string pretty(const json::value& value) {
  std::string out;
  write(out, value, 0);
  return out;
}

} // namespace troupe::cli
