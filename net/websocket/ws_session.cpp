#include "net/websocket/ws_session.hpp"

#include "base/log.hpp"
#include "net/frames/json_text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/websocket/error.hpp>

#include <algorithm>
#include <array>

namespace troupe::net {

namespace beast = boost::beast;
namespace ws = beast::websocket;

namespace {

/// Holds most requests whole; an idle connection pays for it.
constexpr std::size_t first_piece_bytes = 512;
constexpr std::size_t piece_bytes_max = 64u << 10;
/// Between two looks at what else waits (a ping, a close).
constexpr std::size_t frames_per_batch_max = 64;

/// As for refused requests.
constexpr std::size_t linger_bytes_max = 1u << 20;

std::chrono::milliseconds ms(unsigned count) {
  return std::chrono::milliseconds{count};
}

/// Beast has already answered these with a close frame.
bool is_violation(error_code failed) {
  return failed == ws::error::message_too_big || failed == ws::error::bad_frame_payload ||
         failed == ws::condition::protocol_violation;
}

} // namespace

ws_session::ws_session(std::shared_ptr<server_core> core, ws_opening opening)
    : live_connection(std::move(core)), slot_(std::move(opening.slot)),
      handshake_(std::move(opening.handshake)), peer_(std::move(opening.peer)),
      ws_(std::move(opening.socket), std::move(opening.early)),
      link_(
          std::make_shared<ws_link>(ws_.get_executor(), this->core().limits.ws_backlog_bytes_max)),
      timer_(ws_.get_executor()),
      handshake_deadline_(opening.began_at + ms(this->core().limits.handshake_ms_max)) {}

ws_session::~ws_session() = default;

std::shared_ptr<ws_session> ws_session::self() {
  return std::static_pointer_cast<ws_session>(shared_from_this());
}

void ws_session::start(std::shared_ptr<server_core> core, ws_opening opening) {
  auto head = std::move(opening.head);
  auto session = std::make_shared<ws_session>(std::move(core), std::move(opening));
  session->link_->attach(session);
  const auto where = session->ws_.get_executor();
  asio::co_spawn(
      where,
      [session, head = std::move(head)]() mutable -> task<void> {
        // Also when the io_context is destroyed with this coroutine in it.
        struct leaving {
          ws_session& left;
          ~leaving() {
            left.finish(asio::error::operation_aborted);
            left.link_->detach();
          }
        };
        const leaving on_exit{*session};
        co_await session->run(std::move(head));
      },
      [](std::exception_ptr failure) {
        if (failure)
          log::error("websocket", "a connection ended by an exception");
      });
}

// ---- reading

task<void> ws_session::run(request_head head) {
  arm();
  const bool accepted = co_await accept(head);
  if (!accepted || over_)
    co_return;
  open(std::move(head));
  const auto failed = co_await read_all();
  tell_closed(failed);
  if (is_violation(failed))
    co_await linger();
}

task<bool> ws_session::accept(const request_head& head) {
  ws_.set_option(ws::stream_base::decorator([](ws::response_type& response) {
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Referrer-Policy", "no-referrer");
    response.set("Permissions-Policy", "camera=(), microphone=(self), geolocation=()");
  }));
  ws_.auto_fragment(false);
  ws_.text(true);
  ws_.read_message_max(core().limits.ws_frame_bytes_max_before_handshake);
  const beast::http::request<beast::http::empty_body> request{head};
  const auto [failed] = co_await ws_.async_accept(request, use_task);
  co_return !failed;
}

void ws_session::open(request_head head) {
  ws_.control_callback([this](ws::frame_type kind, beast::string_view) {
    if (kind == ws::frame_type::pong)
      pong_deadline_.reset();
  });
  ping_at_ = steady::now() + ms(core().limits.ping_every_ms);
  arm();
  handler_ = core().sink.on_websocket({origin_form(head), headers_of(head), peer_}, link_);
  if (!handler_)
    link_->close(1013, "try again later");
  // A close may have been asked for before there was anybody to write it.
  on_outbox();
}

task<error_code> ws_session::read_all() {
  for (;;) {
    std::string text;
    const auto failed = co_await read_message(text);
    if (failed || over_)
      co_return failed;
    deliver(std::move(text));
    if (!link_->may_read(core().limits.frames_in_hand_max))
      co_await wait_for_credit();
    if (over_)
      co_return asio::error::operation_aborted;
  }
}

task<error_code> ws_session::read_message(std::string& text) {
  do {
    const auto before = text.size();
    const auto room = before == 0 ? first_piece_bytes
                                  : std::clamp(ws_.read_size_hint(piece_bytes_max),
                                               first_piece_bytes, piece_bytes_max);
    text.resize(before + room);
    const auto [failed, bytes] =
        co_await ws_.async_read_some(asio::buffer(text.data() + before, room), use_task);
    text.resize(before + bytes);
    if (failed)
      co_return failed;
    if (ws_.got_binary())
      link_->close(1003, {});
    if (link_->wants_close())
      text.clear();
  } while (!ws_.is_message_done());
  // Beast overlooks a sequence that an empty last fragment leaves unfinished.
  if (frames::whole_utf8_prefix(text) != text.size())
    link_->close(1007, {});
  co_return error_code{};
}

void ws_session::deliver(std::string text) {
  if (link_->wants_close() || !handler_)
    return;
  if (handshake_deadline_ &&
      link_->in_hand() >= core().limits.frames_in_hand_max_before_handshake) {
    link_->close(1008, "too many pending handshake frames");
    return;
  }
  handler_->on_text(std::move(text), link_->take_credit());
}

task<void> ws_session::wait_for_credit() {
  timer credit{ws_.get_executor(), steady::time_point::max()};
  paused_ = &credit;
  if (!over_)
    (void)co_await credit.async_wait(use_task);
  paused_ = nullptr;
  // Pongs were not read meanwhile.
  if (pong_deadline_)
    pong_deadline_ = steady::now() + ms(core().limits.pong_ms_max);
}

// ---- signals

void ws_session::on_credit() {
  if (paused_ != nullptr)
    paused_->cancel();
}

void ws_session::on_handshake_done() {
  if (over_)
    return;
  handshake_deadline_.reset();
  handshake_.release();
  ws_.read_message_max(core().limits.ws_frame_bytes_max);
}

void ws_session::on_abort() {
  tell_closed(1006, {});
  shut();
}

void ws_session::on_outbox() {
  if (over_)
    return;
  if (link_->wants_close() && !close_deadline_) {
    close_deadline_ = steady::now() + ms(core().limits.close_ms_max);
    arm();
  }
  if (writing_ || !ping_at_)
    return;
  writing_ = true;
  asio::co_spawn(
      ws_.get_executor(), [session = self()] { return session->write_all(); }, asio::detached);
}

void ws_session::end(ending how) {
  if (how == ending::restart)
    link_->close(1012, "service restart");
  else
    link_->abort();
}

// ---- writing

task<void> ws_session::write_all() {
  error_code failed;
  bool closed = false;
  while (!failed && !over_) {
    auto frames = link_->take_frames(frames_per_batch_max);
    if (!frames.empty()) {
      failed = co_await write_frames(std::move(frames));
    } else if (ping_due_) {
      failed = co_await write_ping();
    } else if (auto closing = link_->wants_close()) {
      failed = co_await write_close(std::move(*closing));
      closed = true;
      break;
    } else {
      break;
    }
  }
  writing_ = false;
  if ((closed || failed) && !lingering_)
    finish(failed);
}

task<error_code> ws_session::write_frames(std::vector<ws_frame> frames) {
  error_code failed;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const auto& frame = frames[i];
    const std::array<asio::const_buffer, 3> parts{
        asio::buffer(frame.head), frame.body ? asio::buffer(*frame.body) : asio::const_buffer{},
        asio::buffer(frame.tail)};
    ws_.next_layer().hold(i + 1 < frames.size());
    if (!failed)
      std::tie(failed, std::ignore) = co_await ws_.async_write(parts, use_task);
    link_->written(frame.bytes());
  }
  ws_.next_layer().hold(false);
  co_return failed;
}

task<error_code> ws_session::write_ping() {
  ping_due_ = false;
  const auto [failed] = co_await ws_.async_ping({}, use_task);
  if (!failed && !pong_deadline_) {
    pong_deadline_ = steady::now() + ms(core().limits.pong_ms_max);
    arm();
  }
  co_return failed;
}

task<error_code> ws_session::write_close(outbox::closing closing) {
  const ws::close_reason reason{static_cast<ws::close_code>(closing.code), closing.reason};
  const auto [failed] = co_await ws_.async_close(reason, use_task);
  co_return failed;
}

// ---- deadlines

steady::duration ws_session::stall_max() const {
  return ms(core().limits.ping_every_ms) + ms(core().limits.pong_ms_max);
}

std::optional<steady::time_point> ws_session::next_deadline() const {
  std::optional<steady::time_point> first;
  for (const auto& one : {handshake_deadline_, ping_at_, pong_deadline_, close_deadline_})
    if (one && (!first || *one < *first))
      first = one;
  return first;
}

/// The timer is only moved when it would fire too late.
void ws_session::arm() {
  const auto next = next_deadline();
  if (over_ || !next || *next >= armed_for_)
    return;
  armed_for_ = *next;
  timer_.expires_at(*next);
  timer_.async_wait([session = self()](error_code cancelled) {
    if (!cancelled)
      session->on_timer();
  });
}

void ws_session::on_timer() {
  armed_for_ = steady::time_point::max();
  if (over_)
    return;
  const auto now = steady::now();
  const auto passed = [now](const auto& deadline) { return deadline && *deadline <= now; };
  const bool stalled = writing_ && now - ws_.next_layer().last_write_at() > stall_max();
  if (passed(close_deadline_) || stalled || (passed(pong_deadline_) && paused_ == nullptr) ||
      (passed(handshake_deadline_) && !ping_at_))
    return finish(asio::error::timed_out);
  if (passed(pong_deadline_))
    pong_deadline_ = now + ms(core().limits.pong_ms_max);
  if (passed(handshake_deadline_)) {
    handshake_deadline_.reset();
    link_->close(1000, {});
  }
  if (passed(ping_at_)) {
    ping_at_ = now + ms(core().limits.ping_every_ms);
    ping_due_ = true;
    on_outbox();
  }
  arm();
}

// ---- ending

/// The client may still be sending what was refused: closing now would reset the connection and
/// take the close frame with it. Bounded by the close deadline.
task<void> ws_session::linger() {
  lingering_ = true;
  close_deadline_ = steady::now() + ms(core().limits.close_ms_max);
  arm();
  std::array<char, 4096> dump{};
  for (std::size_t seen = 0; seen < linger_bytes_max && !over_;) {
    const auto [failed, bytes] =
        co_await ws_.next_layer().next_layer().async_read_some(asio::buffer(dump), use_task);
    if (failed)
      co_return;
    seen += bytes;
  }
}

void ws_session::tell_closed(error_code failed) {
  if (failed == ws::error::closed) {
    const auto& said = ws_.reason();
    const auto code = said.code == ws::close_code::none ? std::uint16_t{1005} : said.code;
    tell_closed(code, {said.reason.data(), said.reason.size()});
  } else if (failed == ws::error::message_too_big) {
    tell_closed(1009, {});
  } else if (failed == ws::error::bad_frame_payload) {
    tell_closed(1007, {});
  } else {
    tell_closed(is_violation(failed) ? 1002 : 1006, {});
  }
}

/// Once. What we asked for ourselves comes before what the connection ended by.
void ws_session::tell_closed(std::uint16_t code, std::string_view reason) {
  const auto ours = link_->wants_close();
  link_->detach();
  const auto handler = std::exchange(handler_, nullptr);
  if (!handler)
    return;
  if (ours)
    handler->on_closed(ours->code, ours->reason);
  else
    handler->on_closed(code, reason);
}

void ws_session::shut() {
  if (over_)
    return;
  over_ = true;
  error_code ignored;
  ws_.next_layer().next_layer().close(ignored);
  timer_.cancel();
  if (paused_ != nullptr)
    paused_->cancel();
}

void ws_session::finish(error_code failed) {
  tell_closed(failed);
  shut();
}

} // namespace troupe::net
