#include "net/client/ws_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <openssl/ssl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <optional>

/// Every step is an asynchronous operation driven by `run_until` to its end or its deadline: so one
/// thread can wait for messages, pings, the terminal and the clock at once.
namespace troupe::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using tcp = asio::ip::tcp;
using boost::system::error_code;
using time_point = std::chrono::steady_clock::time_point;
using tls_stream = beast::ssl_stream<beast::tcp_stream>;

constexpr std::chrono::milliseconds close_ms_max{1'000};

time_point from_now(std::chrono::milliseconds wait) {
  return std::chrono::steady_clock::now() + wait;
}

error make_error(errc code, std::string detail) {
  return {code, std::move(detail)};
}

std::string authority(const ws_url& url) {
  const bool ipv6 = url.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + url.host + "]" : url.host) + ":" + std::to_string(url.port);
}

/// Runs `context` until `done`, but not beyond `deadline`. True when done.
bool run_until(asio::io_context& context, const bool& done, time_point deadline) {
  context.restart();
  while (!done && context.run_one_until(deadline) > 0) {
  }
  return done;
}

/// Starts one operation with a completion handler that keeps its error, and waits for it.
/// `cancel` must make the operation end; the handler refers to this frame.
template <class Start, class Cancel>
error_code wait_for(asio::io_context& context, time_point deadline, Start start, Cancel cancel) {
  bool done = false;
  error_code outcome;
  start([&](error_code failed, auto&&...) {
    outcome = failed;
    done = true;
  });
  if (run_until(context, done, deadline))
    return outcome;
  cancel();
  run_until(context, done, time_point::max());
  // An operation that ended well while it was being cancelled did end well.
  return outcome ? error_code{asio::error::timed_out} : outcome;
}

error connect_error(const ws_url& url, const error_code& failed) {
  const auto code = failed == asio::error::timed_out ? errc::timeout : errc::unavailable;
  return make_error(code, authority(url) + ": " + failed.message());
}

result<tcp::resolver::results_type> resolve(asio::io_context& context, const ws_url& url,
                                            time_point deadline) {
  tcp::resolver resolver{context};
  tcp::resolver::results_type found;
  const auto failed = wait_for(
      context, deadline,
      [&](auto handler) {
        resolver.async_resolve(url.host, std::to_string(url.port),
                               [&found, handler](error_code ended, auto results) mutable {
                                 found = std::move(results);
                                 handler(ended);
                               });
      },
      [&] { resolver.cancel(); });
  if (failed)
    return connect_error(url, failed);
  return found;
}

result<void> connect(asio::io_context& context, beast::tcp_stream& stream, const ws_url& url,
                     const ws_client_options& options) {
  const auto deadline = from_now(options.connect);
  TR_TRY(const auto endpoints, resolve(context, url, deadline));
  const auto failed = wait_for(
      context, deadline,
      [&](auto handler) { asio::async_connect(stream.socket(), endpoints, std::move(handler)); },
      [&] { stream.close(); });
  if (failed)
    return connect_error(url, failed);
  error_code ignored;
  stream.socket().set_option(tcp::no_delay{true}, ignored);
  return boost::outcome_v2::success();
}

/// The peer must show a certificate for the host's name that the trusted ones vouch for.
result<void> prepare_tls(asio::ssl::context& context, const ws_client_options& options) {
  error_code failed;
  context.set_verify_mode(asio::ssl::verify_peer, failed);
  if (!failed && options.certificates.empty())
    context.set_default_verify_paths(failed);
  else if (!failed)
    context.load_verify_file(options.certificates, failed);
  if (failed)
    return make_error(errc::invalid_argument, "trusted certificates: " + failed.message());
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  return boost::outcome_v2::success();
}

/// Says in the handshake which host is meant; addresses are not named (RFC 6066, section 3).
bool name_server(tls_stream& stream, std::string host) {
  error_code not_an_address;
  asio::ip::make_address(host, not_an_address);
  if (!not_an_address)
    return true;
  return SSL_ctrl(stream.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                  host.data()) == 1;
}

result<void> handshake_tls(asio::io_context& context, tls_stream& stream, const ws_url& url,
                           const ws_client_options& options) {
  error_code failed;
  stream.set_verify_callback(asio::ssl::host_name_verification{url.host}, failed);
  if (failed || !name_server(stream, url.host))
    return make_error(errc::internal, "TLS cannot be set up for " + url.host);
  failed = wait_for(
      context, from_now(options.handshake),
      [&](auto handler) {
        stream.async_handshake(asio::ssl::stream_base::client, std::move(handler));
      },
      [&] { beast::get_lowest_layer(stream).close(); });
  if (!failed)
    return boost::outcome_v2::success();
  if (failed == asio::error::timed_out)
    return connect_error(url, failed);
  if (const auto verdict = SSL_get_verify_result(stream.native_handle()); verdict != X509_V_OK)
    return make_error(errc::forbidden, authority(url) + ": the certificate is not trusted: " +
                                           X509_verify_cert_error_string(verdict));
  return make_error(errc::unavailable, authority(url) + ": TLS: " + failed.message());
}

/// Looks at descriptors that belong to the caller, through copies that Asio may close.
class descriptor_watch {
public:
  explicit descriptor_watch(asio::io_context& context) : context_(context) {}

  /// Makes the watched set exactly `wanted`.
  void set(std::span<const int> wanted) {
    std::erase_if(watched_, [&](const auto& each) {
      return std::ranges::find(wanted, each->original) == wanted.end();
    });
    for (const int descriptor : wanted)
      watch(descriptor);
  }
  /// One that can be read, or -1. It is looked at again by the next `set`.
  int take_ready() {
    for (auto& each : watched_)
      if (each->ready) {
        each->ready = false;
        each->waiting = false;
        return each->original;
      }
    return -1;
  }
  bool any_ready() const {
    return std::ranges::any_of(watched_, [](const auto& each) { return each->ready; });
  }

private:
  struct entry {
    entry(asio::io_context& context, int descriptor) : original(descriptor), stream(context) {}
    const int original;
    asio::posix::stream_descriptor stream;
    bool waiting = false;
    bool ready = false;
  };

  void watch(int descriptor) {
    const auto found = std::ranges::find_if(
        watched_, [&](const auto& each) { return each->original == descriptor; });
    auto each = found == watched_.end() ? add(descriptor) : *found;
    if (each->waiting || each->ready)
      return;
    if (!each->stream.is_open()) {
      each->ready = true; // epoll refuses regular files: they can always be read.
      return;
    }
    each->waiting = true;
    each->stream.async_wait(asio::posix::stream_descriptor::wait_read, [each](error_code failed) {
      each->ready = failed != asio::error::operation_aborted;
    });
  }

  std::shared_ptr<entry> add(int descriptor) {
    auto added = std::make_shared<entry>(context_, descriptor);
    const int copy = ::dup(descriptor);
    error_code failed;
    added->stream.assign(copy, failed);
    if (failed && copy >= 0)
      ::close(copy);
    watched_.push_back(added);
    return added;
  }

  asio::io_context& context_;
  std::vector<std::shared_ptr<entry>> watched_;
};

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
          stream_.async_handshake(answer, authority(url), url.path, std::move(handler));
        },
        [&] { beast::get_lowest_layer(stream_).close(); });
    if (failed == websocket::error::upgrade_declined)
      return make_error(errc::invalid_argument, authority(url) + " answered HTTP " +
                                                    std::to_string(answer.result_int()) +
                                                    " instead of opening a WebSocket");
    if (failed == asio::error::timed_out || failed == beast::error::timeout)
      return make_error(errc::timeout, authority(url) + ": no answer to the WebSocket upgrade");
    if (failed)
      return make_error(errc::invalid_argument,
                        authority(url) + " does not speak WebSocket: " + failed.message());
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
  websocket::stream<Layer> stream_;
  descriptor_watch watch_;
  asio::steady_timer timer_;
  beast::flat_buffer buffer_;
  std::deque<std::string> messages_;
  std::size_t held_bytes_ = 0;
  std::optional<ws_closed> closed_;
  bool reading_ = false;
  bool closing_ = false;
};

template <class Stream>
result<http_response> get_over(asio::io_context& context, Stream& stream, const ws_url& url,
                               std::string_view path, const ws_client_options& options) {
  http::request<http::empty_body> request{http::verb::get, {path.data(), path.size()}, 11};
  request.set(http::field::host, authority(url));
  request.set(http::field::accept, "application/json");
  request.set(http::field::connection, "close");
  const auto deadline = from_now(options.handshake);
  const auto give_up = [&] { beast::get_lowest_layer(stream).close(); };
  auto failed = wait_for(
      context, deadline,
      [&](auto handler) { http::async_write(stream, request, std::move(handler)); }, give_up);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(http_get_body_bytes_max);
  if (!failed)
    failed = wait_for(
        context, deadline,
        [&](auto handler) { http::async_read(stream, buffer, parser, std::move(handler)); },
        give_up);
  if (failed == asio::error::timed_out)
    return make_error(errc::timeout, authority(url) + ": no answer to GET " + std::string{path});
  if (failed)
    return make_error(errc::connection_lost, authority(url) + ": " + failed.message());
  http_response answer;
  answer.status = parser.get().result_int();
  answer.body = std::move(parser.get().body());
  return answer;
}

std::string_view cut_scheme(std::string_view& rest) {
  const auto end = rest.find("://");
  if (end == std::string_view::npos)
    return {};
  const auto scheme = rest.substr(0, end);
  rest.remove_prefix(end + 3);
  return scheme;
}

/// Splits "host:port" or "[v6]:port"; false when it is neither.
bool split_authority(std::string_view text, ws_url& into) {
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos)
      return false;
    into.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else {
    const auto colon = text.find(':');
    into.host = text.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
  }
  if (into.host.empty())
    return false;
  if (port.empty())
    return true;
  if (!port.starts_with(':'))
    return false;
  const auto* const end = port.data() + port.size();
  const auto [stop, failed] = std::from_chars(port.data() + 1, end, into.port);
  return failed == std::errc{} && stop == end && into.port != 0;
}

} // namespace

std::string ws_url::text() const {
  return (tls ? "wss://" : "ws://") + authority(*this) + (path == "/" ? "" : path);
}

bool ws_url::loopback() const {
  error_code failed;
  const auto address = asio::ip::make_address(host, failed);
  return failed ? host == "localhost" : address.is_loopback();
}

result<ws_url> parse_ws_url(std::string_view text) {
  ws_url url;
  auto rest = text;
  const auto scheme = cut_scheme(rest);
  url.tls = scheme == "wss" || scheme == "https";
  if (!url.tls && scheme != "ws" && scheme != "http")
    return make_error(errc::invalid_argument, "an address starts with ws:// or wss://");
  if (rest.find_first_of("@?# \t\r\n") != std::string_view::npos)
    return make_error(errc::invalid_argument,
                      "an address holds a host, a port and a path, nothing else");
  url.port = url.tls ? 443 : 80;
  const auto slash = rest.find('/');
  if (slash != std::string_view::npos)
    url.path = rest.substr(slash);
  if (!split_authority(rest.substr(0, slash), url))
    return make_error(errc::invalid_argument, "an address is written ws://host:port");
  return url;
}

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

result<http_response> http_get(const ws_url& url, std::string_view path,
                               const ws_client_options& options) {
  asio::io_context context{1};
  if (!url.tls) {
    beast::tcp_stream stream{context};
    TR_TRY(connect(context, stream, url, options));
    return get_over(context, stream, url, path, options);
  }
  asio::ssl::context tls{asio::ssl::context::tls_client};
  TR_TRY(prepare_tls(tls, options));
  tls_stream stream{context, tls};
  TR_TRY(connect(context, beast::get_lowest_layer(stream), url, options));
  TR_TRY(handshake_tls(context, stream, url, options));
  return get_over(context, stream, url, path, options);
}

} // namespace troupe::net
