#include "net/http/exchange.hpp"

#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

/// How one answer gets from the sink to the client, whole or in pieces, and how both learn when it
/// cannot.
namespace troupe::net {

namespace {

constexpr std::string_view interim_response = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view last_chunk = "0\r\n\r\n";

std::chrono::milliseconds ms(unsigned count) {
  return std::chrono::milliseconds{count};
}

bool is_empty(const answer_slot::start& start) {
  return std::holds_alternative<std::monostate>(start);
}

} // namespace

/// What is on its way out of one stream.
struct http_session::stream_out {
  std::string before; ///< The head until it was written, then a chunk's first line.
  std::string text;
  std::string after;
  std::string idle_piece;
  std::size_t counted = 0; ///< Bytes of `text` that count against the backlog.
  bool with_body = true;
  bool chunked = true;
  bool ended = false;
  steady::time_point last_piece_at = steady::now();
  steady::time_point last_write_at = last_piece_at;

  bool has_news() const { return ended || !text.empty() || !before.empty(); }

  void take(answer_slot::part part) {
    text = std::move(part.text);
    counted = text.size();
    ended = part.ended;
    if (!text.empty())
      last_piece_at = steady::now();
  }

  void frame() {
    last_write_at = steady::now();
    if (!with_body)
      text.clear();
    if (!with_body || !chunked)
      return;
    if (!text.empty()) {
      before += fmt::format("{:x}\r\n", text.size());
      after = "\r\n";
    }
    if (ended)
      after += last_chunk;
  }

  void written() {
    before.clear();
    text.clear();
    after.clear();
    counted = 0;
  }
};

task<bool> http_session::answer(http_request request, reply_rules rules) {
  phase_ = phase::answering;
  deadline_ = steady::time_point::max();
  exchange now{*this, rules};
  core().sink.on_request(std::move(request),
                         http_responder{std::make_shared<answer_channel>(now.slot)});
  auto start = now.slot->take_start();
  if (is_empty(start)) {
    watch_client(now);
    start = co_await wait_for_answer(now);
  }
  if (now.lost == answer_lost::timed_out)
    start = text_response(504, "Gateway Timeout");
  bool goes_on = false;
  if (auto* response = std::get_if<http_response>(&start))
    goes_on = co_await send_whole(now, std::move(*response));
  else if (auto* head = std::get_if<http_stream_head>(&start))
    goes_on = co_await send_stream(now, std::move(*head));
  if (now.lost)
    core().count_lost(*now.lost);
  else
    now.slot->close({});
  co_return goes_on && !now.lost;
}

void http_session::watch_client(exchange& now) {
  now.watch = std::make_shared<peer_watch>(
      socket_, buffer_,
      peer_watch::events{[&now] {
                           now.probe_due = true;
                           now.changed.cancel();
                         },
                         [this, &now] { give_up(now, answer_lost::client_left); }});
  now.watch->start();
}

/// The connection is of no use any more; the first reason counts.
void http_session::give_up(exchange& now, answer_lost why) {
  if (!now.lost)
    now.lost = why;
  error_code ignored;
  socket_.close(ignored);
  now.changed.cancel();
}

task<answer_slot::start> http_session::wait_for_answer(exchange& now) {
  const auto until = steady::now() + ms(core().limits.answer_ms_max);
  for (;;) {
    auto start = now.slot->take_start();
    if (!is_empty(start) || now.lost)
      co_return start;
    if (std::exchange(now.probe_due, false) && now.rules.http_1_1) {
      const bool written = co_await write_all({interim_response});
      if (!written)
        give_up(now, why_unwritten());
      continue;
    }
    if (steady::now() >= until) {
      now.lost = answer_lost::timed_out;
      co_return start;
    }
    now.changed.expires_at(until);
    (void)co_await now.changed.async_wait(use_task);
  }
}

task<bool> http_session::send_whole(exchange& now, http_response response) {
  now.unwatch();
  const bool keep = now.rules.keep_alive && !ending_ && !now.lost;
  const auto then = keep ? after_response::keep_alive : after_response::close;
  const bool written = co_await write(response, then, now.rules.with_body);
  if (!written)
    give_up(now, why_unwritten());
  co_return written&& keep;
}

task<bool> http_session::send_stream(exchange& now, http_stream_head head) {
  if (!now.watch)
    watch_client(now);
  stream_out out;
  out.chunked = now.rules.http_1_1;
  out.with_body = now.rules.with_body && has_body(head.status);
  out.idle_piece = std::move(head.idle_piece);
  const bool keep = now.rules.keep_alive && out.chunked && !ending_;
  out.before =
      response_head({head.status, std::move(head.headers), {}},
                    keep ? after_response::keep_alive : after_response::close, std::time(nullptr),
                    out.chunked ? body_framing::chunked : body_framing::until_close);
  while (!out.ended) {
    const bool more = co_await next_pieces(now, out);
    if (!more)
      co_return false;
    out.frame();
    const bool written = co_await write_all({out.before, out.text, out.after});
    if (!written) {
      give_up(now, why_unwritten());
      co_return false;
    }
    now.slot->written(out.counted);
    out.written();
  }
  now.unwatch();
  co_return keep && !ending_;
}

/// Waits until there is something to write, if only an idle piece. False: the stream is cut.
task<bool> http_session::next_pieces(exchange& now, stream_out& out) {
  const auto& limits = core().limits;
  for (;;) {
    auto part = now.slot->take_part();
    // What was taken before a stream was let go still leaves; a slow reader gets no more.
    const bool last_words =
        part.cut == answer_lost::server_stopped && (!part.text.empty() || !out.before.empty());
    if (now.lost || (part.cut && !last_words)) {
      cut_stream(now, part.cut.value_or(answer_lost::client_left), out.chunked);
      co_return false;
    }
    out.take(std::move(part));
    if (out.has_news())
      co_return true;
    const auto idle_at = out.last_write_at + ms(limits.stream_idle_ms);
    const auto until = out.last_piece_at + ms(limits.answer_ms_max);
    const auto at = steady::now();
    if (at >= until) {
      cut_stream(now, answer_lost::timed_out, out.chunked);
      co_return false;
    }
    const bool may_probe = out.with_body && !out.idle_piece.empty();
    if (may_probe && (std::exchange(now.probe_due, false) || at >= idle_at)) {
      out.text = out.idle_piece;
      co_return true;
    }
    now.changed.expires_at(may_probe ? std::min(until, idle_at) : until);
    (void)co_await now.changed.async_wait(use_task);
  }
}

/// A client must not take what it has for the whole: without chunks only a reset says so. It is
/// also the way to be rid at once of what a client does not read.
void http_session::cut_stream(exchange& now, answer_lost why, bool chunked) {
  error_code ignored;
  if (!chunked || why == answer_lost::too_slow)
    socket_.set_option(asio::socket_base::linger{true, 0}, ignored);
  give_up(now, why);
}

answer_lost http_session::why_unwritten() const {
  return stalled_ ? answer_lost::too_slow : answer_lost::client_left;
}

task<bool> http_session::write(const http_response& response, after_response then, bool with_body) {
  const auto head = response_head(response, then, std::time(nullptr));
  const bool body = with_body && has_body(response.status);
  const bool written =
      co_await write_all({head, body ? std::string_view{response.body} : std::string_view{}});
  co_return written;
}

task<bool> http_session::write_all(pieces text) {
  const auto before = phase_;
  const auto deadline = deadline_;
  std::array<asio::const_buffer, 3> rest;
  std::ranges::transform(text, rest.begin(), [](auto piece) { return asio::buffer(piece); });
  while (asio::buffer_size(rest) > 0) {
    // A deadline for each piece, not for all: a slow reader of a large answer may go on.
    expire_in(core().limits.request_ms_max, phase::writing);
    auto [failed, bytes] = co_await socket_.async_write_some(rest, use_task);
    if (failed)
      co_return false;
    for (auto& piece : rest) {
      const auto of_this = std::min(bytes, piece.size());
      piece += of_this;
      bytes -= of_this;
    }
  }
  phase_ = before;
  deadline_ = deadline;
  watch();
  co_return true;
}

} // namespace troupe::net
