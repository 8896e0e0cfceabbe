#include "actors/gateway/devices/identity.hpp"

#include "actors/gateway/devices/base64.hpp"
#include "base/text.hpp"
#include "persistence/tables/device_tables.hpp"

#include <openssl/evp.h>

#include <memory>

namespace troupe::gateway {
namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t signature_bytes = 64;
/// The longest encodings that can hold a key; longer text is not looked into.
constexpr std::size_t key_text_max = 512;
/// What stands before the raw key in a SubjectPublicKeyInfo of Ed25519 (RFC 8410).
constexpr std::string_view key_info_prefix{"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12};

constexpr device_fault bad_key{"device public key invalid", "DEVICE_AUTH_PUBLIC_KEY_INVALID",
                               "device-public-key"};
constexpr device_fault wrong_id{"device identity mismatch", "DEVICE_AUTH_DEVICE_ID_MISMATCH",
                                "device-id-mismatch"};
constexpr device_fault stale{"device signature expired", "DEVICE_AUTH_SIGNATURE_EXPIRED",
                             "device-signature-stale"};
constexpr device_fault no_nonce{"device nonce required", "DEVICE_AUTH_NONCE_REQUIRED",
                                "device-nonce-missing"};
constexpr device_fault wrong_nonce{"device nonce mismatch", "DEVICE_AUTH_NONCE_MISMATCH",
                                   "device-nonce-mismatch"};
constexpr device_fault bad_signature{"device signature invalid", "DEVICE_AUTH_SIGNATURE_INVALID",
                                     "device-signature"};

/// What the reference trims from a key and a nonce.
constexpr std::string_view blanks = " \t\r\n\v\f";

/// The base64 inside a PEM block, without line ends; empty when it is none.
std::string pem_body(std::string_view text) {
  constexpr std::string_view begin = "-----BEGIN PUBLIC KEY-----";
  constexpr std::string_view end = "-----END PUBLIC KEY-----";
  text = trimmed(text, blanks);
  if (!text.starts_with(begin) || !text.ends_with(end) || text.size() < begin.size() + end.size())
    return {};
  std::string out;
  for (const char c : text.substr(begin.size(), text.size() - begin.size() - end.size()))
    if (c != '\n' && c != '\r')
      out += c;
  return out;
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool signature_holds(std::string_view raw_key, std::string_view signature,
                     std::string_view payload) {
  using key_ptr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using context_ptr = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
  const key_ptr key{
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(raw_key), raw_key.size()),
      &EVP_PKEY_free};
  const context_ptr context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  if (!key || !context ||
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1)
    return false;
  return EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(payload),
                          payload.size()) == 1;
}

bool is_signed(const connect_params& client, std::string_view raw_key) {
  const auto signature = from_base64(client.device->signature);
  if (!signature || signature->size() != signature_bytes)
    return false;
  return signature_holds(raw_key, *signature, signature_payload(signature_version::v3, client)) ||
         signature_holds(raw_key, *signature, signature_payload(signature_version::v2, client));
}

bool too_far(wall_ms signed_at, wall_ms now) {
  const auto age = signed_at > now ? signed_at - now : now - signed_at;
  return age > signature_age_max.count();
}

} // namespace

std::string normal_metadata(std::string_view text) {
  std::string out{trimmed(text, blanks)};
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string signature_payload(signature_version version, const connect_params& client) {
  std::string scopes;
  for (const auto& name : client.scopes) {
    if (!scopes.empty())
      scopes += ',';
    scopes += name;
  }
  const auto& device = *client.device;
  std::string out = version == signature_version::v3 ? "v3" : "v2";
  const auto add = [&out](std::string_view field) {
    out += '|';
    out += field;
  };
  add(device.id);
  add(client.client_id);
  add(client.client_mode);
  add(client.role);
  add(scopes);
  add(std::to_string(device.signed_at));
  add(!client.token.empty()          ? client.token
      : !client.device_token.empty() ? client.device_token
                                     : client.bootstrap_token);
  add(device.nonce);
  if (version == signature_version::v3) {
    add(normal_metadata(client.platform));
    add(normal_metadata(client.device_family));
  }
  return out;
}

std::optional<std::string> raw_public_key(std::string_view text) {
  if (text.size() > key_text_max)
    return std::nullopt;
  const auto pem = pem_body(text);
  const auto bytes = from_base64(pem.empty() ? trimmed(text, blanks) : std::string_view{pem});
  if (!bytes)
    return std::nullopt;
  std::string_view key = *bytes;
  if (key.size() == key_info_prefix.size() + key_bytes && key.starts_with(key_info_prefix))
    key.remove_prefix(key_info_prefix.size());
  else if (!pem.empty())
    return std::nullopt;
  if (key.size() != key_bytes)
    return std::nullopt;
  return std::string{key};
}

std::variant<verified_device, device_fault> verify_device(const connect_params& client,
                                                          std::string_view challenge, wall_ms now) {
  const auto& claim = *client.device;
  const auto raw_key = raw_public_key(claim.public_key);
  if (!raw_key)
    return bad_key;
  if (claim.id != to_hex(tables::full_digest_of(*raw_key)))
    return wrong_id;
  if (too_far(claim.signed_at, now))
    return stale;
  const auto nonce = trimmed(claim.nonce, blanks);
  if (nonce.empty())
    return no_nonce;
  if (challenge.empty() || nonce != challenge)
    return wrong_nonce;
  if (!is_signed(client, *raw_key))
    return bad_signature;
  return verified_device{claim.id, base64url(*raw_key)};
}

} // namespace troupe::gateway
