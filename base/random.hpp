#pragma once

#include <cstdint>
#include <string>

namespace troupe {

/// Seeded pseudo-random numbers (xoshiro256**) for jitter, backoff and simulation; never for
/// secrets. Not thread-safe: one generator per owner.
class random_generator {
public:
  explicit random_generator(std::uint64_t seed);
  std::uint64_t next();
  /// Uniform in [0, bound); 0 when `bound` is 0.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1).
  double unit();

private:
  std::uint64_t state_[4];
};

/// A seed from the kernel.
std::uint64_t random_seed();

/// `bytes` unpredictable bytes from the kernel: keys.
std::string random_bytes(std::size_t bytes);

/// The same as lower-case hex: tokens, nonces.
std::string random_hex(std::size_t bytes);

/// A random (version 4) UUID in its usual text form.
std::string random_uuid();

} // namespace troupe
