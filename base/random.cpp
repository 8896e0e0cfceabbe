#include "base/random.hpp"

#include "base/assert.hpp"
#include "base/text.hpp"

#include <sys/random.h>

#include <array>
#include <span>

namespace troupe {
namespace {

std::uint64_t split_mix(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

std::uint64_t rotate_left(std::uint64_t x, int k) {
  return (x << k) | (x >> (64 - k));
}

void fill_from_kernel(std::span<unsigned char> out) {
  while (!out.empty()) {
    const auto got = getrandom(out.data(), out.size(), 0);
    if (got > 0)
      out = out.subspan(static_cast<std::size_t>(got));
    else
      TR_ASSERT(errno == EINTR, "getrandom failed");
  }
}

} // namespace

random_generator::random_generator(std::uint64_t seed) {
  for (auto& word : state_)
    word = split_mix(seed);
}

std::uint64_t random_generator::next() {
  const auto out = rotate_left(state_[1] * 5, 7) * 9;
  const auto shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = rotate_left(state_[3], 45);
  return out;
}

std::uint64_t random_generator::below(std::uint64_t bound) {
  return bound == 0 ? 0 : next() % bound;
}

double random_generator::unit() {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  fill_from_kernel({reinterpret_cast<unsigned char*>(&seed), sizeof seed});
  return seed;
}

std::string random_bytes(std::size_t bytes) {
  std::string raw(bytes, '\0');
  fill_from_kernel({reinterpret_cast<unsigned char*>(raw.data()), raw.size()});
  return raw;
}

std::string random_hex(std::size_t bytes) {
  const auto raw = random_bytes(bytes);
  return to_hex({reinterpret_cast<const unsigned char*>(raw.data()), raw.size()});
}

std::string random_uuid() {
  std::array<unsigned char, 16> raw{};
  fill_from_kernel(raw);
  raw[6] = static_cast<unsigned char>((raw[6] & 0x0f) | 0x40);
  raw[8] = static_cast<unsigned char>((raw[8] & 0x3f) | 0x80);
  auto text = to_hex(raw);
  for (const std::size_t dash : {8u, 13u, 18u, 23u})
    text.insert(dash, 1, '-');
  return text;
}

} // namespace troupe
