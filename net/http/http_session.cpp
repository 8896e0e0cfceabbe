#include "net/http/http_session.hpp"

#include "base/log.hpp"
#include "net/http/counted_body.hpp"
#include "net/http/request_rules.hpp"
#include "net/websocket/ws_session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <array>

namespace troupe::net {

namespace beast = boost::beast;
namespace http = beast::http;

namespace {

/// How bodies are read; smaller pieces cost a system call each.
constexpr std::size_t body_piece_bytes = 32u << 10;
/// What a client that was refused may still send before the connection is reset.
constexpr std::size_t linger_bytes_max = 1u << 20;
/// After a deadline what is pending is cancelled; if it goes on nevertheless, the socket is closed.
constexpr unsigned cancel_grace_ms = 200;

std::chrono::milliseconds ms(unsigned count) {
  return std::chrono::milliseconds{count};
}

/// Stands for a refusal that is not worth sending: the client has gone.
http_response nobody_reads() {
  return {0, {}, {}};
}
bool is_for_nobody(const std::optional<http_response>& refusal) {
  return refusal && refusal->status == 0;
}

} // namespace

struct http_session::incoming {
  incoming(server_core& core, std::size_t header_bytes_max, std::size_t body_bytes_max) {
    parser.get().body().core = &core;
    parser.header_limit(static_cast<std::uint32_t>(header_bytes_max));
    parser.body_limit(body_bytes_max);
  }
  http::request_parser<counted_body> parser;
  const request_head& head() const { return parser.get(); }
  bool is_head() const { return head().method() == http::verb::head; }
};

http_session::http_session(std::shared_ptr<server_core> core, connection_slot slot,
                           tcp_socket socket, peer_address peer)
    : live_connection(std::move(core)), slot_(std::move(slot)), socket_(std::move(socket)),
      peer_(std::move(peer)),
      // The head must fit with a little to spare, so that its own limit is what speaks.
      buffer_(this->core().limits.header_bytes_max + body_piece_bytes),
      watch_(socket_.get_executor()), executor_(socket_.get_executor()) {}

http_session::~http_session() = default;

void http_session::start(std::shared_ptr<http_session> session) {
  const auto where = session->executor_;
  asio::co_spawn(
      where,
      [session]() -> task<void> {
        struct leaving {
          http_session& session;
          ~leaving() {
            session.over_ = true;
            session.watch_.cancel();
            const std::lock_guard lock{session.posting_};
            session.attached_ = false;
          }
        };
        const leaving on_exit{*session};
        co_await session->run();
      },
      [](std::exception_ptr failure) {
        if (failure)
          log::error("http", "a connection ended by an exception");
      });
}

void http_session::end(ending how) {
  const std::lock_guard lock{posting_};
  if (!attached_)
    return;
  asio::post(executor_, [self = shared_from_this(), this, how] {
    ending_ = true;
    if (over_)
      return;
    error_code ignored;
    if (how == ending::abort)
      socket_.close(ignored);
    else if (phase_ == phase::idle)
      socket_.cancel(ignored);
    if (how == ending::abort && answering_ != nullptr)
      answering_->cancel();
  });
}

task<void> http_session::run() {
  error_code ignored;
  socket_.set_option(tcp::no_delay{true}, ignored);
  for (;;) {
    const bool ready = co_await wait_for_request();
    if (!ready)
      break;
    const auto next = co_await serve_one();
    if (next == next_step::read_request)
      continue;
    if (next == next_step::linger)
      co_await linger();
    break;
  }
  socket_.close(ignored);
}

task<bool> http_session::wait_for_request() {
  if (ending_)
    co_return false;
  if (buffer_.size() == 0) {
    buffer_.shrink_to_fit();
    if (first_)
      expire_in(core().limits.request_ms_max, phase::idle);
    else
      expire_in(core().limits.keep_alive_ms_max, phase::idle);
    const auto [failed] = co_await socket_.async_wait(tcp_socket::wait_read, use_task);
    if (failed || timed_out_ || ending_)
      co_return false;
  }
  request_began_at_ = first_ ? accepted_at_ : steady::now();
  if (!first_ || buffer_.size() != 0)
    expire_in(core().limits.request_ms_max, phase::reading);
  phase_ = phase::reading;
  first_ = false;
  co_return true;
}

task<http_session::next_step> http_session::serve_one() {
  const auto& limits = core().limits;
  incoming request{core(), limits.header_bytes_max, limits.body_bytes_max};
  auto refusal = co_await read_head(request);
  if (is_for_nobody(refusal))
    co_return next_step::leave;
  if (!refusal && beast::websocket::is_upgrade(request.head())) {
    refusal = upgrade(request);
    if (!refusal)
      co_return next_step::leave;
  }
  if (!refusal)
    refusal = co_await read_body(request);
  if (is_for_nobody(refusal))
    co_return next_step::leave;
  if (refusal) {
    const auto next = co_await refuse(std::move(*refusal), !request.is_head());
    co_return next;
  }

  const bool keep = request.parser.keep_alive();
  const bool with_body = !request.is_head();
  http_request whole{std::string{request.head().method_string()},
                     std::string{request.head().target()}, headers_of(request.head()),
                     std::move(request.parser.get().body().text), peer_};
  const auto response = co_await answer(std::move(whole));
  const auto then =
      keep && !ending_ && !timed_out_ ? after_response::keep_alive : after_response::close;
  const bool written = co_await write(response, then, with_body);
  if (!written)
    co_return next_step::leave;
  if (then == after_response::keep_alive)
    co_return next_step::read_request;
  co_return buffer_.size() == 0 ? next_step::leave : next_step::linger;
}

/// The answer to a request that could not be read.
std::optional<http_response> http_session::refusal_for(error_code failed) {
  if (timed_out_)
    return text_response(408, "Request Timeout");
  if (failed == http::error::header_limit || failed == http::error::buffer_overflow)
    return text_response(431, "Request Header Fields Too Large");
  if (failed == http::error::body_limit)
    return too_large_response();
  if (failed == asio::error::no_memory)
    return busy_response(503, "Service Unavailable");
  const bool malformed = failed.category() == make_error_code(http::error::bad_method).category() &&
                         failed != http::error::end_of_stream &&
                         failed != http::error::partial_message;
  return malformed ? text_response(400, "Bad Request") : nobody_reads();
}

task<std::optional<http_response>> http_session::read_head(incoming& request) {
  const auto [failed, bytes] =
      co_await http::async_read_header(socket_, buffer_, request.parser, use_task);
  if (failed || timed_out_)
    co_return refusal_for(failed);
  // Beast bounds the first line and the fields one by one.
  if (bytes > core().limits.header_bytes_max)
    co_return refusal_for(http::error::header_limit);
  co_return refuse_head(request.head());
}

task<std::optional<http_response>> http_session::read_body(incoming& request) {
  if (request.parser.is_done())
    co_return std::nullopt;
  if (expects_continue(request.head()) && buffer_.size() == 0) {
    const bool written = co_await write_all("HTTP/1.1 100 Continue\r\n\r\n", {});
    if (!written)
      co_return nobody_reads();
  }
  buffer_.reserve(std::min(buffer_.max_size(), body_piece_bytes));
  const auto [failed, bytes] =
      co_await http::async_read(socket_, buffer_, request.parser, use_task);
  if (failed || timed_out_)
    co_return refusal_for(failed);
  co_return std::nullopt;
}

/// Hands the socket on, or says why not.
std::optional<http_response> http_session::upgrade(incoming& request) {
  if (!request.parser.is_done())
    return text_response(400, "Bad Request: an upgrade has no body");
  if (auto refusal = refuse_upgrade(request.head()))
    return refusal;
  auto handshake = core().take_handshake(peer_);
  if (!handshake)
    return busy_response(429, "Too Many Requests: unfinished handshakes from this address");
  ws_session::start(core_pointer(),
                    {std::move(slot_),
                     std::move(handshake),
                     std::move(socket_),
                     std::move(request.parser.get().base()),
                     peer_,
                     {static_cast<const char*>(buffer_.data().data()), buffer_.size()},
                     request_began_at_});
  return {};
}

task<http_response> http_session::answer(http_request request) {
  phase_ = phase::answering;
  deadline_ = steady::time_point::max();
  timer answered{executor_, ms(core().limits.answer_ms_max)};
  struct waiting {
    http_session& session;
    std::shared_ptr<answer_slot> slot;
    ~waiting() {
      session.answering_ = nullptr;
      slot->detach();
    }
  };
  answering_ = &answered;
  const waiting here{*this, std::make_shared<answer_slot>(executor_, answered)};
  core().sink.on_request(std::move(request),
                         http_responder{std::make_shared<answer_channel>(here.slot)});
  auto response = here.slot->take();
  if (!response) {
    (void)co_await answered.async_wait(use_task);
    response = here.slot->take();
  }
  if (!response)
    response = text_response(504, "Gateway Timeout");
  co_return std::move(*response);
}

task<bool> http_session::write(const http_response& response, after_response then, bool with_body) {
  const auto head = response_head(response, then, std::time(nullptr));
  const bool body = with_body && has_body(response.status);
  const bool written =
      co_await write_all(head, body ? std::string_view{response.body} : std::string_view{});
  co_return written;
}

task<bool> http_session::write_all(std::string_view head, std::string_view body) {
  const auto before = phase_;
  const auto deadline = deadline_;
  std::array<asio::const_buffer, 2> rest{asio::buffer(head), asio::buffer(body)};
  while (rest[0].size() + rest[1].size() > 0) {
    // A deadline for each piece, not for all: a slow reader of a large answer may go on.
    expire_in(core().limits.request_ms_max, phase::writing);
    const auto [failed, bytes] = co_await socket_.async_write_some(rest, use_task);
    if (failed)
      co_return false;
    const auto of_head = std::min(bytes, rest[0].size());
    rest[0] += of_head;
    rest[1] += bytes - of_head;
  }
  phase_ = before;
  deadline_ = deadline;
  watch();
  co_return true;
}

task<http_session::next_step> http_session::refuse(http_response response, bool with_body) {
  timed_out_ = false;
  const bool written = co_await write(response, after_response::close, with_body);
  co_return written ? next_step::linger : next_step::leave;
}

/// Closing with unread input would reset the connection and take the answer with it.
task<void> http_session::linger() {
  error_code ignored;
  socket_.shutdown(tcp_socket::shutdown_send, ignored);
  expire_in(core().limits.close_ms_max, phase::closing);
  std::array<char, 4096> dump{};
  for (std::size_t seen = 0; seen < linger_bytes_max;) {
    const auto [failed, bytes] = co_await socket_.async_read_some(asio::buffer(dump), use_task);
    if (failed || timed_out_)
      co_return;
    seen += bytes;
  }
}

void http_session::expire_in(unsigned in_ms, phase now) {
  phase_ = now;
  deadline_ = steady::now() + ms(in_ms);
  watch();
}

/// The timer is only moved when it would fire too late: most deadlines are met.
void http_session::watch() {
  if (over_ || deadline_ >= armed_for_)
    return;
  armed_for_ = deadline_;
  watch_.expires_at(deadline_);
  watch_.async_wait([self = shared_from_this(), this](error_code cancelled) {
    if (!cancelled)
      on_watch();
  });
}

void http_session::on_watch() {
  armed_for_ = steady::time_point::max();
  if (over_)
    return;
  if (steady::now() < deadline_) {
    watch();
    return;
  }
  error_code ignored;
  if (timed_out_ || phase_ == phase::writing) {
    socket_.close(ignored);
    return;
  }
  timed_out_ = true;
  socket_.cancel(ignored);
  deadline_ = steady::now() + ms(cancel_grace_ms);
  watch();
}

} // namespace troupe::net
