#pragma once

namespace troupe::cli {

/// Ctrl-C as a readable descriptor, for as long as the object lives. One at a time per process.
class interrupt_watch {
public:
  /// `instead`: a descriptor that plays Ctrl-C (tests); -1: the real one.
  explicit interrupt_watch(int instead);
  ~interrupt_watch();
  interrupt_watch(const interrupt_watch&) = delete;
  interrupt_watch& operator=(const interrupt_watch&) = delete;

  int descriptor() const { return descriptor_; }
  /// Takes one Ctrl-C away, if there is one.
  bool take();

private:
  int descriptor_ = -1;
  int write_end_ = -1;
};

} // namespace troupe::cli
