#include "app/cli/stream_printer.hpp"

#include <catch2/catch.hpp>

namespace {

using troupe::cli::piece;
using troupe::cli::stream_printer;

/// Everything written, asides in brackets on lines of their own.
std::string screen(stream_printer& printer) {
  std::string shown;
  for (const auto& each : printer.take())
    shown += each.what == piece::kind::text ? each.text : "[" + each.text + "]\n";
  return shown;
}

const std::string started_again = "[· the answer was started again]\n";

} // namespace

TEST_CASE("stream printer: deltas are written as they come, the final only ends the line") {
  stream_printer printer;
  printer.delta("Hel", nullptr, false);
  CHECK(screen(printer) == "Hel");
  printer.delta("lo", nullptr, false);
  CHECK(screen(printer) == "lo");
  printer.finish("Hello");
  CHECK(screen(printer) == "\n");
  CHECK(printer.text() == "Hello");
}

TEST_CASE("stream printer: the whole text of a delta makes up for one that was missed") {
  stream_printer printer;
  const std::string first = "Hel";
  const std::string third = "Hello you";
  printer.delta("Hel", &first, false);
  printer.delta(" you", &third, false);
  printer.finish("Hello you");

  CHECK(screen(printer) == "Hello you\n");
}

TEST_CASE("stream printer: a final without deltas is written once") {
  stream_printer printer;
  printer.finish("Hello");
  CHECK(screen(printer) == "Hello\n");

  stream_printer silent;
  silent.finish("");
  CHECK(screen(silent).empty());
}

TEST_CASE("stream printer: text that a restarted answer repeats is not written again") {
  stream_printer printer;
  printer.delta("The time is ", nullptr, false);
  printer.delta("The", nullptr, true);
  printer.delta(" time", nullptr, false);
  CHECK(screen(printer) == "The time is ");
  printer.delta(" is ten", nullptr, false);
  CHECK(screen(printer) == "ten");
  printer.finish("The time is ten");
  CHECK(screen(printer) == "\n");
}

TEST_CASE("stream printer: a restarted answer that says something else is written as a whole") {
  stream_printer printer;
  printer.delta("The time is nine", nullptr, false);
  printer.delta("It is ten", nullptr, true);
  printer.finish("It is ten");

  CHECK(screen(printer) == "The time is nine\n" + started_again + "It is ten\n");
  CHECK(printer.text() == "It is ten");
}

TEST_CASE("stream printer: a final that contradicts the deltas wins") {
  stream_printer printer;
  printer.delta("Hello wor", nullptr, false);
  printer.finish("Hello");

  CHECK(screen(printer) == "Hello wor\n" + started_again + "Hello\n");
}

TEST_CASE("stream printer: after a tool the text may go on or begin anew") {
  stream_printer on;
  on.delta("Let me look.", nullptr, false);
  on.aside("· ls …");
  on.part_ended();
  on.delta(" Two files.", nullptr, false);
  on.finish("Let me look. Two files.");
  CHECK(screen(on) == "Let me look.\n[· ls …]\n Two files.\n");

  stream_printer anew;
  anew.delta("Let me look.", nullptr, false);
  anew.aside("· ls …");
  anew.part_ended();
  anew.delta("Two files.", nullptr, true);
  anew.finish("Two files.");
  CHECK(screen(anew) == "Let me look.\n[· ls …]\nTwo files.\n");
}

TEST_CASE("stream printer: a final that is the last part of what was shown adds nothing") {
  stream_printer printer;
  printer.delta("Let me look. Two files.", nullptr, false);
  printer.finish("Two files.");

  CHECK(screen(printer) == "Let me look. Two files.\n");
}

TEST_CASE("stream printer: a line that is complete is not ended twice") {
  stream_printer printer;
  printer.delta("a\n", nullptr, false);
  printer.aside("b");
  printer.finish("a\n");

  CHECK(screen(printer) == "a\n[b]\n");
}
