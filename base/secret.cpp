#include "base/secret.hpp"

namespace troupe {

bool secret::equals(std::string_view candidate) const {
  // The loop runs over the candidate, so that its time says nothing about the secret.
  unsigned difference = value_.size() == candidate.size() ? 0u : 1u;
  for (std::size_t i = 0; i < candidate.size(); ++i) {
    const char own = value_.empty() ? '\0' : value_[i % value_.size()];
    difference |= static_cast<unsigned>(static_cast<unsigned char>(own)) ^
                  static_cast<unsigned>(static_cast<unsigned char>(candidate[i]));
  }
  return difference == 0;
}

} // namespace troupe
