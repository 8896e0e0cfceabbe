#include "app/cli/json_view.hpp"
#include "tests/component/app/cli_world.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

/// The verbs that read and write the config file of this machine.
namespace troupe::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using cli::text_at;

struct file_world : cli_world {
  temp_dir home;

  file_world() {
    real_config = true;
    variables = {{"HOME", home.path()}, {"TROUPE_STATE_DIR", home / "state"}};
    fs::create_directories(home / "state");
    fs::permissions(home / "state", fs::perms::owner_all);
  }
  std::string file() const { return home / "state/troupe.json"; }
  void put(std::string_view text) const { std::ofstream(file(), std::ios::binary) << text; }
  std::string text() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  json::value written() const { return json::parse(text()); }
};

} // namespace

TEST_CASE_METHOD(file_world, "config set: makes the file, changes one value, keeps the others") {
  CHECK(run({"config", "set", "gateway.port", "4711"}) == 0);
  CHECK(out.find("gateway.port: in force after a restart") != std::string::npos);
  CHECK(written() == json::parse(R"({"gateway":{"port":4711}})"));
  const auto told = run_json({"config", "set", "messages.queue.cap", "7"});
  CHECK(told.at("changed") == json::parse(R"([{"path":"messages.queue.cap","reload":"hot"}])"));
  CHECK(told.at("backup").as_string() == file() + ".bak");
  CHECK(written() == json::parse(R"({"gateway":{"port":4711},"messages":{"queue":{"cap":7}}})"));
  CHECK(run_json({"config", "set", "messages.queue.cap", "7"}).at("written") == false);
}

TEST_CASE_METHOD(file_world, "config set: takes JSON5, else text, and secret references") {
  CHECK(run({"config", "set", "logging.level", "debug"}) == 0);
  CHECK(run({"config", "set", "gateway.trustedProxies", "['10.0.0.1']"}) == 0);
  CHECK(run({"config", "set", "gateway.auth.token", "--ref-source", "env", "--ref-id",
             "MY_TOKEN"}) == 1); // It has no value, and the gateway would not start.
  CHECK(err.find("MY_TOKEN") != std::string::npos);
  variables["MY_TOKEN"] = "t0ken";
  CHECK(run({"config", "set", "gateway.auth.token", "--ref-source", "env", "--ref-id",
             "MY_TOKEN"}) == 0);
  CHECK(written() == json::parse(R"({"logging":{"level":"debug"},
      "gateway":{"trustedProxies":["10.0.0.1"],
                 "auth":{"token":{"source":"env","id":"MY_TOKEN"}}}})"));
  CHECK(run({"config", "set", "logging.level", "debug", "--strict-json"}) == 2);
  CHECK(run({"config", "set", "logging.level"}) == 2);
  CHECK(run({"config", "set", "a..b", "1"}) == 2);
  CHECK(run({"config", "set", "logging.level.x", "1"}) == 2);
}

TEST_CASE_METHOD(file_world, "config set: what a start would refuse is not written") {
  put("{gateway: {port: 1}}");
  CHECK(run({"config", "set", "gateway.prot", "2"}) == 1);
  CHECK(err.find("did you mean \"port\"") != std::string::npos);
  CHECK(text_at(run_json({"config", "set", "gateway.port", "0"}), "error.code") ==
        "invalid_config");
  CHECK(run({"config", "set", "gateway.port", "2", "--dry-run"}) == 0);
  CHECK(out.find("would be written") != std::string::npos);
  CHECK(text() == "{gateway: {port: 1}}");

  put("{tools: {deny: ['x']}}");
  CHECK(run({"config", "set", "gateway.port", "2"}) == 1);
  CHECK(run({"config", "set", "gateway.port", "2", "--accept-unenforced", "tools"}) == 0);
}

TEST_CASE_METHOD(file_world, "config unset: takes a value away, and says when there is none") {
  put("{gateway: {port: 5, trustedProxies: ['10.0.0.1', '10.0.0.2']}}");
  CHECK(run({"config", "unset", "gateway.port"}) == 0);
  CHECK(run({"config", "unset", "gateway.trustedProxies[0]"}) == 0);
  CHECK(written() == json::parse(R"({"gateway":{"trustedProxies":["10.0.0.2"]}})"));
  CHECK(run({"config", "unset", "gateway.port"}) == 1);
}

TEST_CASE_METHOD(file_world, "config file: prints where it is") {
  CHECK(run({"config", "file"}) == 0);
  CHECK(out == file() + "\n");
  CHECK(run_json({"config", "file"}).at("exists") == false);
}

TEST_CASE_METHOD(file_world, "config diff: names the changes without a secret") {
  put("{gateway: {port: 5, auth: {token: 'hush-one'}}}");
  CHECK(run({"config", "diff"}) == 1); // There is no copy yet.
  CHECK(run({"config", "set", "gateway.port", "6"}) == 0);
  CHECK(run({"config", "set", "gateway.auth.token", "hush-two"}) == 0);
  CHECK(run({"config", "diff"}) == 0);
  CHECK(out.find("gateway.auth.token: \"__OPENCLAW_REDACTED__\" -> ") == 0);
  CHECK(out.find("hush") == std::string::npos);
  std::ofstream(home / "other.json") << "{gateway: {port: 7}}";
  const auto told = run_json({"config", "diff", home / "other.json"});
  CHECK(told.at("changed").at(0) ==
        json::parse(R"({"path":"gateway.port","before":7,"after":6,"reload":"restart"})"));
}

TEST_CASE_METHOD(file_world, "onboard: writes what it was told and nothing else") {
  CHECK(run({"onboard"}) == 2);
  variables["LOCAL_KEY"] = "k";
  CHECK(run({"onboard", "--non-interactive", "--workspace", home / "ws", "--gateway-port", "4711",
             "--custom-base-url", "http://127.0.0.1:8000/v1", "--custom-model-id", "llama",
             "--custom-api-key-ref-env", "LOCAL_KEY"}) == 0);
  CHECK(written() == json::parse(R"({"gateway":{"mode":"local","port":4711},
    "models":{"providers":{"custom":{"baseUrl":"http://127.0.0.1:8000/v1",
      "api":"openai-completions","models":[{"id":"llama"}],
      "apiKey":{"source":"env","id":"LOCAL_KEY"}}}},
    "agents":{"defaults":{"workspace":")" +
                                 home.path() + R"(/ws",
      "model":{"primary":"custom/llama"}}}})"));
  struct stat about {};
  REQUIRE(::stat(file().c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);

  CHECK(run({"onboard", "--non-interactive"}) == 1);
  CHECK(err.find("--force") != std::string::npos);
  CHECK(run({"onboard", "--non-interactive", "--force"}) == 0);
  CHECK(written() == json::parse(R"({"gateway":{"mode":"local"}})"));
  CHECK(fs::exists(file() + ".bak"));
}

TEST_CASE_METHOD(file_world, "onboard: a gateway that others reach gets a token") {
  CHECK(run({"onboard", "--non-interactive", "--gateway-bind", "lan", "--gateway-auth", "none"}) ==
        1);
  CHECK_FALSE(fs::exists(file()));
  CHECK(run({"onboard", "--non-interactive", "--gateway-bind", "lan"}) == 0);
  CHECK(text_at(written(), "gateway.auth.token").size() == 64);
  CHECK(out.find(std::string{text_at(written(), "gateway.auth.token")}) == std::string::npos);
  CHECK(run({"onboard", "--non-interactive", "--model", "nobody/nothing", "--force"}) == 1);
}

namespace {

std::string grade_of(const json::value& told, std::string_view check, std::string_view grade) {
  for (const auto& each : told.at("checks").as_array())
    if (text_at(each, "check") == check && text_at(each, "grade") == grade)
      return std::string{text_at(each, "message")};
  return {};
}

} // namespace

TEST_CASE_METHOD(file_world,
                 "doctor: is content with a machine that is fine, and says what is not") {
  const int taken = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(taken, reinterpret_cast<const sockaddr*>(&address), size) == 0);
  REQUIRE(::getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  const auto port = std::to_string(ntohs(address.sin_port));

  // Bound, but not listening: nobody answers, and the port is not free.
  put("{gateway: {port: " + port + ", auth: {token: 'hush'}}}");
  fs::permissions(file(), fs::perms::owner_read | fs::perms::others_read);
  auto told = run_json({"doctor"});
  CHECK(status == 1);
  CHECK(grade_of(told, "port", "broken").find(port) != std::string::npos);
  CHECK(grade_of(told, "permissions", "warning").find(file()) != std::string::npos);
  CHECK(grade_of(told, "providers", "warning").find("demo") != std::string::npos);
  CHECK(out.find("hush") == std::string::npos);

  ::close(taken);
  fs::permissions(file(), fs::perms::owner_read);
  variables["OPENAI_API_KEY"] = "sk-x";
  told = run_json({"doctor"});
  CHECK(status == 0);
  for (const auto* check : {"config", "permissions", "store", "providers", "workspaces", "port"})
    CHECK_FALSE(grade_of(told, check, "ok").empty());
}

TEST_CASE_METHOD(file_world, "doctor: names what is wrong in the config and in the folders") {
  put("{gateway: {prt: 1}}");
  CHECK(run({"doctor"}) == 1);
  CHECK(out.find("did you mean \"port\"") != std::string::npos);
  std::ofstream(home / "file") << "x";
  put("{agents: {defaults: {workspace: '" + home.path() + "/file/ws'}}}");
  CHECK(grade_of(run_json({"doctor"}), "workspaces", "broken").find("not a folder") !=
        std::string::npos);
  std::ofstream(home / "state/gateway-token") << "0123456789abcdef";
  fs::permissions(home / "state/gateway-token", fs::perms::owner_all | fs::perms::group_read);
  CHECK(grade_of(run_json({"doctor"}), "permissions", "broken").find("gateway-token") !=
        std::string::npos);
}

TEST_CASE_METHOD(file_world, "doctor: a configured web page must be there") {
  const auto root = home.path() + "/ui";
  put("{gateway: {controlUi: {root: '" + root + "'}}}");
  CHECK(grade_of(run_json({"doctor"}), "page", "broken").find(root) != std::string::npos);
  fs::create_directories(root);
  std::ofstream(root + "/index.html") << "<html>";
  CHECK_FALSE(grade_of(run_json({"doctor"}), "page", "ok").empty());
}

} // namespace troupe::test
