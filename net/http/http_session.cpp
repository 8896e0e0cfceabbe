#include "net/http/http_session.hpp"

#include "base/log.hpp"
#include "net/http/exchange.hpp"
#include "net/http/incoming.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <array>

namespace troupe::net {

namespace beast = boost::beast;

namespace {

/// What a client that was refused may still send before the connection is reset.
constexpr std::size_t linger_bytes_max = 1u << 20;
/// After a deadline what is pending is cancelled; if it goes on nevertheless, the socket is closed.
constexpr unsigned cancel_grace_ms = 200;

std::chrono::milliseconds ms(unsigned count) {
  return std::chrono::milliseconds{count};
}

} // namespace

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
      give_up(*answering_, answer_lost::server_stopped);
  });
}

task<void> http_session::run() {
  error_code ignored;
  socket_.set_option(tcp::no_delay{true}, ignored);
  socket_.non_blocking(true, ignored);
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
  incoming request{core()};
  auto refusal = co_await read_head(request);
  if (is_for_nobody(refusal))
    co_return next_step::leave;
  if (!refusal && beast::websocket::is_upgrade(request.head())) {
    refusal = upgrade(request);
    if (!refusal)
      co_return next_step::leave;
  }
  http_request whole;
  if (!refusal)
    refusal = co_await take_body(request, whole);
  if (is_for_nobody(refusal))
    co_return next_step::leave;
  if (refusal) {
    const auto next = co_await refuse(std::move(*refusal), !request.is_head());
    co_return next;
  }

  // A body that was promised and is not read stands in the way of the next request.
  const bool skippable = !expects_continue(request.head()) && request.announces_length() &&
                         !request.announces_more_than(skipped_bytes_max);
  const bool keep = request.parser.keep_alive() && (!whole.body_unread || skippable);
  const bool unread = whole.body_unread;
  const bool goes_on =
      co_await answer(std::move(whole), {keep, !request.is_head(), request.head().version() >= 11});
  if (!goes_on) {
    const bool unread_input = unread || buffer_.size() > 0;
    co_return socket_.is_open() && unread_input ? next_step::linger : next_step::leave;
  }
  if (unread) {
    const bool skipped = co_await skip_body(request);
    if (!skipped)
      co_return next_step::leave;
  }
  co_return next_step::read_request;
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
    stalled_ = true;
    socket_.close(ignored);
    return;
  }
  timed_out_ = true;
  socket_.cancel(ignored);
  deadline_ = steady::now() + ms(cancel_grace_ms);
  watch();
}

} // namespace troupe::net
