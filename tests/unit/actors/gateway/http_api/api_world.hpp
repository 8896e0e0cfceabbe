#pragma once

#include "actors/gateway/http_api/body.hpp"
#include "actors/gateway/http_api/chat_request.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace troupe::gateway::http_api {

inline std::vector<config::agent_settings> agents(const std::vector<std::string>& ids) {
  std::vector<config::agent_settings> out;
  for (const auto& id : ids)
    out.emplace_back().id = id;
  return out;
}

/// A gateway with the agents main (the default) and coder, and the model fake/fake-2; a call's
/// headers; and what becomes of bodies.
struct api_world {
  config::settings settings;
  net::header_list headers;

  api_world() {
    settings.agents.entries = agents({"main", "coder"});
    config::provider_settings fake;
    fake.id = "fake";
    fake.models.push_back({.id = "fake-2", .name = "fake-2"});
    settings.providers.emplace("fake", std::move(fake));
  }

  static boost::json::object json(std::string_view text) {
    auto parsed = parse_body(text);
    REQUIRE(parsed.has_value());
    return std::move(parsed.value());
  }
  completion_request chat(std::string_view body) {
    auto read = read_chat_request(json(body), headers, settings);
    if (!read)
      FAIL(read.error().message);
    return std::move(read.value());
  }
  api_error chat_error(std::string_view body) {
    auto read = read_chat_request(json(body), headers, settings);
    REQUIRE_FALSE(read.has_value());
    return read.error();
  }
};

} // namespace troupe::gateway::http_api
