#include "actors/gateway/introspection.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

namespace troupe::gateway {
namespace {

std::vector<actor_info> three() {
  std::vector<actor_info> actors(3);
  actors[0].path = "/front";
  actors[0].kind = "front";
  actors[0].handled = 5;
  actors[1].path = "/front/client/a";
  actors[1].kind = "client";
  actors[1].handled = 9;
  actors[2].path = "/shard/1/conversation/agent:main:a b";
  actors[2].kind = "conversation";
  actors[2].restarts = 2;
  actors[2].last_error = "boom";
  return actors;
}

std::string paths(std::string_view query) {
  const auto report = boost::json::parse(actors_report(three(), query));
  std::string out;
  for (const auto& actor : report.at("actors").as_array())
    out += std::string{actor.at("path").as_string()} + " ";
  return out;
}

} // namespace

TEST_CASE("introspection: lists actors by path, with what is known of each", "[gateway]") {
  const auto report = boost::json::parse(actors_report(three(), ""));
  CHECK(report.at("total") == 3);
  CHECK(report.at("matched") == 3);
  const auto& last = report.at("actors").at(2);
  CHECK(last.at("restarts") == 2);
  CHECK(last.at("lastError") == "boom");
  CHECK_FALSE(report.at("actors").at(0).as_object().contains("lastError"));
}

TEST_CASE("introspection: filters by kind and prefix, decoded", "[gateway]") {
  CHECK(paths("kind=client") == "/front/client/a ");
  CHECK(paths("prefix=/front") == "/front /front/client/a ");
  CHECK(paths("prefix=%2Fshard%2F1%2Fconversation%2Fagent:main:a+b") ==
        "/shard/1/conversation/agent:main:a b ");
  CHECK(paths("prefix=/nothing").empty());
}

TEST_CASE("introspection: ranks and cuts", "[gateway]") {
  CHECK(paths("by=handled&top=2") == "/front/client/a /front ");
  CHECK(paths("by=restarts&top=1") == "/shard/1/conversation/agent:main:a b ");
  CHECK(paths("top=1") == "/front ");
  CHECK(paths("top=junk&by=nonsense&&=") == paths(""));
  CHECK(paths("prefix=%").empty());
}

} // namespace troupe::gateway
