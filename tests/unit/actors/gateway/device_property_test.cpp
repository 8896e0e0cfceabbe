#include "actors/gateway/handshake.hpp"
#include "tests/unit/actors/gateway/device_world.hpp"

#include <boost/json/serialize.hpp>
#include <rapidcheck.h>

#include <array>
#include <map>
#include <set>

/// Random lives of three devices at the real door: handshake with real signatures, ledger, rows in
/// a journal. Beside them a model that knows only what was approved by whom.
namespace troupe::test {

using namespace gateway;

namespace {

/// rapidcheck runs a property 100 times.
constexpr int lives_per_run = 100;
constexpr std::size_t steps_max = 10;

constexpr std::array<std::string_view, 5> scope_words{
    "operator.read", "operator.write", "operator.admin", "operator.pairing", "operator.approvals"};

/// 0 … bound-1, evenly in every run.
std::size_t pick(std::size_t bound) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::size_t>(0, bound));
}

std::vector<std::string> some_scopes() {
  std::vector<std::string> out;
  const auto bits = pick(1u << scope_words.size());
  for (std::size_t i = 0; i < scope_words.size(); ++i)
    if ((bits >> i & 1) != 0)
      out.emplace_back(scope_words[i]);
  return out;
}

/// What the model knows of one device.
struct life {
  scope_set approved;
  std::string request_id; ///< Waits for approval, with `asked`.
  scope_set asked;
  std::string token; ///< In force, as far as anybody was told.
  scope_set token_scopes;
  std::set<std::string> dead; ///< Tokens that were taken back.
};

struct connection {
  std::size_t device = 0;
  scope_set scopes;
  device_grant grant;
};

void add(scope_set& to, const scope_set& from) {
  for (const auto one : from.list())
    to.grant(one);
}

struct random_world : device_world {
  const std::vector<test_device> devices = [] {
    std::vector<test_device> made;
    for (unsigned char seed = 1; seed <= 3; ++seed)
      made.emplace_back(seed);
    return made;
  }();
  std::array<life, 3> lives;
  std::vector<connection> open;
  config::gateway_settings settings;
  auth_limiter limiter;

  random_world() { settings.auth.token = secret{"secret"}; }

  /// An operator of random power: the owner, or a device that is connected.
  device_caller some_caller() {
    if (open.empty() || pick(3) == 0)
      return an_operator(some_scopes());
    const auto& chosen = open[pick(open.size())];
    return {chosen.scopes, chosen.grant.device_id};
  }
  std::size_t some_device() const { return pick(devices.size()); }

  void connect() {
    const auto i = some_device();
    auto& of = lives[i];
    const bool local = pick(2) == 0;
    const auto words = some_scopes();
    std::vector<std::string> tokens{of.dead.begin(), of.dead.end()};
    if (!of.token.empty())
      tokens.push_back(of.token);
    const bool by_token = !tokens.empty() && pick(2) == 0;
    const auto shown = by_token ? tokens[pick(tokens.size())] : "secret";
    boost::json::object params{
        {"minProtocol", 4},
        {"maxProtocol", 4},
        {"client",
         {{"id", "openclaw-tui"}, {"version", "1"}, {"platform", "linux"}, {"mode", "ui"}}},
        {"role", "operator"},
        {"scopes", boost::json::array(words.begin(), words.end())},
        {"auth", {{by_token && local ? "deviceToken" : "token", shown}}}};
    devices[i].sign(params, "nonce", now);
    const auto frame = boost::json::serialize(boost::json::object{
        {"type", "req"}, {"id", "c"}, {"method", "connect"}, {"params", params}});
    connection_origin from;
    from.peer = {local ? "127.0.0.1" : "10.0.0.1", 1, local};
    from.ip = from.peer.ip;
    from.host = "127.0.0.1";
    const handshake_facts facts{.settings = &settings,
                                .rows = &store->rows(),
                                .challenge = "nonce",
                                .started = true,
                                .draining = false,
                                .now = std::chrono::hours{1},
                                .wall = now};
    auto outcome = judge_first_frame(frame, from, facts, limiter);
    limiter.on_success(guessed::device_token, from.ip, facts.now); // Guesses are another test.
    limiter.on_success(guessed::shared_secret, from.ip, facts.now);
    const auto asked = scope_set::of(words);
    if (auto* admit_first = std::get_if<admission>(&outcome)) {
      const auto decided = admit(admit_first->ask);
      if (const auto* waiting = std::get_if<device_waiting>(&decided)) {
        of.request_id = waiting->request_id;
        of.asked = asked;
      } else if (local && !by_token) {
        add(of.approved, asked);
        add(of.token_scopes, asked);
        of.request_id.clear();
      }
      auto final = admitted(std::move(*admit_first), decided);
      if (std::holds_alternative<refusal>(final))
        return;
      outcome = std::get<welcome>(std::move(final));
    }
    const auto* granted = std::get_if<welcome>(&outcome);
    if (granted == nullptr)
      return;
    RC_ASSERT(granted->device.has_value());
    RC_ASSERT(asked.covers(granted->scopes));
    if (by_token) {
      RC_ASSERT(shown == of.token);
      RC_ASSERT(of.token_scopes.covers(granted->scopes));
    }
    RC_ASSERT(!of.dead.contains(granted->device->token));
    if (!granted->device->token.empty())
      of.token = granted->device->token;
    open.push_back({i, granted->scopes, *granted->device});
  }

  void approve_some() {
    auto& of = lives[some_device()];
    const auto by = some_caller();
    const auto done = approve(of.request_id, by);
    if (std::holds_alternative<protocol_error>(done))
      return;
    RC_ASSERT(by.scopes.covers(of.asked));
    add(of.approved, of.asked);
    add(of.token_scopes, of.asked);
    of.request_id.clear();
  }

  void kill_token(life& of) {
    if (!of.token.empty())
      of.dead.insert(std::exchange(of.token, {}));
  }

  void rotate_some() {
    const auto i = some_device();
    const auto by = some_caller();
    std::optional<std::vector<std::string>> wanted;
    if (pick(2) == 0)
      wanted = some_scopes();
    const auto done = rotate(devices[i].id, by, wanted);
    if (std::holds_alternative<protocol_error>(done))
      return;
    auto& of = lives[i];
    kill_token(of);
    if (wanted)
      of.token_scopes = scope_set::of(*wanted);
    RC_ASSERT(by.scopes.covers(of.token_scopes));
    RC_ASSERT(of.approved.covers(of.token_scopes));
    ends(i);
  }

  void revoke_some() {
    const auto i = some_device();
    if (std::holds_alternative<protocol_error>(revoke(devices[i].id)))
      return;
    kill_token(lives[i]);
    ends(i);
  }

  void remove_some() {
    const auto i = some_device();
    if (std::holds_alternative<protocol_error>(remove(devices[i].id)))
      return;
    kill_token(lives[i]);
    lives[i].approved = {};
    lives[i].token_scopes = {};
    lives[i].request_id.clear();
    ends(i);
  }

  /// Every connection of the device is told to close, and would be refused its next request.
  void ends(std::size_t device) {
    RC_ASSERT(!news.closings.empty());
    for (const auto& one : open)
      if (one.device == device)
        RC_ASSERT(!still_granted(rows(), one.grant));
    std::erase_if(open, [device](const connection& one) { return one.device == device; });
  }

  void check() {
    for (const auto& one : open) {
      RC_ASSERT(lives[one.device].approved.covers(one.scopes));
      RC_ASSERT(still_granted(rows(), one.grant));
    }
  }

  void step() {
    now += 1'000;
    switch (pick(12)) {
    case 0:
    case 1:
      approve_some();
      break;
    case 2:
      rotate_some();
      break;
    case 3:
      revoke_some();
      break;
    case 4:
      remove_some();
      break;
    case 5:
      restart();
      break;
    default:
      connect();
    }
    check();
  }
};

} // namespace

TEST_CASE("security row 4: no connection ever holds a scope that was not approved (10,000 random "
          "lives)",
          "[security]") {
  CHECK(rc::check([] {
    for (int n = 0; n < lives_per_run; ++n) {
      random_world world;
      for (auto steps = 1 + pick(steps_max); steps > 0; --steps)
        world.step();
    }
  }));
}

} // namespace troupe::test
