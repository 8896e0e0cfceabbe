#pragma once

#include "tests/support/provider_fake/chat_call.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

namespace troupe::test {

/// What the fake was asked, bounded.
class call_journal {
public:
  struct entry {
    std::uint64_t n = 0;
    std::string model;
    std::string text;
    unsigned attempt = 0;
    unsigned status = 0;
    unsigned messages = 0;
    unsigned tool_results = 0;
    bool has_tools = false;
    bool authorized = false;
    const char* api = "openai";
    bool thinks = false;
    unsigned cache_marks = 0;
    unsigned thoughts = 0;
    const char* end = "open";
  };

  /// The number of this call among its like, from 1.
  unsigned count(const chat_call& call);
  /// Returns the entry's number, for `close`.
  std::uint64_t open(const chat_call& call, unsigned attempt, unsigned status, bool authorized);
  void close(std::uint64_t n, const char* end);
  std::string stats_json(std::size_t connections) const;
  std::string log_json() const;
  void reset();

private:
  std::uint64_t number_ = 0; // Survives `reset`, as open calls do.
  std::uint64_t open_ = 0;
  std::uint64_t calls_ = 0;
  std::uint64_t closed_by_client_ = 0;
  std::unordered_map<std::string, unsigned> attempts_;
  std::unordered_map<std::string, unsigned> by_message_;
  std::deque<entry> log_;
};

} // namespace troupe::test
