#include "actors/gateway/control_ui/static_file.hpp"

#include <catch2/catch.hpp>

namespace troupe::gateway::control_ui {
namespace {

std::string tried(std::string_view path, std::string_view accept) {
  const auto wanted = encodings_for(path, accept);
  std::string out;
  for (std::size_t i = 0; i < wanted.count; ++i)
    out += wanted.list[i] == encoding::identity ? " plain"
                                                : " " + std::string{suffix_of(wanted.list[i])};
  return out;
}

} // namespace

TEST_CASE("static file: its ending says its type", "[control-ui]") {
  CHECK(content_type_of("assets/x.js") == "application/javascript; charset=utf-8");
  CHECK(content_type_of("x.CSS") == "text/css; charset=utf-8");
  CHECK(content_type_of("manifest.webmanifest") == "application/manifest+json; charset=utf-8");
  CHECK(content_type_of("a.woff2") == "font/woff2");
  for (const auto* unknown : {"x.html", "x", "x.js/y", "LICENSE-devicon", "x.js.", ".js/x"}) {
    CHECK(content_type_of(unknown) == "application/octet-stream");
    CHECK_FALSE(is_static_name(unknown));
  }
}

TEST_CASE("static file: only a name with a hash of its content is kept for ever", "[control-ui]") {
  for (const auto* hashed : {"assets/index-DsEuFQRE.js", "assets/gateway-runtime-hTh6B_FS.js",
                             "assets/a-2cJmD3-Z.css", "assets/deep/x-12345678.woff2"})
    CHECK(is_hashed_asset(hashed));
  for (const auto* other :
       {"assets/index.js", "assets/index-1234567.js", "index-DsEuFQRE.js", "fonts/a-DsEuFQRE.css",
        "assets/-DsEuFQRE", "assets/DsEuFQRE.js", "assets/a-DsEu.QRE.js", "assets/", "sw.js"})
    CHECK_FALSE(is_hashed_asset(other));

  const file_version version{10, 1'800'000'000'000'000'123};
  const auto kept = file_headers("assets/index-DsEuFQRE.js", version, encoding::brotli);
  CHECK(net::find_header(kept, "Cache-Control") == "public, max-age=31536000, immutable");
  CHECK(net::find_header(kept, "Content-Encoding") == "br");
  CHECK(net::find_header(kept, "Vary") == "Accept-Encoding");
  const auto asked = file_headers("sw.js", version, encoding::identity);
  CHECK(net::find_header(asked, "Cache-Control") == "no-cache");
  CHECK(net::find_header(asked, "Content-Encoding").empty());
  CHECK(net::find_header(asked, "Last-Modified") == "Fri, 15 Jan 2027 08:00:00 GMT");
}

TEST_CASE("static file: compressed copies are sent to those who take them", "[control-ui]") {
  constexpr auto script = "assets/index-DsEuFQRE.js";
  CHECK(tried(script, "gzip, deflate, br, zstd") == " .br .gz plain");
  CHECK(tried(script, "gzip") == " .gz plain");
  CHECK(tried(script, "br;q=0.5 , gzip;q=1") == " .br .gz plain");
  for (const auto* none :
       {"", "identity", "br;q=0, gzip; q=0.000", "brotli", "x-gzip", "BR", "br;q="})
    CHECK(tried(script, none) == " plain");
  // A copy of an old build beside a name that stays would be sent for ever.
  CHECK(tried("sw.js", "br") == " plain");
  CHECK(tried("assets/photo-12345678.webp", "br") == " plain");
}

TEST_CASE("static file: a version has a tag, each copy its own", "[control-ui]") {
  const file_version one{10, 20};
  CHECK(entity_tag(one, encoding::identity) == "\"14-a\"");
  CHECK(entity_tag(one, encoding::gzip) == "\"14-a.gz\"");
  CHECK(entity_tag({11, 20}, encoding::identity) != entity_tag(one, encoding::identity));
  CHECK(entity_tag({10, 21}, encoding::identity) != entity_tag(one, encoding::identity));
}

TEST_CASE("static file: who has it is not sent it again", "[control-ui]") {
  constexpr std::string_view tag = "\"1-2\"";
  constexpr std::string_view date = "Sun, 06 Nov 1994 08:49:37 GMT";
  const auto known = [&](const char* name, const char* value) {
    return is_known({{name, value}}, tag, date);
  };
  CHECK(known("if-none-match", "\"1-2\""));
  CHECK(known("if-none-match", "\"x\" , W/\"1-2\""));
  CHECK(known("if-none-match", "*"));
  CHECK_FALSE(known("if-none-match", "\"1-3\""));
  CHECK_FALSE(known("if-none-match", "1-2"));
  CHECK(known("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"));
  CHECK_FALSE(known("if-modified-since", "Sun, 06 Nov 1994 08:49:38 GMT"));
  CHECK_FALSE(is_known({}, tag, date));
  // The tag decides where both are sent.
  CHECK_FALSE(is_known({{"if-modified-since", std::string{date}}, {"if-none-match", "\"old\""}},
                       tag, date));
}

} // namespace troupe::gateway::control_ui
