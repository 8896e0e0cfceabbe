#include "persistence/tables/digest.hpp"

#include "base/assert.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>

namespace troupe::tables {

full_digest full_digest_of(std::string_view bytes) {
  // Looked up and allocated once: SHA256() does both each time, which costs more than the digest.
  static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> sha256{
      EVP_MD_fetch(nullptr, "SHA256", nullptr), &EVP_MD_free};
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{
      EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  full_digest out{};
  const bool done = EVP_DigestInit_ex2(context.get(), sha256.get(), nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), out.data(), nullptr) == 1;
  TR_ASSERT(done, "SHA-256 is there and cannot fail");
  return out;
}

digest digest_of(std::string_view text) {
  const auto full = full_digest_of(text);
  digest out;
  std::copy_n(full.begin(), out.size(), out.begin());
  return out;
}

} // namespace troupe::tables
