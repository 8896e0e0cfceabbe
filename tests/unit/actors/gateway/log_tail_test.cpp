#include "actors/gateway/log_tail.hpp"
#include "tests/support/gateway_facts.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fstream>

namespace troupe::gateway {
namespace {

using lines = std::vector<std::string>;

struct log_file {
  test::temp_dir dir;
  log_query query{.file = dir.path() + "/x.log", .cursor = {}};

  void write(const std::string& text) const {
    std::ofstream{query.file, std::ios::app | std::ios::binary} << text;
  }
  void rotate(const std::string& text) const {
    std::ofstream{query.file, std::ios::trunc | std::ios::binary} << text;
  }
  log_page read() const {
    const auto page = read_log(query);
    REQUIRE(page);
    return page.value();
  }
};

} // namespace

TEST_CASE_METHOD(log_file, "log tail: the newest lines, then what came since", "[gateway]") {
  write("a\nb\nc\n");
  query.lines_max = 2;
  auto page = read();
  CHECK(page.lines == lines{"b", "c"});
  CHECK(page.truncated);
  CHECK_FALSE(page.reset);
  CHECK(page.cursor == 6);
  CHECK(page.size == 6);
  query.cursor = page.cursor;
  CHECK(read().lines.empty());
  write("d\n");
  page = read();
  CHECK(page.lines == lines{"d"});
  CHECK_FALSE(page.truncated);
  CHECK(page.cursor == 8);
}

TEST_CASE_METHOD(log_file, "log tail: a line that is still being written comes whole, later",
                 "[gateway]") {
  write("a\nhal");
  auto page = read();
  CHECK(page.lines == lines{"a"});
  query.cursor = page.cursor;
  page = read();
  CHECK(page.lines.empty());
  query.cursor = page.cursor;
  write("f\n");
  CHECK(read().lines == lines{"half"});
}

TEST_CASE_METHOD(log_file, "log tail: of too much the newest whole lines are shown", "[gateway]") {
  write("first\nsecond\nthird\n");
  query.bytes_max = 8; // Reaches into the second line.
  auto page = read();
  CHECK(page.lines == lines{"third"});
  CHECK(page.truncated);
  CHECK_FALSE(page.reset);
  query.cursor = 0;
  page = read();
  CHECK(page.lines == lines{"third"});
  CHECK(page.reset);
  CHECK(page.skipped_bytes == 11);
  query.bytes_max = 6; // Exactly the last line.
  CHECK(read().lines == lines{"third"});
  query.bytes_max = 3; // Less than a line.
  page = read();
  CHECK(page.lines.empty());
  CHECK(page.cursor == page.size);
}

TEST_CASE_METHOD(log_file, "log tail: after a rotation the cursor begins anew", "[gateway]") {
  write("one\ntwo\n");
  query.cursor = read().cursor;
  rotate("new\n");
  const auto page = read();
  CHECK(page.reset);
  CHECK(page.lines == lines{"new"});
}

TEST_CASE_METHOD(log_file, "log tail: a file that is not there has no lines, a folder is refused",
                 "[gateway]") {
  CHECK(read().lines.empty());
  query.cursor = 7;
  CHECK(read().cursor == 0);
  query.file = dir.path();
  CHECK_FALSE(read_log(query));
}

TEST_CASE_METHOD(log_file, "log tail: the result has the members of the protocol", "[gateway]") {
  write("{\"message\":\"a \\\"b\\\"\"}\n");
  const auto shown = test::parse(log_page_json(query, read()));
  CHECK(shown.at("file").as_string() == query.file);
  CHECK(shown.at("cursor") == shown.at("size"));
  CHECK(shown.at("lines").at(0) == R"({"message":"a \"b\""})");
  CHECK(shown.at("truncated") == false);
  CHECK(shown.at("reset") == false);
  CHECK_FALSE(shown.as_object().contains("skippedBytes"));
}

} // namespace troupe::gateway
