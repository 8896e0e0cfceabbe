#include "actors/gateway/presence.hpp"
#include "tests/support/gateway_facts.hpp"

#include <catch2/catch.hpp>

namespace troupe::gateway {
namespace {

using test::parse;

presence_facts named(const std::string& host) {
  presence_facts facts;
  facts.host = host;
  facts.mode = "ui";
  return facts;
}

boost::json::array shown(presence_list& list, wall_ms now) {
  json_writer out;
  out.begin_array();
  list.write(out, now);
  out.end_array();
  return parse(out.take()).as_array();
}

/// "b:connect a:disconnect "
std::string hosts(presence_list& list, wall_ms now) {
  std::string out;
  for (const auto& entry : shown(list, now)) {
    out += std::string{entry.at("host").as_string()};
    if (const auto* reason = entry.as_object().if_contains("reason"))
      out += ":" + std::string{reason->as_string()};
    out += " ";
  }
  return out;
}

} // namespace

TEST_CASE("presence: who came last stands first, who left is shown for five minutes", "[gateway]") {
  presence_list list;
  list.connected("1", named("a"), 1'000);
  list.connected("2", named("b"), 2'000);
  CHECK(hosts(list, 2'000) == "b:connect a:connect ");
  list.disconnected("1", 3'000);
  CHECK(hosts(list, 3'000) == "a:disconnect b:connect ");
  const auto left = shown(list, 3'000).front();
  CHECK(left.at("ts") == 3'000);
  CHECK(left.at("onlineSince") == 1'000);
  CHECK(hosts(list, 3'000 + presence_memory_ms - 1) == "a:disconnect b:connect ");
  CHECK(hosts(list, 3'000 + presence_memory_ms) == "b:connect ");
}

TEST_CASE("presence: one client is one entry until its last connection leaves", "[gateway]") {
  presence_list list;
  list.connected("device", named("a"), 1);
  list.connected("device", named("a"), 2);
  CHECK(shown(list, 2).size() == 1);
  const auto version = list.version();
  list.disconnected("device", 3);
  CHECK(hosts(list, 3) == "a:connect ");
  CHECK(list.version() == version);
  list.disconnected("device", 4);
  CHECK(hosts(list, 4) == "a:disconnect ");
  CHECK(list.version() > version);
  list.disconnected("device", 5); // Nobody is there to leave.
  list.disconnected("nobody", 5);
  CHECK(hosts(list, 5) == "a:disconnect ");
  list.connected("device", named("a"), 6);
  CHECK(hosts(list, 6) == "a:connect ");
}

TEST_CASE("presence: a note adds to what is known and takes nothing away", "[gateway]") {
  presence_list list;
  list.connected("1", named("a"), 1);
  presence_facts note;
  note.text = "typing";
  note.last_input_seconds = 4;
  note.tags = {"x"};
  list.noted("1", note, 2);
  list.noted("2", note, 3);
  auto entries = shown(list, 3);
  REQUIRE(entries.size() == 2);
  CHECK(entries[0] == boost::json::value{
                          {"tags", {"x"}}, {"lastInputSeconds", 4}, {"text", "typing"}, {"ts", 3}});
  CHECK(entries[1].at("host") == "a");
  CHECK(entries[1].at("text") == "typing");
  CHECK(entries[1].at("reason") == "connect");
  // A note is forgotten, a client that is there never.
  entries = shown(list, 3 + presence_memory_ms);
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].at("host") == "a");
}

TEST_CASE("presence: the list is bounded, those that left give way first", "[gateway]") {
  presence_list list;
  list.connected("first", named("first"), 1);
  list.connected("gone", named("gone"), 2);
  list.disconnected("gone", 3);
  for (std::size_t i = 0; i < presence_entries_max - 1; ++i)
    list.connected(std::to_string(i), named("x"), 4);
  CHECK(list.size() == presence_entries_max);
  CHECK(hosts(list, 5).find("gone") == std::string::npos);
  CHECK(hosts(list, 5).find("first") != std::string::npos);
  list.connected("one more", named("y"), 6);
  CHECK(list.size() == presence_entries_max);
  CHECK(hosts(list, 6).find("first") == std::string::npos);
}

TEST_CASE("presence: what comes from outside is cut, and empty values are left out", "[gateway]") {
  presence_list list;
  presence_facts long_winded;
  long_winded.host = std::string(10'000, 'h');
  long_winded.text = std::string(10'000, 't');
  list.noted("1", long_winded, 1);
  const auto entry = shown(list, 1).front().as_object();
  CHECK(entry.at("host").as_string().size() == presence_field_bytes_max);
  CHECK(entry.at("text").as_string().size() == presence_text_bytes_max);
  CHECK_FALSE(entry.contains("ip"));
  CHECK_FALSE(entry.contains("roles"));
}

TEST_CASE("presence: nobody can call himself what looks like a device", "[gateway]") {
  CHECK(presence_key("d", "i") == "device d");
  CHECK(presence_key("", "i") == "instance i");
  CHECK(presence_key("", "device d") != presence_key("d", ""));
  CHECK(presence_key("", "").empty());
}

TEST_CASE("presence: clients that come for one question are not listed", "[gateway]") {
  for (const auto* mode : {"cli", "backend", "probe"})
    CHECK_FALSE(is_listed(mode));
  for (const auto* mode : {"ui", "webchat", "node"})
    CHECK(is_listed(mode));
}

} // namespace troupe::gateway
