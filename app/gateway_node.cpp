#include "app/gateway_node.hpp"

#include "actors/bridge/blocking_pool.hpp"
#include "actors/bridge/request_sink.hpp"
#include "actors/conversation/context.hpp"
#include "actors/gateway/devices/devices.hpp"
#include "actors/gateway/front.hpp"
#include "actors/node/router.hpp"
#include "actors/support/scheduler.hpp"
#include "app/leadership_bridge.hpp"
#include "base/poll.hpp"
#include "cluster/log/local_log.hpp"
#include "net/io_pool.hpp"
#include "persistence/journal/lmdb_journal.hpp"

#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <thread>
#include <utility>

namespace troupe {
namespace {

using namespace std::chrono_literals;

/// Runs in flight on one node when the config does not say.
constexpr std::uint32_t runs_in_flight_default = 256;
/// Calls in flight to one provider, and to all of them.
constexpr std::uint32_t provider_calls_max = 256;
constexpr unsigned outbound_calls_max = 1024;
/// Inputs between a front and their conversations' commits.
constexpr std::uint32_t inputs_in_flight_max = 4096;
constexpr unsigned tool_threads_max = 8;
constexpr std::size_t tools_queued_max = 256;
/// Messages an actor handles before its scheduler thread looks at the others.
constexpr std::size_t scheduler_throughput = 200;

struct system_config : caf::actor_system_config {
  system_config() {
    const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
    module_factories.emplace_back(make_scheduler);
    set("scheduler.max-threads", cores);
    set("scheduler.max-throughput", scheduler_throughput);
  }
};

result<void> make_directories(const config::loaded& config) {
  const auto make = [](const std::string& path) -> result<void> {
    std::error_code failure;
    std::filesystem::create_directories(path, failure);
    if (failure)
      return error{errc::storage_failed,
                   fmt::format("cannot make the directory {}: {}", path, failure.message())};
    return boost::outcome_v2::success();
  };
  TR_TRY(make(config.where.state_dir));
  std::error_code failure;
  std::filesystem::permissions(config.where.state_dir, std::filesystem::perms::owner_all, failure);
  for (const auto& agent : config.values.agents.entries) {
    TR_TRY(make(agent.workspace));
  }
  return boost::outcome_v2::success();
}

std::string bind_ip(const config::gateway_settings& gateway) {
  switch (gateway.bind) {
  case config::bind_mode::loopback:
    return "127.0.0.1";
  case config::bind_mode::lan:
    return "0.0.0.0";
  case config::bind_mode::custom:
    break;
  }
  return gateway.custom_bind_host;
}

} // namespace

/// In the order in which they are made; destroyed in reverse.
struct gateway_node::parts {
  live<config::loaded> config;
  live<model_access> models;
  std::map<std::string, slot_gate_actor> gates; ///< By provider; kept, so that their counts hold.
  std::shared_ptr<gateway::config_control> control;
  std::shared_ptr<actor_registry> registry = std::make_shared<actor_registry>(system_clock());
  std::shared_ptr<node_status> status = std::make_shared<node_status>();
  std::unique_ptr<journal> store;
  std::unique_ptr<local_log> log;
  std::unique_ptr<replicated_log> decorated;
  std::unique_ptr<leadership_bridge> leadership;
  std::unique_ptr<net::io_pool> io;
  std::unique_ptr<net::outbound_client> outbound;
  std::shared_ptr<blocking_pool> tools_pool;
  system_config caf_config;
  std::unique_ptr<caf::actor_system> system;
  shard_router_actor router;
  gateway::front_actor front;
  gateway::gateway_shared_ptr shared;
  std::vector<caf::actor> others; ///< Gates: held so that they live.
  std::unique_ptr<request_sink> sink;
  std::unique_ptr<net::server> port;
  std::atomic<bool> failed{false};

  replicated_log& visible_log() { return decorated ? *decorated : *log; }

  result<void> open_store(const seams& between);
  slot_gate_actor gate_of(const std::string& provider);
  std::shared_ptr<const model_access> make_models(std::shared_ptr<const config::loaded> from);
  void start_actors(const std::string& version, const seams& between,
                    std::shared_ptr<conversation_context>& context);
  void watch_essential();
  result<void> start_port();
};

result<void> gateway_node::parts::open_store(const seams& between) {
  const auto directory = config->where.state_dir + "/store";
  auto opened = between.open_journal ? between.open_journal(directory)
                                     : open_lmdb_journal({.directory = directory});
  if (!opened)
    return opened.error();
  store = std::move(opened.value());
  log_options options;
  log = std::make_unique<local_log>(*store, system_clock(), options);
  if (between.decorate_log)
    decorated = between.decorate_log(*log);
  leadership = std::make_unique<leadership_bridge>(status, log->shards() + 1u);
  return boost::outcome_v2::success();
}

slot_gate_actor gateway_node::parts::gate_of(const std::string& provider) {
  if (const auto known = gates.find(provider); known != gates.end())
    return known->second;
  auto gate = system->spawn(slot_gate, registry, "/models/provider/" + provider,
                            slot_gate_limits{.places = provider_calls_max});
  gates.emplace(provider, gate);
  return gate;
}

std::shared_ptr<const model_access>
gateway_node::parts::make_models(std::shared_ptr<const config::loaded> from) {
  auto made = std::make_shared<model_access>();
  made->client = outbound.get();
  made->time = &system_clock();
  for (const auto& [id, settings] : from->values.providers)
    made->providers.emplace(id, model_access::provider{settings, gate_of(id)});
  made->config = std::move(from);
  return made;
}

void gateway_node::parts::start_actors(const std::string& version, const seams& between,
                                       std::shared_ptr<conversation_context>& context) {
  auto tools = std::make_shared<tool_catalog>(built_in_tools());
  if (between.add_tools)
    between.add_tools(*tools);
  const auto configured = config->values.agents.max_concurrent;
  const auto runs = system->spawn(
      slot_gate, registry, std::string{"/runs"},
      slot_gate_limits{.places = configured > 0 ? configured : runs_in_flight_default});
  others.push_back(caf::actor_cast<caf::actor>(runs));
  const auto beat = pulse::create();
  others.push_back(system->spawn(pulse_actor, registry, std::string{"/pulse"}, beat));

  context = std::make_shared<conversation_context>();
  context->config = config;
  context->log = &visible_log();
  context->time = &system_clock();
  context->registry = registry;
  models.replace(make_models(config.get()));
  context->models = models;
  context->tools = std::move(tools);
  context->pool = tools_pool;
  context->runs = runs;
  context->beat = beat;
  context->runs_active = std::shared_ptr<std::atomic<std::uint32_t>>{status, &status->runs_active};
  router = system->spawn(troupe::router, conversation_context_ptr{context});

  auto facing_clients = std::make_shared<gateway_context>();
  facing_clients->config = config;
  facing_clients->config_control = control;
  facing_clients->pool = tools_pool;
  facing_clients->tools = context->tools;
  facing_clients->time = &system_clock();
  facing_clients->log = &visible_log();
  facing_clients->router = router;
  facing_clients->registry = registry;
  facing_clients->status = status;
  facing_clients->inputs = credit_pool::create(inputs_in_flight_max);
  facing_clients->version = version;
  facing_clients->process_started = system_clock().now_boot();
  facing_clients->shards_total = log->shards() + 1u;
  shared = std::make_shared<gateway::gateway_shared>(std::move(facing_clients));
  front = system->spawn(gateway::front, shared);
  shared->attach_devices(system->spawn(gateway::devices, shared, front));
  // No conversation exists before the first shard is led, so nobody has read the sink yet.
  context->sink = front;
  sink = std::make_unique<request_sink>(*system, shared);
  sink->attach(front);
}

/// Router, front and the writer of devices are the node: when one of them gives up, so does the
/// process, and whoever runs it starts it again.
void gateway_node::parts::watch_essential() {
  const auto watch = [this](const auto& essential) {
    essential->attach_functor([this](const caf::error& reason) {
      if (!status->draining) {
        log::error("node", "an essential actor ended: {}", caf::to_string(reason));
        failed = true;
      }
    });
  };
  watch(caf::actor_cast<caf::strong_actor_ptr>(router)->get());
  watch(caf::actor_cast<caf::strong_actor_ptr>(front)->get());
  watch(caf::actor_cast<caf::strong_actor_ptr>(shared->devices())->get());
}

result<void> gateway_node::parts::start_port() {
  const auto current = config.get();
  const auto& gateway = current->values.gateway;
  const net::listen_address address{bind_ip(gateway), gateway.port};
  auto bound = net::listen(*io, address, net::server_limits{}, *sink);
  if (!bound)
    return bound.error();
  port = std::move(bound.value());
  return boost::outcome_v2::success();
}

gateway_node::gateway_node(std::unique_ptr<parts> made) : parts_(std::move(made)) {}

result<std::unique_ptr<gateway_node>>
gateway_node::start(config::loaded config, std::string version, const seams& between,
                    std::shared_ptr<gateway::config_control> control) {
  TR_TRY(make_directories(config));
  auto made = std::make_unique<parts>();
  made->config.replace(std::make_shared<const config::loaded>(std::move(config)));
  made->control = std::move(control);
  TR_TRY(made->open_store(between));
  made->io = std::make_unique<net::io_pool>(std::max(1u, std::thread::hardware_concurrency() / 2));
  made->outbound = net::make_outbound_client(*made->io, outbound_calls_max);
  made->tools_pool = std::make_shared<blocking_pool>(tool_threads_max, tools_queued_max);
  made->system = std::make_unique<caf::actor_system>(made->caf_config);
  std::shared_ptr<conversation_context> context;
  made->start_actors(version, between, context);
  made->watch_essential();
  auto node = std::unique_ptr<gateway_node>{new gateway_node{std::move(made)}};
  auto& all = *node->parts_;
  // The port first: a second gateway on it must not touch the store's boot count.
  TR_TRY(all.start_port());
  TR_TRY(all.log->start(*all.leadership));
  context->boot = {all.log->identity().boot_count, all.log->last_stop_was_clean()};
  all.leadership->open(all.router);
  return node;
}

gateway_node::~gateway_node() {
  if (parts_)
    static_cast<void>(stop(0ms, [] { return true; }));
}

std::uint16_t gateway_node::port() const {
  return parts_->port->port();
}

result<void> gateway_node::apply(std::shared_ptr<const config::loaded> next) {
  TR_TRY(make_directories(*next));
  auto& all = *parts_;
  std::shared_ptr<const model_access> models;
  // CAF leaves a reference to its logger in every thread that spawns, and its end waits for them:
  // the caller's thread may live longer than the actor system.
  std::thread{[&] { models = all.make_models(next); }}.join();
  // Runs take their config from the models, so that the two always fit; the config comes last.
  all.models.replace(std::move(models));
  all.config.replace(next);
  return boost::outcome_v2::success();
}

void gateway_node::announce(const config::loaded& before, const config::loaded& now,
                            const std::string& hash) {
  const auto& old_auth = before.values.gateway.auth;
  const auto& new_auth = now.values.gateway.auth;
  const bool same = old_auth.token.equals(new_auth.token.reveal()) &&
                    old_auth.password.equals(new_auth.password.reveal());
  caf::anon_send(parts_->front, gateway::front_config_changed{now.where.config_path, hash, !same});
}

bool gateway_node::failed() const {
  return parts_->failed;
}

bool gateway_node::wait_ready(std::chrono::milliseconds patience) const {
  return poll_until(patience, [this] { return parts_->status->started.load(); });
}

bool gateway_node::stop(std::chrono::milliseconds patience, const std::function<bool()>& hurry) {
  auto& all = *parts_;
  all.status->draining = true;
  if (all.port)
    all.port->stop_accepting();
  poll_until(patience, [&] { return all.status->runs_active == 0 || hurry(); });

  // From here on no new work starts.
  caf::anon_send(all.front, gateway::front_drain{});
  {
    caf::scoped_actor self{*all.system};
    self->request(all.router, 3s, stop_shards{})
        .receive([](bool) {},
                 [](const caf::error&) { log::warn("node", "some shards did not stop in time"); });
  }
  all.leadership->close();
  if (const auto stopped = all.log->stop(); !stopped)
    log::error("node", "the log did not stop in order: {}", stopped.error().detail);

  // Everything acknowledged is on disk and the store is marked as stopped in order.
  if (all.port) {
    poll_until(1s, [&] { return all.status->clients == 0; });
    all.port->close_all();
    poll_until(1s, [&] { return all.port->connections() == 0; });
  }
  all.sink->detach();
  caf::anon_send_exit(all.shared->devices(), caf::exit_reason::user_shutdown);
  caf::anon_send_exit(all.front, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(all.router, caf::exit_reason::user_shutdown);
  for (const auto& other : all.others)
    caf::anon_send_exit(other, caf::exit_reason::user_shutdown);
  all.others.clear();
  for (const auto& [provider, gate] : all.gates)
    caf::anon_send_exit(gate, caf::exit_reason::user_shutdown);
  all.gates.clear();
  all.models.replace(nullptr); // It holds gates as well, and no handle may outlive the system.
  all.front = nullptr;
  all.router = nullptr;
  all.port.reset();
  all.sink.reset();
  all.io->stop();
  const bool actors_gone = poll_until(2s, [&] { return all.system->registry().running() == 0; });
  if (!actors_gone) {
    for (const auto& actor : all.registry->list())
      log::warn("node", "{} ({}) did not end in time", actor.path, actor.state);
    static_cast<void>(parts_.release()); // Its actors still use it.
    return false;
  }
  all.shared.reset(); // It holds an actor: not after their system.
  all.system.reset();
  parts_.reset();
  return true;
}

} // namespace troupe
