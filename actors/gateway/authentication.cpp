#include "actors/gateway/authentication.hpp"

#include "actors/gateway/devices/device_rows.hpp"
#include "actors/gateway/devices/device_token.hpp"
#include "base/log.hpp"

#include <algorithm>

namespace troupe::gateway {
namespace {

using std::chrono::milliseconds;

bool wants_password(const config::gateway_settings& settings) {
  return settings.auth.mode == config::auth_mode::password;
}

/// One attempt: what is known about it so far.
struct attempt {
  const connect_params& client;
  const verified_device* device;
  const connection_origin& from;
  const handshake_facts& facts;
  auth_limiter& limiter;

  bool local() const { return from.direct_loopback(); }
  milliseconds wait(guessed what) const {
    return limiter.locked_for(what, from.ip, local(), facts.now);
  }
  proof succeeded(guessed what, proof out) const {
    limiter.on_success(what, from.ip, facts.now);
    return out;
  }
};

/// The token text that is checked against the device's tokens.
const std::string& device_token_text(const connect_params& client) {
  return client.device_token.empty() ? client.token : client.device_token;
}

/// The device's own token in force, for the role it asks for.
std::optional<proof> by_device_token(const attempt& now) {
  const auto& text = device_token_text(now.client);
  if (now.device == nullptr || now.facts.rows == nullptr || text.empty())
    return std::nullopt;
  const device_rows rows{*now.facts.rows};
  const auto found = rows.token_of(token_hash(text));
  if (!found) {
    log::error("gateway", "devices: {}", found.error().detail);
    return std::nullopt;
  }
  const auto& row = found.value();
  if (!row || row->device_id != now.device->id || row->role != now.client.role ||
      row->revoked_at != 0)
    return std::nullopt;
  return proof{"device-token", row};
}

/// What was compared and found wrong counts, each for itself: whoever shows two wrong things has
/// guessed twice.
struct guesses {
  bool secret = false;
  bool device_token = false;
};

refusal counted(const attempt& now, const guesses& made, refusal out) {
  const auto count = [&](guessed what) {
    const auto delay = now.limiter.on_failure(what, now.from.ip, now.local(), now.facts.now);
    out.delay = std::max(out.delay, delay);
  };
  if (made.secret)
    count(guessed::shared_secret);
  if (made.device_token)
    count(guessed::device_token);
  return out;
}

/// What is told when nothing that was shown is right.
refusal no_proof(const attempt& now, secret_verdict secret) {
  const auto& client = now.client;
  const bool password = wants_password(*now.facts.settings);
  if (!client.device_token.empty())
    return device_token_mismatch();
  if (client.token.empty() && client.password.empty())
    return bootstrap_token_invalid();
  return secret == secret_verdict::not_configured ? secret_not_configured(password)
                                                  : secret_mismatch(client, password);
}

bool comes_around_proxy(const connection_origin& from) {
  return !from.user || from.user->refused == untrusted_proxy;
}

/// Shared secret first (unless it may not open this door), then the device's token. A guess of the
/// one does not lock out the other.
std::variant<proof, refusal> by_secret_or_token(const attempt& now, bool secret_counts) {
  const auto& client = now.client;
  const auto& settings = *now.facts.settings;
  const bool password = wants_password(settings);
  const bool shows_secret = secret_counts && !(client.token.empty() && client.password.empty());
  if (!shows_secret && client.device_token.empty() && client.bootstrap_token.empty())
    return client.device ? secret_missing(client, password) : device_required();

  guesses made;
  auto verdict = secret_verdict::wrong;
  const auto secret_wait = now.wait(guessed::shared_secret);
  if (shows_secret && secret_wait == milliseconds{0}) {
    verdict = judge_secret(settings, client.token);
    if (verdict == secret_verdict::correct ||
        judge_secret(settings, client.password) == secret_verdict::correct)
      return now.succeeded(guessed::shared_secret, {password ? "password" : "token", {}});
    made.secret = verdict == secret_verdict::wrong;
  }
  const auto token_wait = now.wait(guessed::device_token);
  if (token_wait == milliseconds{0}) {
    if (auto proven = by_device_token(now))
      return now.succeeded(guessed::device_token, std::move(*proven));
    made.device_token = !client.device_token.empty() || (shows_secret && !made.secret);
  }
  const auto wait = client.device_token.empty() ? secret_wait : token_wait;
  if (wait > milliseconds{0})
    return counted(now, made, rate_limited(wait));
  made.secret = made.secret || (!shows_secret && client.device_token.empty());
  return counted(now, made, no_proof(now, verdict));
}

} // namespace

std::variant<proof, refusal> authenticate(const connect_params& client,
                                          const verified_device* device,
                                          const connection_origin& from,
                                          const handshake_facts& facts, auth_limiter& limiter) {
  const attempt now{client, device, from, facts, limiter};
  switch (facts.settings->auth.mode) {
  case config::auth_mode::none:
    return proof{"none", {}};
  case config::auth_mode::trusted_proxy:
    if (from.user && from.user->refused.empty())
      return proof{"trusted-proxy", {}};
    // Tools on this machine have no proxy before them, and devices that come another way prove
    // themselves. Whom the proxy turns away comes in by no other means.
    if (from.direct_loopback() || (comes_around_proxy(from) && !client.device_token.empty()))
      return by_secret_or_token(now, from.direct_loopback());
    return proxy_not_believed(from.user ? from.user->refused : "trusted_proxy_user_missing");
  case config::auth_mode::token:
  case config::auth_mode::password:
    break;
  }
  return by_secret_or_token(now, true);
}

secret_verdict judge_secret(const config::gateway_settings& settings, std::string_view candidate) {
  const auto& auth = settings.auth;
  const bool password = wants_password(settings) ||
                        (auth.mode == config::auth_mode::trusted_proxy && auth.token.empty());
  const auto& configured = password ? auth.password : auth.token;
  if (configured.empty())
    return secret_verdict::not_configured;
  return configured.equals(candidate) ? secret_verdict::correct : secret_verdict::wrong;
}

} // namespace troupe::gateway
