#include "net/http/head_scanner.hpp"
#include "net/http/incoming.hpp"
#include "net/websocket/ws_session.hpp"

#include <boost/beast/http/read.hpp>

#include <algorithm>
#include <cstdint>

/// How a request is read: first its head, then what the sink wants of its body.
namespace troupe::net {

namespace beast = boost::beast;
namespace http = beast::http;

namespace {

/// Most heads are smaller.
constexpr std::size_t head_piece_bytes = 2u << 10;
/// How much of a promised body is believed before it has come.
constexpr std::uint64_t trusted_bytes = 16u << 10;

std::string_view text_of(const beast::flat_buffer& buffer) {
  return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

} // namespace

/// The answer to a request that could not be read.
std::optional<http_response> http_session::refusal_for(error_code failed) {
  if (timed_out_)
    return text_response(408, "Request Timeout");
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
  head_scanner scanner{core().limits.header_bytes_max};
  auto seen = scanner.look(text_of(buffer_));
  while (seen == head_scanner::verdict::more) {
    const auto [failed, bytes] =
        co_await socket_.async_read_some(buffer_.prepare(head_piece_bytes), use_task);
    if (failed || timed_out_)
      co_return refusal_for(failed);
    buffer_.commit(bytes);
    seen = scanner.look(text_of(buffer_));
  }
  if (seen == head_scanner::verdict::other_version)
    co_return text_response(505, "HTTP Version Not Supported");
  if (seen == head_scanner::verdict::malformed)
    co_return text_response(400, "Bad Request");
  if (seen == head_scanner::verdict::too_large)
    co_return text_response(431, "Request Header Fields Too Large");
  error_code failed;
  const auto head = text_of(buffer_).substr(scanner.skipped(), scanner.bytes() - scanner.skipped());
  request.parser.put(asio::buffer(head), failed);
  buffer_.consume(scanner.bytes());
  if (failed)
    co_return refusal_for(failed);
  co_return refuse_head(request.head());
}

/// Fills `whole`, with the body where the sink wants it.
task<std::optional<http_response>> http_session::take_body(incoming& request, http_request& whole) {
  whole.method = request.head().method_string();
  whole.target = origin_form(request.head());
  whole.headers = headers_of(request.head());
  whole.peer = peer_;
  if (request.parser.is_done())
    co_return std::nullopt;
  const auto wish = core().sink.on_head(whole);
  whole.body_unread = !wish.wanted;
  if (!wish.wanted)
    co_return std::nullopt;
  const auto bytes_max = std::min(wish.bytes_max, core().limits.body_bytes_max);
  auto refusal = request.announces_more_than(bytes_max) ? std::optional{too_large_response()}
                                                        : std::optional<http_response>{};
  if (!refusal) {
    request.parser.body_limit(bytes_max);
    refusal = co_await read_body(request);
  }
  if (refusal && refusal->status == 413 && wish.too_large != nullptr)
    refusal = wish.too_large();
  whole.body = std::move(request.body().text);
  co_return refusal;
}

task<std::optional<http_response>> http_session::read_body(incoming& request) {
  if (expects_continue(request.head()) && buffer_.size() == 0) {
    const bool written = co_await write_all({"HTTP/1.1 100 Continue\r\n\r\n"});
    if (!written)
      co_return nobody_reads();
  }
  if (const auto length = request.parser.content_length())
    request.body().text.reserve(std::min(*length, trusted_bytes));
  buffer_.reserve(std::min(buffer_.max_size(), body_piece_bytes));
  const auto [failed, bytes] =
      co_await http::async_read(socket_, buffer_, request.parser, use_task);
  if (failed || timed_out_)
    co_return refusal_for(failed);
  co_return std::nullopt;
}

/// After the answer. False: it did not come to an end.
task<bool> http_session::skip_body(incoming& request) {
  request.body().keep = false;
  expire_in(core().limits.request_ms_max, phase::reading);
  const auto [failed, bytes] =
      co_await http::async_read(socket_, buffer_, request.parser, use_task);
  co_return !failed && !timed_out_;
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
  ws_session::start(core_pointer(), {std::move(slot_), std::move(handshake), std::move(socket_),
                                     std::move(request.parser.get().base()), peer_,
                                     std::string{text_of(buffer_)}, request_began_at_});
  return {};
}

} // namespace troupe::net
