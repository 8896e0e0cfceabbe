#include "actors/gateway/control_ui/built_in_page.hpp"
#include "actors/gateway/control_ui/index_page.hpp"
#include "actors/gateway/control_ui/ui_files.hpp"
#include "actors/gateway/limits.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace troupe::gateway::control_ui {
namespace {

constexpr auto script = "assets/index-DsEuFQRE.js";
constexpr auto page_text = "<!doctype html><html lang=\"en\"><script>x</script></html>";

/// A bundle of a few files, with a secret beside it.
struct bundle {
  test::temp_dir around;
  config::control_ui_settings settings;
  std::shared_ptr<credit_pool> room = credit_pool::create(64);

  bundle() {
    settings.root = around / "ui";
    std::filesystem::create_directories(around / "ui/assets");
    write("secret.txt", "not yours");
    write("ui/index.html", page_text);
    write(std::string{"ui/"} + script, "script");
    write("ui/sw.js", "worker");
  }

  void write(const std::string& name, std::string_view text) const {
    std::ofstream{around / name, std::ios::binary} << text;
  }

  net::http_response get(const std::string& path, const net::header_list& headers = {}) const {
    return answer_from_root(headers, {target_kind::file, path, false}, settings, *room).response;
  }
  net::http_response page(const net::header_list& headers = {}) const {
    return answer_from_root(headers, {target_kind::page, {}, false}, settings, *room).response;
  }
};

std::string header(const net::http_response& response, std::string_view name) {
  return std::string{net::find_header(response.headers, name)};
}

} // namespace

TEST_CASE_METHOD(bundle, "ui files: a file comes as it is, with what a browser must know",
                 "[control-ui]") {
  const auto response = get(script);
  CHECK(response.status == 200);
  CHECK(response.body == "script");
  CHECK(header(response, "Content-Type") == "application/javascript; charset=utf-8");
  CHECK(header(response, "Cache-Control") == "public, max-age=31536000, immutable");
  CHECK(header(response, "X-Frame-Options") == "DENY");
  CHECK(header(response, "Content-Security-Policy") == content_security_policy(settings));
  CHECK(header(get("sw.js"), "Cache-Control") == "no-cache");
}

TEST_CASE_METHOD(bundle, "ui files: a compressed copy is sent only beside its original",
                 "[control-ui]") {
  write(std::string{"ui/"} + script + ".br", "short");
  write("ui/assets/alone-12345678.js.br", "short");
  const auto response = get(script, {{"accept-encoding", "gzip, br"}});
  CHECK(response.body == "short");
  CHECK(header(response, "Content-Encoding") == "br");
  CHECK(header(response, "Content-Type") == "application/javascript; charset=utf-8");
  CHECK(header(response, "ETag") != header(get(script), "ETag"));
  CHECK(get(script, {{"accept-encoding", "gzip"}}).body == "script");
  CHECK(get("assets/alone-12345678.js", {{"accept-encoding", "br"}}).status == 404);
}

TEST_CASE_METHOD(bundle, "ui files: who has the version is told so", "[control-ui]") {
  const auto tag = header(get("sw.js"), "ETag");
  const auto again = get("sw.js", {{"if-none-match", tag}});
  CHECK(again.status == 304);
  CHECK(again.body.empty());
  CHECK(header(again, "ETag") == tag);
  CHECK(get("sw.js", {{"if-modified-since", header(get("sw.js"), "Last-Modified")}}).status == 304);
  write("ui/sw.js", "worker, changed");
  CHECK(get("sw.js", {{"if-none-match", tag}}).body == "worker, changed");
}

TEST_CASE_METHOD(bundle, "ui files: nothing outside of the root, no link, no device, no folder",
                 "[control-ui][security]") {
  std::filesystem::create_symlink("../secret.txt", around / "ui/link.txt");
  std::filesystem::create_symlink("sw.js", around / "ui/inner.js");
  std::filesystem::create_directory_symlink("..", around / "ui/up");
  REQUIRE(mkfifo((around / "ui/pipe.txt").c_str(), 0600) == 0);
  for (const auto* path : {"link.txt", "inner.js", "up/secret.txt", "pipe.txt", "assets",
                           "../secret.txt", "assets/../../secret.txt", "gone.js", "sw.js/x.js"}) {
    CAPTURE(path);
    const auto response = get(path);
    CHECK(response.status == 404);
    CHECK(response.body == "Not Found");
    CHECK(header(response, "X-Frame-Options") == "DENY");
  }
  CHECK(get(around / "secret.txt").status == 404);
  // A copy that is a link is not sent either.
  std::filesystem::create_symlink("../../secret.txt",
                                  around / (std::string{"ui/"} + script + ".gz"));
  CHECK(get(script, {{"accept-encoding", "gzip"}}).body == "script");
}

TEST_CASE_METHOD(bundle, "ui files: the page is prepared and its scripts are named in its policy",
                 "[control-ui]") {
  const auto response = page();
  CHECK(response.status == 200);
  CHECK(response.body == prepared_index(page_text, settings));
  CHECK(header(response, "Content-Type") == "text/html; charset=utf-8");
  CHECK(header(response, "Cache-Control") == "no-cache");
  CHECK(header(response, "Content-Security-Policy") ==
        content_security_policy(settings, inline_script_hashes(page_text)));

  const auto tag = header(response, "ETag");
  CHECK(page({{"if-none-match", tag}}).status == 304);
  settings.base_path = "/claw"; // Also what the config says is part of the version.
  CHECK(page({{"if-none-match", tag}}).status == 200);
}

TEST_CASE_METHOD(bundle, "ui files: a place within the page is answered by the page",
                 "[control-ui]") {
  const auto found = answer_from_root({}, {target_kind::file, "chat", true}, settings, *room);
  CHECK(found.response.body == page().body);
  const auto real = answer_from_root({}, {target_kind::file, "sw.js", true}, settings, *room);
  CHECK(real.response.body == "worker");
}

TEST_CASE_METHOD(bundle, "ui files: a root without a page says what to look at, and no path",
                 "[control-ui]") {
  const auto without = [&](const std::string& root) {
    settings.root = around / root;
    const auto response = page();
    CHECK(response.status == 503);
    CHECK(response.body.find("gateway.controlUi.root") != std::string::npos);
    CHECK(response.body.find(around.path()) == std::string::npos);
    CHECK(get("sw.js").status == 404);
  };
  without("gone");
  without("secret.txt");
  std::filesystem::create_directory(around / "empty");
  without("empty");
}

TEST_CASE_METHOD(bundle, "ui files: what is in memory is bounded, in one file and in all",
                 "[control-ui]") {
  const auto large = around / "ui/large.txt";
  write("ui/large.txt", "");
  std::filesystem::resize_file(large, file_bytes_max + 1);
  CHECK(get("large.txt").status == 500);
  std::filesystem::resize_file(large, file_bytes_per_place * 40);
  {
    const auto held =
        answer_from_root({}, {target_kind::file, "large.txt", false}, settings, *room);
    CHECK(held.response.body.size() == file_bytes_per_place * 40);
    const auto refused = get("large.txt");
    CHECK(refused.status == 503);
    CHECK(header(refused, "Retry-After") == "1");
    CHECK(get("sw.js").status == 200);
  }
  CHECK(get("large.txt").status == 200);
  CHECK(room->taken() == 0);
}

TEST_CASE("built-in page: three files under a policy without exceptions", "[control-ui]") {
  const auto get = [](std::string path, net::header_list headers = {}) {
    net::http_request request;
    request.method = "GET";
    request.target = std::move(path);
    request.headers = std::move(headers);
    return built_in_answer(request, target_of(request, {}));
  };
  const auto index = get("/");
  CHECK(index.status == 200);
  CHECK(index.body.starts_with("<!doctype html>"));
  CHECK(index.body.ends_with("</html>\n"));
  CHECK(inline_script_hashes(index.body).empty());
  for (const auto* risky : {" style=", " onclick=", "http://", "https://", "javascript:"})
    CHECK(index.body.find(risky) == std::string::npos);
  const auto policy = header(index, "Content-Security-Policy");
  CHECK(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
  CHECK(policy.find("unsafe") == std::string::npos);

  for (const auto* path : {"/page.js", "/page.css", "/favicon.svg"}) {
    const auto file = get(path);
    CHECK(file.status == 200);
    CHECK(index.body.find(path + 1) != std::string::npos);
    CHECK(file.body.ends_with('\n'));
    CHECK(header(file, "Cache-Control") == "no-cache");
    const auto again = get(path, {{"if-none-match", header(file, "ETag")}});
    CHECK(again.status == 304);
    CHECK(again.body.empty());
  }
  CHECK(header(get("/page.js"), "Content-Type") == "text/javascript; charset=utf-8");
  for (const auto* gone : {"/chat", "/page.html", "/assets/page.js", "/favicon.ico"})
    CHECK(get(gone).status == 404);
}

} // namespace troupe::gateway::control_ui
