#pragma once

#include "actors/gateway/devices/base64.hpp"
#include "actors/gateway/devices/identity.hpp"

#include <boost/json/object.hpp>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace troupe::test {

/// A device with an Ed25519 key of its own, made from `seed`: it signs as OpenClaw's clients do,
/// with a payload that is built here, not by the code under test.
class test_device {
public:
  explicit test_device(unsigned char seed) {
    std::array<unsigned char, 32> secret{};
    secret.fill(seed);
    key_.reset(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, secret.data(), secret.size()));
    std::array<unsigned char, 32> raw{};
    std::size_t size = raw.size();
    EVP_PKEY_get_raw_public_key(key_.get(), raw.data(), &size);
    public_key = gateway::base64url({reinterpret_cast<const char*>(raw.data()), raw.size()});
    std::array<unsigned char, 32> digest{};
    SHA256(raw.data(), raw.size(), digest.data());
    constexpr std::string_view digits = "0123456789abcdef";
    for (const unsigned char byte : digest) {
      id += digits[byte >> 4];
      id += digits[byte & 15];
    }
  }

  std::string sign(std::string_view payload) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                          &EVP_MD_CTX_free};
    EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get());
    std::string out(64, '\0');
    std::size_t size = out.size();
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                   reinterpret_cast<const unsigned char*>(payload.data()), payload.size());
    return gateway::base64url(out);
  }

  /// Signs `params` of a connect, whose `device` it replaces.
  void sign(boost::json::object& params, std::string_view nonce, wall_ms at,
            int version = 3) const {
    const auto text = [](const boost::json::object& from, std::string_view name) {
      const auto* found = from.if_contains(name);
      return found ? std::string{found->as_string()} : std::string{};
    };
    const auto& client = params.at("client").as_object();
    std::string scopes;
    for (const auto& name : params.at("scopes").as_array())
      scopes += (scopes.empty() ? "" : ",") + std::string{name.as_string()};
    std::string token;
    if (const auto* auth = params.if_contains("auth"))
      for (const auto* field : {"bootstrapToken", "deviceToken", "token"})
        if (const auto shown = text(auth->as_object(), field); !shown.empty())
          token = shown;
    auto payload = "v" + std::to_string(version) + "|" + id + "|" + text(client, "id") + "|" +
                   text(client, "mode") + "|" + text(params, "role") + "|" + scopes + "|" +
                   std::to_string(at) + "|" + token + "|" + std::string{nonce};
    if (version == 3)
      payload += "|" + gateway::normal_metadata(text(client, "platform")) + "|" +
                 gateway::normal_metadata(text(client, "deviceFamily"));
    params["device"] = {{"id", id},
                        {"publicKey", public_key},
                        {"signature", sign(payload)},
                        {"signedAt", at},
                        {"nonce", nonce}};
  }

  std::string id;
  std::string public_key;

private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_{nullptr, &EVP_PKEY_free};
};

} // namespace troupe::test
