#pragma once

#include "actors/gateway/shared.hpp"
#include "persistence/tables/conversation_tables.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/test_log.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace troupe::test {

inline boost::json::value parse(std::string_view text) {
  return boost::json::parse(text);
}

/// What a gateway knows, without actors: one agent "main" and one provider "fake", token "secret".
struct gateway_facts {
  manual_clock time;
  test_log log;
  std::shared_ptr<config::loaded> config = std::make_shared<config::loaded>();
  std::shared_ptr<actor_registry> registry = std::make_shared<actor_registry>(time);
  std::shared_ptr<node_status> status = std::make_shared<node_status>();
  std::shared_ptr<gateway_context> context = std::make_shared<gateway_context>();

  gateway_facts() {
    auto& values = config->values;
    values.gateway.auth.mode = config::auth_mode::token;
    values.gateway.auth.token = secret{"secret"};
    config::agent_settings agent;
    agent.id = "main";
    agent.workspace = "/ws";
    agent.model = {"fake", "fake-1"};
    values.agents.entries = {agent};
    config::provider_settings provider;
    provider.id = "fake";
    config::model_settings model;
    model.id = "fake-1";
    model.name = "Fake One";
    provider.models = {model};
    values.providers.emplace("fake", provider);
    config->where.state_dir = "/state";
    status->started = true;
    status->shards_led = 33;
    context->config = config;
    context->time = &time;
    context->log = &log;
    context->registry = registry;
    context->status = status;
    context->inputs = credit_pool::create(64);
    context->pool = std::make_shared<blocking_pool>(0, 0);
    context->version = "0.1.0";
    context->process_started = time.now_boot();
    context->shards_total = 33;
    log.lead_all(epoch{1});
  }

  void add_agent(const std::string& id) {
    auto agent = config->values.agents.entries.front();
    agent.id = id;
    config->values.agents.entries.push_back(agent);
  }

  std::shared_ptr<gateway::gateway_shared> share() const {
    return std::make_shared<gateway::gateway_shared>(context);
  }

  void put(const tables::conversation_row& row) {
    log.put(log.shard_of(row.key), tables::conversation_key(tables::digest_of(row.key)),
            tables::encode(row));
  }
  void put(const std::string& key, const tables::message_row& row) {
    log.put(log.shard_of(key), tables::message_key(tables::digest_of(key), row.seq),
            tables::encode(row));
  }
  void put(const std::string& key, const tables::input_row& row) {
    log.put(log.shard_of(key), tables::input_key(tables::digest_of(key), row.order),
            tables::encode(row));
  }
  void put(const tables::run_row& row) {
    const auto shard = log.shard_of(row.conversation);
    const auto key = tables::run_key(tables::digest_of(row.conversation), row.run_id);
    log.put(shard, key, tables::encode(row));
    log.put(shard, tables::run_index_key(row.run_id), key);
  }

  /// A conversation with `messages` of "message <seq>", user and assistant in turn.
  tables::conversation_row add_conversation(const std::string& key, std::uint64_t messages) {
    tables::conversation_row row;
    row.key = key;
    row.agent_id = "main";
    row.session_id = "session-of-" + key;
    row.created_at = 1'000;
    row.updated_at = 2'000;
    row.message_seq = messages;
    row.last_status = "done";
    for (std::uint64_t seq = 1; seq <= messages; ++seq) {
      tables::message_row message;
      message.seq = seq;
      message.id = "id-" + std::to_string(seq);
      message.role = seq % 2 == 1 ? tables::message_role::user : tables::message_role::assistant;
      message.run_id = "run-" + std::to_string((seq + 1) / 2);
      message.at = static_cast<wall_ms>(1'000 + seq);
      message.text = "message " + std::to_string(seq);
      put(key, message);
    }
    put(row);
    return row;
  }
};

} // namespace troupe::test
