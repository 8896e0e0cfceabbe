#include "tests/unit/config/config_world.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace troupe::config {
namespace {

using test::config_world;
namespace fs = std::filesystem;

struct secret_world : config_world {
  /// A private file with `text` in it; its path.
  std::string put(const std::string& name, std::string_view text) {
    write(name, text);
    fs::permissions(home() + "/" + name, fs::perms::owner_read | fs::perms::owner_write);
    return home() + "/" + name;
  }
  /// A config whose token is `ref` and whose provider "vault" is a file with `more` keys.
  std::string with(const std::string& path, const std::string& ref, const std::string& more = "") {
    return "{secrets: {providers: {vault: {source: 'file', path: '" + path + "'" + more +
           "}}}, gateway: {auth: {token: " + ref + "}}}";
  }
  std::string token(const std::string& text) {
    return accept(text).values.gateway.auth.token.reveal();
  }
};

const std::string by_pointer = "{source: 'file', provider: 'vault', id: '/a~1b/0/key'}";
const std::string whole = "{source: 'file', provider: 'vault', id: 'value'}";
const std::string single = ", mode: 'singleValue'";

TEST_CASE_METHOD(secret_world, "secrets: a JSON file gives what a pointer names", "[config]") {
  const auto path = put("s.json", R"({"a/b": [{"key": "s3cret"}], "n": 5})");
  CHECK(token(with(path, by_pointer)) == "s3cret");
  CHECK(refusal(with(path, "{source: 'file', provider: 'vault', id: '/none'}"))
            .find("has nothing at /none") != std::string::npos);
  CHECK(refusal(with(path, "{source: 'file', provider: 'vault', id: '/n'}"))
            .find("has no string at /n") != std::string::npos);
  CHECK(refusal(with(path, "{source: 'file', provider: 'vault', id: 'a'}"))
            .find("must be a JSON pointer") != std::string::npos);
}

TEST_CASE_METHOD(secret_world, "secrets: a single-value file is the secret but its line end",
                 "[config]") {
  CHECK(token(with(put("a", "s3cret\n"), whole, single)) == "s3cret");
  CHECK(token(with(put("b", "s3cret\r\n"), whole, single)) == "s3cret");
  CHECK(token(with(put("c", "s3cret"), whole, single)) == "s3cret");
  CHECK(refusal(with(put("d", "two\nlines\n"), whole, single)).find("control characters") !=
        std::string::npos);
  CHECK(refusal(with(put("e", "\n"), whole, single)).find("is empty") != std::string::npos);
  CHECK(refusal(with(put("f", "x"), by_pointer, single)).find("the id must be \"value\"") !=
        std::string::npos);
}

TEST_CASE_METHOD(secret_world, "secrets: a file that others can get at is refused", "[config]") {
  const auto path = put("s", "hush-hush");
  for (const mode_t mode : {0640u, 0604u, 0620u, 0602u, 0610u}) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    const auto said = refusal(with(path, whole, single));
    CHECK(said.find("can be used by others") != std::string::npos);
    CHECK(said.find("hush") == std::string::npos);
  }
  REQUIRE(::chmod(path.c_str(), 0400) == 0);
  CHECK(token(with(path, whole, single)) == "hush-hush");

  fs::create_symlink(path, home() + "/link");
  CHECK(refusal(with(home() + "/link", whole, single)).find("is a link") != std::string::npos);
  fs::create_hard_link(path, home() + "/twin");
  CHECK(refusal(with(path, whole, single)).find("hard links") != std::string::npos);
  REQUIRE(::mkfifo((home() + "/pipe").c_str(), 0600) == 0);
  CHECK(refusal(with(home() + "/pipe", whole, single)).find("not a regular file") !=
        std::string::npos);
}

TEST_CASE_METHOD(secret_world, "secrets: a file is bounded and must be what it claims",
                 "[config]") {
  const auto path = put("s", std::string(100, 'x'));
  CHECK(token(with(path, whole, single + ", maxBytes: 100")) == std::string(100, 'x'));
  CHECK(refusal(with(path, whole, single + ", maxBytes: 99")).find("larger than 99 bytes") !=
        std::string::npos);
  const auto said = refusal(with(put("broken", "{\"hush\": "), by_pointer));
  CHECK(said.find("is not JSON") != std::string::npos);
  CHECK(said.find("hush") == std::string::npos);
  CHECK(refusal(with(home() + "/missing", whole, single)).find("cannot be read") !=
        std::string::npos);
}

TEST_CASE_METHOD(secret_world, "secrets: a missing file makes a provider unavailable, no more",
                 "[config]") {
  const auto config = accept("{secrets: {providers: {vault: {source: 'file', path: '" + home() +
                             "/missing'}}}, models: {providers: {p: {baseUrl: 'http://x', apiKey: "
                             "{source: 'file', provider: 'vault', id: '/k'}}}}}");
  CHECK(config.values.providers.at("p").unavailable.find("cannot be read") != std::string::npos);
}

TEST_CASE_METHOD(secret_world, "secrets: providers are declared in full or not at all",
                 "[config]") {
  for (const auto* wrong :
       {"{v: {source: 'file'}}", "{v: {source: 'file', path: 'relative'}}",
        "{v: {source: 'file', path: '~/s'}}", "{V: {source: 'file', path: '/s'}}",
        "{v: {source: 'file', path: '/s', mode: 'yaml'}}",
        "{v: {source: 'file', path: '/s', maxBytes: 20971521}}",
        "{v: {source: 'file', path: '/s', maxBytes: 0}}",
        "{v: {source: 'file', path: '/s', allowlist: ['A']}}", "{v: {path: '/s'}}",
        "{v: {source: 'env', path: '/s'}}", "{v: {source: 'env', allowlist: ['lower']}}",
        "{v: {source: 'exec', command: '/bin/true'}}", "{v: {source: 'store'}}"})
    CHECK_FALSE(load("{secrets: {providers: " + std::string(wrong) + "}}").config);
  CHECK(
      load("{secrets: {providers: {v: {source: 'file', path: '/s', maxBytes: 20971520}}}}").config);
  CHECK_FALSE(load("{secrets: {egressProxy: {enabled: true}}}").config);
  CHECK(refusal("{gateway: {auth: {token: {source: 'file', id: '/x'}}}}")
            .find("\"default\" is not declared for file") != std::string::npos);
}

TEST_CASE_METHOD(secret_world, "secrets: defaults and allowlists of env providers hold",
                 "[config]") {
  environment["ALLOWED"] = "yes";
  environment["OTHER"] = "no";
  const auto env = [](const std::string& id) {
    return "{secrets: {providers: {e: {source: 'env', allowlist: ['ALLOWED']}}, "
           "defaults: {env: 'e'}}, gateway: {auth: {token: {source: 'env', id: '" +
           id + "'}}}}";
  };
  CHECK(token(env("ALLOWED")) == "yes");
  CHECK(refusal(env("OTHER")).find("not in the allowlist") != std::string::npos);
  CHECK(token("{secrets: {providers: {f: {source: 'file', path: '" + put("s", "v") +
              "', mode: 'singleValue'}}, defaults: {file: 'f'}}, gateway: {auth: {token: "
              "{source: 'file', id: 'value'}}}}") == "v");
}

} // namespace
} // namespace troupe::config
