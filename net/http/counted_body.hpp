#pragma once

#include "net/http/server_core.hpp"

#include <boost/asio/buffers_iterator.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/core/buffer_traits.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional.hpp>

#include <cstdint>
#include <string>

namespace troupe::net {

/// A Beast body into a string that grows with what has really arrived, never with what a
/// Content-Length promises, and counts against the server's bound for bodies in flight.
struct counted_body {
  struct value_type {
    std::string text;
    server_core* core = nullptr;
    std::size_t counted = 0;
    bool keep = true; ///< False: what comes is dropped.
    value_type() = default;
    value_type(const value_type&) = delete;
    value_type& operator=(const value_type&) = delete;
    ~value_type() {
      if (core != nullptr)
        core->release_body(counted);
    }
  };

  class reader {
  public:
    template <bool IsRequest, class Fields>
    reader(boost::beast::http::header<IsRequest, Fields>&, value_type& value) : value_(value) {}

    /// Called when the head was read: nobody has said yet that the body is wanted.
    void init(const boost::optional<std::uint64_t>&, boost::system::error_code& failed) {
      failed = {};
    }

    template <class Buffers>
    std::size_t put(const Buffers& buffers, boost::system::error_code& failed) {
      const auto bytes = boost::beast::buffer_bytes(buffers);
      failed = {};
      if (!value_.keep)
        return bytes;
      if (!value_.core->reserve_body(bytes)) {
        failed = boost::asio::error::no_memory;
        return 0;
      }
      value_.counted += bytes;
      for (const auto piece : boost::beast::buffers_range_ref(buffers))
        value_.text.append(static_cast<const char*>(piece.data()), piece.size());
      return bytes;
    }

    void finish(boost::system::error_code& failed) { failed = {}; }

  private:
    value_type& value_;
  };
};

} // namespace troupe::net
