#include "net/client/ws_client.hpp"

#include "net/client/descriptor_watch.hpp"
#include "net/client/dial.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <deque>
#include <optional>
#include <utility>

namespace troupe::net {
namespace {

using namespace dial;
namespace http = beast::http;
namespace websocket = beast::websocket;

constexpr std::chrono::milliseconds close_ms_max{1'000};

error make_error(errc code, std::string detail) {
  return {code, std::move(detail)};
}

/// The connection over `Layer`: a TCP stream or TLS on one.
template <class Layer>
class connection final : public ws_client {
public:
  template <class... Args>
  explicit connection(const ws_client_options& options, Args&&... layer)
      : options_(options), stream_(context_, std::forward<Args>(layer)...), watch_(context_),
        timer_(context_) {}
  ~connection() override {
    beast::get_lowest_layer(stream_).close();
    context_.restart();
    context_.poll(); // Handlers refer to members.
  }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  asio::io_context& context() { return context_; }
  Layer& layer() { return stream_.next_layer(); }

  result<void> upgrade(const ws_url& url) {
    websocket::stream_base::timeout timeouts{options_.handshake, options_.idle, true};
    stream_.set_option(timeouts);
    stream_.set_option(websocket::stream_base::decorator([](websocket::request_type& request) {
      request.set(http::field::user_agent, "troupe-cli");
    }));
    stream_.read_message_max(options_.message_bytes_max);
    websocket::response_type answer;
    const auto failed = wait_for(
        context_, from_now(options_.handshake),
        [&](auto handler) {
          stream_.async_handshake(answer, url.authority(), url.path, std::move(handler));
        },
        [&] { beast::get_lowest_layer(stream_).close(); });
    if (failed == websocket::error::upgrade_declined)
      return make_error(errc::invalid_argument, url.authority() + " answered HTTP " +
                                                    std::to_string(answer.result_int()) +
                                                    " instead of opening a WebSocket");
    if (failed == asio::error::timed_out || failed == beast::error::timeout)
      return make_error(errc::timeout, url.authority() + ": no answer to the WebSocket upgrade");
    if (failed)
      return make_error(errc::invalid_argument,
                        url.authority() + " does not speak WebSocket: " + failed.message());
    stream_.text(true);
    read();
    return boost::outcome_v2::success();
  }

  result<void> send(std::string_view text) override {
    if (closed_)
      return make_error(errc::connection_lost, closed_->reason);
    const auto failed = wait_for(
        context_, from_now(options_.write),
        [&](auto handler) {
          stream_.async_write(asio::buffer(text.data(), text.size()), std::move(handler));
        },
        [&] { beast::get_lowest_layer(stream_).close(); });
    if (!failed)
      return boost::outcome_v2::success();
    const auto code = failed == asio::error::timed_out ? errc::timeout : errc::connection_lost;
    return make_error(code, failed.message());
  }

  ws_happening next(time_point deadline, std::span<const int> watched) override {
    watch_.set(watched);
    timer_.expires_at(deadline);
    bool timed_out = false;
    auto alive = std::make_shared<bool*>(&timed_out);
    timer_.async_wait([alive](error_code failed) {
      if (!failed && *alive)
        **alive = true;
    });
    context_.restart();
    context_.poll();
    while (messages_.empty() && !closed_ && !timed_out && !watch_.any_ready())
      context_.run_one();
    *alive = nullptr;
    timer_.cancel();
    return take();
  }

  void close(std::uint16_t code) override {
    if (closed_)
      return;
    closing_ = true;
    wait_for(
        context_, from_now(close_ms_max),
        [&](auto handler) {
          stream_.async_close(websocket::close_reason{code}, std::move(handler));
        },
        [&] { beast::get_lowest_layer(stream_).close(); });
    closed_ = ws_closed{code, "closed by this side"};
  }

private:
  ws_happening take() {
    if (!messages_.empty()) {
      ws_text message{std::move(messages_.front())};
      messages_.pop_front();
      held_bytes_ -= message.text.size();
      if (!reading_ && !closed_ && held_bytes_ < options_.message_bytes_max)
        read();
      return message;
    }
    if (closed_)
      return *closed_;
    if (const int descriptor = watch_.take_ready(); descriptor >= 0)
      return ws_readable{descriptor};
    return ws_quiet{};
  }

  /// One read is always under way, so that pings are answered, unless the caller is behind.
  void read() {
    reading_ = true;
    stream_.async_read(buffer_, [this](error_code failed, std::size_t) {
      reading_ = false;
      if (failed)
        return lost(failed);
      messages_.push_back(beast::buffers_to_string(buffer_.data()));
      held_bytes_ += messages_.back().size();
      buffer_.consume(buffer_.size());
      if (held_bytes_ < options_.message_bytes_max)
        read();
    });
  }

  void lost(const error_code& failed) {
    if (closing_)
      return;
    if (failed == websocket::error::closed)
      closed_ = ws_closed{stream_.reason().code, stream_.reason().reason.c_str()};
    else if (failed == beast::error::timeout)
      closed_ = ws_closed{1006, "the gateway went silent"};
    else if (failed == websocket::error::message_too_big)
      closed_ = ws_closed{1009, "a message is larger than this client takes"};
    else
      closed_ = ws_closed{1006, failed.message()};
  }

  const ws_client_options options_;
  asio::io_context context_{1};
  websocket::stream<Layer, false> stream_; // Without permessage-deflate, which no gateway offers.
  descriptor_watch watch_;
  asio::steady_timer timer_;
  beast::flat_buffer buffer_;
  std::deque<std::string> messages_;
  std::size_t held_bytes_ = 0;
  std::optional<ws_closed> closed_;
  bool reading_ = false;
  bool closing_ = false;
};

} // namespace

result<std::unique_ptr<ws_client>> ws_client::open(const ws_url& url,
                                                   const ws_client_options& options) {
  if (!url.tls) {
    auto plain = std::make_unique<connection<beast::tcp_stream>>(options);
    TR_TRY(connect(plain->context(), plain->layer(), url, options));
    TR_TRY(plain->upgrade(url));
    return std::unique_ptr<ws_client>{std::move(plain)};
  }
  asio::ssl::context tls{asio::ssl::context::tls_client};
  TR_TRY(prepare_tls(tls, options));
  auto secure = std::make_unique<connection<tls_stream>>(options, tls);
  TR_TRY(connect(secure->context(), beast::get_lowest_layer(secure->layer()), url, options));
  TR_TRY(handshake_tls(secure->context(), secure->layer(), url, options));
  TR_TRY(secure->upgrade(url));
  return std::unique_ptr<ws_client>{std::move(secure)};
}

} // namespace troupe::net
