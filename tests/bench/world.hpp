#pragma once

#include "tests/bench/process.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace troupe::bench {

using steady = std::chrono::steady_clock;

double milliseconds(auto duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

/// A gateway on a store of its own in `directory`, and the provider fake that it calls.
class world {
public:
  static constexpr const char* token = "bench";

  world(std::string troupe, const std::string& provider_fake, std::filesystem::path directory);

  /// Starts the gateway; returns once it listens.
  void start();
  void stop() { gateway_.reset(); }

  const process& gateway() const { return *gateway_; }
  std::uint16_t port() const { return port_; }
  const std::filesystem::path& directory() const { return directory_; }

private:
  const std::string troupe_;
  const std::filesystem::path directory_;
  process provider_;
  std::unique_ptr<process> gateway_;
  std::uint16_t port_ = 0;
};

/// Of sorted values.
double percentile(const std::vector<double>& sorted, std::size_t percent);

} // namespace troupe::bench
