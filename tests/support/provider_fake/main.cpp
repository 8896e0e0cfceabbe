#include "tests/support/provider_fake/server.hpp"

#include <charconv>
#include <csignal>
#include <cstdio>
#include <string_view>

namespace {

troupe::test::provider_fake* running = nullptr;

void on_signal(int) {
  running->stop();
}

template <class Number>
bool read(const char* text, Number& out) {
  const std::string_view digits{text};
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return failed == std::errc{} && end == digits.data() + digits.size();
}

} // namespace

// provider_fake [--port N] [--reply-bytes N]: prints "port N" once it listens; ends on SIGTERM.
int main(int count, char** words) {
  troupe::test::provider_fake_options options;
  for (int i = 1; i < count; i += 2) {
    const std::string_view name = words[i];
    const bool known =
        i + 1 < count && ((name == "--port" && read(words[i + 1], options.port)) ||
                          (name == "--reply-bytes" && read(words[i + 1], options.reply_bytes)));
    if (!known) {
      std::fputs("usage: provider_fake [--port N] [--reply-bytes N]\n", stderr);
      return 2;
    }
  }
  troupe::test::provider_fake fake{options};
  running = &fake;
  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
  std::printf("port %u\n", static_cast<unsigned>(fake.port()));
  std::fflush(stdout);
  fake.run();
  return 0;
}
