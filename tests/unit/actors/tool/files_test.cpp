#include "actors/conversation/limits.hpp"
#include "actors/tool/built_in.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

namespace troupe::test {
namespace {

struct tool_world {
  temp_dir top;
  manual_clock time;
  tool_context context;
  tool_world() {
    context.workspace = top.path();
    context.time = &time;
    context.session_key = "agent:main:main";
    context.model = "demo/demo";
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream{top / name} << text;
  }
  tool_output read(const std::string& arguments) { return read_tool().run(context, arguments); }
  tool_output ls(const std::string& arguments) { return ls_tool().run(context, arguments); }
};

} // namespace

TEST_CASE_METHOD(tool_world, "read: the whole of a small file") {
  write("a.txt", "one\ntwo\nthree");
  const auto output = read(R"({"path":"a.txt"})");
  CHECK_FALSE(output.is_error);
  CHECK(output.text == "one\ntwo\nthree");
}

TEST_CASE_METHOD(tool_world, "read: a window of lines says where to go on") {
  write("a.txt", "1\n2\n3\n4\n5\n");
  CHECK(read(R"({"path":"a.txt","offset":2,"limit":2})").text ==
        "2\n3\n\n[more lines follow: continue with offset 4]");
  CHECK(read(R"({"path":"a.txt","offset":4})").text == "4\n5\n");
  CHECK(read(R"({"path":"a.txt","offset":9})").text.empty());
}

TEST_CASE_METHOD(tool_world, "read: a long file is cut at whole lines below the result's bound") {
  std::string text;
  for (int i = 0; i < 1500; ++i)
    text += std::string(60, 'x') + "\n";
  write("long.txt", text);
  const auto output = read(R"({"path":"long.txt"})");
  CHECK(output.text.size() <= tool_result_bytes_max);
  CHECK(output.text.find("continue with offset") != std::string::npos);
}

TEST_CASE_METHOD(tool_world, "read: binary, missing and wrong arguments are explained") {
  write("b.bin", std::string("a\0b", 3));
  CHECK(read(R"({"path":"b.bin"})").is_error);
  CHECK(read(R"({"path":"missing"})").is_error);
  CHECK(read(R"({})").is_error);
  CHECK(read(R"({"path":"a","limit":0})").is_error);
  CHECK(read("not json").is_error);
}

TEST_CASE_METHOD(tool_world, "read: an empty file is empty, not an error") {
  write("e.txt", "");
  const auto output = read(R"({"path":"e.txt"})");
  CHECK_FALSE(output.is_error);
  CHECK(output.text.empty());
}

TEST_CASE_METHOD(tool_world, "ls: names in order, directories marked, links not followed") {
  write("b.txt", "");
  std::filesystem::create_directory(top / "a");
  std::filesystem::create_symlink("/etc", top / "etc");
  CHECK(ls("{}").text == "a/\nb.txt\netc");
  CHECK(ls(R"({"path":"a"})").text == "(empty)");
  CHECK(ls(R"({"path":"etc"})").is_error);
  CHECK(ls(R"({"path":"b.txt"})").is_error);
}

TEST_CASE_METHOD(tool_world, "session_status: tells time, model and session") {
  const auto output = session_status_tool().run(context, "{}");
  CHECK(output.text.find("2023-11-14") != std::string::npos);
  CHECK(output.text.find("demo/demo") != std::string::npos);
  CHECK(output.text.find("agent:main:main") != std::string::npos);
}

} // namespace troupe::test
