#include "actors/tool/beneath.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace troupe::test {
namespace {

struct workspace_world {
  temp_dir top;
  const std::string root = top / "workspace";
  workspace_world() {
    std::filesystem::create_directories(root + "/sub");
    write(root + "/notes.md", "hello");
    write(root + "/sub/deep.txt", "deep");
    write(top / "secret.txt", "secret");
    std::filesystem::create_symlink("../secret.txt", root + "/link.txt");
    std::filesystem::create_symlink("..", root + "/up");
    std::filesystem::create_symlink("notes.md", root + "/inner.txt");
    mkfifo((root + "/pipe").c_str(), 0600);
  }
  static void write(const std::string& path, const std::string& text) {
    std::ofstream{path} << text;
  }
  errc refusal(std::string_view path, beneath_kind kind = beneath_kind::regular_file) const {
    const auto opened = open_beneath(root, path, kind);
    REQUIRE_FALSE(opened);
    return opened.error().code;
  }
};

} // namespace

TEST_CASE_METHOD(workspace_world, "beneath: files and directories of the workspace open") {
  CHECK(open_beneath(root, "notes.md", beneath_kind::regular_file));
  CHECK(open_beneath(root, "./sub/deep.txt", beneath_kind::regular_file));
  CHECK(open_beneath(root, "sub/../notes.md", beneath_kind::regular_file));
  CHECK(open_beneath(root, root + "/sub/deep.txt", beneath_kind::regular_file));
  CHECK(open_beneath(root, ".", beneath_kind::directory));
  CHECK(open_beneath(root, root, beneath_kind::directory));
}

TEST_CASE_METHOD(workspace_world, "beneath: nothing outside is reached by any spelling") {
  for (const std::string& path :
       {std::string{"../secret.txt"}, std::string{"sub/../../secret.txt"}, top / "secret.txt",
        std::string{"/etc/passwd"}, root + "/../secret.txt", root + "x/secret.txt"})
    CHECK(refusal(path) == errc::forbidden);
}

TEST_CASE_METHOD(workspace_world, "beneath: no link is followed, out or in") {
  CHECK(refusal("link.txt") == errc::forbidden);
  CHECK(refusal("up/secret.txt") == errc::forbidden);
  CHECK(refusal("inner.txt") == errc::forbidden);
  CHECK(refusal("/proc/self/root/etc/passwd") == errc::forbidden);
}

TEST_CASE_METHOD(workspace_world,
                 "beneath: what is no file or directory is refused without waiting") {
  CHECK(refusal("pipe") == errc::invalid_argument);
  CHECK(refusal("sub") == errc::invalid_argument);
  CHECK(refusal("notes.md", beneath_kind::directory) == errc::invalid_argument);
  CHECK(refusal("missing") == errc::not_found);
  CHECK(refusal("notes.md/x") == errc::not_found);
  CHECK(refusal(std::string_view{"notes.md\0x", 10}) == errc::invalid_argument);
}

TEST_CASE("beneath: a workspace that does not exist is said to be missing") {
  const auto opened = open_beneath("/nonexistent-workspace", "x", beneath_kind::regular_file);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::not_found);
}

} // namespace troupe::test
