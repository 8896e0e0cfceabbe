#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <memory>
#include <span>
#include <vector>

namespace troupe::net {

/// Looks at descriptors that belong to the caller, through copies that Asio may close. `context`
/// must outlive it and is run by the caller.
class descriptor_watch {
public:
  explicit descriptor_watch(boost::asio::io_context& context) : context_(context) {}

  /// Makes the watched set exactly `wanted`.
  void set(std::span<const int> wanted);
  /// One that can be read, or -1. It is looked at again by the next `set`.
  int take_ready();
  bool any_ready() const;

private:
  struct entry {
    entry(boost::asio::io_context& context, int descriptor)
        : original(descriptor), stream(context) {}
    const int original;
    boost::asio::posix::stream_descriptor stream;
    bool waiting = false;
    bool ready = false;
  };

  void watch(int descriptor);
  std::shared_ptr<entry> add(int descriptor);

  boost::asio::io_context& context_;
  std::vector<std::shared_ptr<entry>> watched_;
};

} // namespace troupe::net
