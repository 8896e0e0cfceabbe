#pragma once

#include <optional>
#include <string>

namespace troupe::cli {

/// Lines from a descriptor that is read only when it has something, so that the caller can wait for
/// other things as well. Pure but for the one `read`.
class line_reader {
public:
  static constexpr std::size_t line_bytes_max = 1u << 20;

  explicit line_reader(int descriptor) : descriptor_(descriptor) {}

  /// The next whole line, without its end; at the end of the input also a last one without end.
  std::optional<std::string> take();
  /// Reads what is there. Call it when the descriptor is readable.
  void fill();
  bool ended() const { return ended_ && buffer_.empty(); }
  /// A line was longer than the bound; reading stopped.
  bool overlong() const { return overlong_; }
  int descriptor() const { return descriptor_; }

private:
  const int descriptor_;
  std::string buffer_;
  bool ended_ = false;
  bool overlong_ = false;
};

} // namespace troupe::cli
