#include "actors/gateway/devices/device_token.hpp"

#include "actors/gateway/devices/base64.hpp"
#include "base/assert.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace troupe::gateway {
namespace {

constexpr std::string_view purpose = "troupe-device-token-1";

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

} // namespace

std::string derive_token(std::string_view token_secret, std::string_view device_id,
                         std::string_view role, std::string_view nonce) {
  std::string text{purpose};
  for (const auto part : {device_id, role, nonce}) {
    text += '\0';
    text += part;
  }
  std::array<unsigned char, 32> code{};
  unsigned size = 0;
  const auto* done = HMAC(EVP_sha256(), token_secret.data(), static_cast<int>(token_secret.size()),
                          bytes_of(text), text.size(), code.data(), &size);
  TR_ASSERT(done != nullptr && size == code.size(), "HMAC-SHA256 failed");
  return base64url({reinterpret_cast<const char*>(code.data()), code.size()});
}

tables::full_digest token_hash(std::string_view token) {
  return tables::full_digest_of(token);
}

} // namespace troupe::gateway
