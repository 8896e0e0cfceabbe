#include "net/client/curl_transfer.hpp"

#include "base/assert.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace troupe::net {
namespace {

constexpr std::size_t response_header_bytes_max = 64u << 10;
constexpr std::size_t response_headers_max = 256;
// Larger pieces save nothing for token streams; this is libcurl's own default, kept on purpose.
constexpr long receive_buffer_bytes = 16L << 10;
constexpr std::size_t url_bytes_max = 8u << 10;
// Keeps sums of time points in range, whatever the configuration says.
constexpr std::chrono::milliseconds deadline_min{1};
constexpr std::chrono::milliseconds deadline_max = std::chrono::hours{7 * 24};

outbound_deadlines clamped(const outbound_deadlines& wanted) {
  const auto fit = [](std::chrono::milliseconds value) {
    return std::clamp(value, deadline_min, deadline_max);
  };
  return {fit(wanted.connect), fit(wanted.first_byte), fit(wanted.idle), fit(wanted.total)};
}

bool is_url(std::string_view url) {
  return (url.starts_with("http://") || url.starts_with("https://")) &&
         url.size() <= url_bytes_max &&
         std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c != '\x7f'; });
}

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
  const auto code = curl_easy_setopt(easy, option, value);
  TR_ASSERT(code == CURLE_OK || code == CURLE_OUT_OF_MEMORY, curl_easy_strerror(code));
}

bool is_token(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view{"!#$%&'*+-.^_`|~"}.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool is_header_value(std::string_view value) {
  return value.find_first_of(std::string_view{"\r\n\0", 3}) == std::string_view::npos;
}

// "HTTP/1.1 200 OK" and "HTTP/2 200" -> 200.
unsigned status_of(std::string_view line) {
  const auto space = line.find(' ');
  unsigned status = 0;
  if (space != std::string_view::npos)
    std::from_chars(line.data() + space + 1, line.data() + line.size(), status);
  return status;
}

errc meaning(CURLcode code) {
  switch (code) {
  case CURLE_OPERATION_TIMEDOUT: // The only deadline that libcurl keeps for us is the connect one.
    return errc::timeout;
  case CURLE_URL_MALFORMAT:
  case CURLE_UNSUPPORTED_PROTOCOL:
    return errc::invalid_argument;
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
  case CURLE_COULDNT_CONNECT:
  case CURLE_PROXY:
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_ISSUER_ERROR:
    return errc::unavailable;
  case CURLE_OUT_OF_MEMORY:
    return errc::internal;
  default:
    return errc::connection_lost;
  }
}

} // namespace

easy_handle make_easy_handle() {
  easy_handle easy{curl_easy_init()};
  if (!easy)
    return easy;
  CURL* raw = easy.get();
  set(raw, CURLOPT_PROTOCOLS_STR, "http,https");
  set(raw, CURLOPT_FOLLOWLOCATION, 0L);
  set(raw, CURLOPT_NOSIGNAL, 1L);
  // Ending a call that is still resolving its name must not wait for the resolver's thread.
  set(raw, CURLOPT_QUICK_EXIT, 1L);
  set(raw, CURLOPT_NOPROGRESS, 1L);
  set(raw, CURLOPT_TCP_NODELAY, 1L);
  set(raw, CURLOPT_TCP_KEEPALIVE, 1L);
  set(raw, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
  set(raw, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(raw, CURLOPT_SSL_VERIFYPEER, 1L);
  set(raw, CURLOPT_SSL_VERIFYHOST, 2L);
  set(raw, CURLOPT_BUFFERSIZE, receive_buffer_bytes);
  set(raw, CURLOPT_USERAGENT, "troupe");
  return easy;
}

curl_transfer::curl_transfer(outbound_request request, std::shared_ptr<outbound_observer> observer)
    : request_(std::move(request)), observer_(std::move(observer)),
      started_(std::chrono::steady_clock::now()), last_piece_(started_) {
  request_.deadlines = clamped(request_.deadlines);
}

result<void> curl_transfer::build_headers() {
  header_lines_.reserve(request_.headers.size() + 1);
  for (const auto& [name, value] : request_.headers) {
    if (!is_token(name) || !is_header_value(value))
      return error{errc::invalid_argument, fmt::format("header \"{}\" is not well-formed", name)};
    // libcurl reads "name:" as "leave it out" and "name;" as "send it empty".
    header_lines_.push_back(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  header_lines_.emplace_back("Expect:"); // Never wait a round trip for 100 Continue.
  header_nodes_.resize(header_lines_.size());
  for (std::size_t i = 0; i < header_nodes_.size(); ++i) {
    header_nodes_[i].data = header_lines_[i].data();
    header_nodes_[i].next = i + 1 < header_nodes_.size() ? &header_nodes_[i + 1] : nullptr;
  }
  return boost::outcome_v2::success();
}

void curl_transfer::set_method(CURL* easy) {
  const bool has_body = !request_.body.empty() || request_.method == "POST";
  if (has_body) {
    set(easy, CURLOPT_POST, 1L);
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(easy, CURLOPT_POSTFIELDS, request_.body.data());
  } else if (request_.method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L);
  } else {
    set(easy, CURLOPT_HTTPGET, 1L);
  }
  if (request_.method != (has_body ? "POST" : "GET") && request_.method != "HEAD")
    set(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

result<void> curl_transfer::attach(CURL* easy, deadline_board& board) {
  if (!is_token(request_.method))
    return error{errc::invalid_argument, "the method is not well-formed"};
  if (!is_url(request_.url))
    return error{errc::invalid_argument, "the URL must be http:// or https://, without blanks and "
                                         "with other than ASCII characters escaped"};
  TR_TRY(build_headers());
  set_method(easy);
  set(easy, CURLOPT_URL, request_.url.c_str());
  set(easy, CURLOPT_HTTPHEADER, header_nodes_.data());
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.deadlines.connect.count()));
  set(easy, CURLOPT_ERRORBUFFER, curl_message_);
  set(easy, CURLOPT_HEADERFUNCTION, &curl_transfer::header_callback);
  set(easy, CURLOPT_HEADERDATA, this);
  set(easy, CURLOPT_WRITEFUNCTION, &curl_transfer::data_callback);
  set(easy, CURLOPT_WRITEDATA, this);
  board_ = &board;
  board.observe(deadline());
  return boost::outcome_v2::success();
}

void curl_transfer::detach(CURL* easy) {
  set(easy, CURLOPT_HTTPGET, 1L);
  set(easy, CURLOPT_POSTFIELDS, nullptr);
  set(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t{-1});
  set(easy, CURLOPT_CUSTOMREQUEST, nullptr);
  set(easy, CURLOPT_HTTPHEADER, nullptr);
  set(easy, CURLOPT_ERRORBUFFER, nullptr);
  set(easy, CURLOPT_PRIVATE, nullptr);
}

steady_time curl_transfer::deadline() const {
  const auto progress = head_delivered_ ? last_piece_ + request_.deadlines.idle
                                        : started_ + request_.deadlines.first_byte;
  return std::min(progress, started_ + request_.deadlines.total);
}

error curl_transfer::deadline_error() const {
  const auto& limits = request_.deadlines;
  if (deadline() == started_ + limits.total)
    return {errc::timeout, fmt::format("total deadline of {} ms passed", limits.total.count())};
  if (head_delivered_)
    return {errc::timeout, fmt::format("idle deadline: silent for {} ms", limits.idle.count())};
  return {errc::timeout,
          fmt::format("first-byte deadline of {} ms passed", limits.first_byte.count())};
}

result<void> curl_transfer::outcome(CURLcode code) const {
  if (refused_)
    return *refused_;
  if (code == CURLE_OK)
    return boost::outcome_v2::success();
  if (code == CURLE_OPERATION_TIMEDOUT)
    return error{errc::timeout, fmt::format("connect deadline of {} ms passed",
                                            request_.deadlines.connect.count())};
  return error{meaning(code), curl_message_[0] != 0 ? std::string{curl_message_}
                                                    : std::string{curl_easy_strerror(code)}};
}

void curl_transfer::finish(result<void> outcome) {
  // The observer may hold the call, and the call holds us: let go before the last word.
  const auto observer = std::move(observer_);
  if (observer)
    observer->on_done(std::move(outcome));
}

std::size_t curl_transfer::refuse(error reason) {
  refused_ = std::move(reason);
  return 0; // Any count but the given one makes libcurl end the transfer.
}

std::size_t curl_transfer::take_header(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > response_header_bytes_max || response_headers_.size() > response_headers_max)
    return refuse({errc::overloaded, "the response's head is over its bound"});
  if (head_delivered_ || !observer_)
    return line.size(); // Trailers say nothing that a caller needs.
  if (line.starts_with("HTTP/")) {
    status_ = status_of(line);
    response_headers_.clear();
    return line.size();
  }
  const auto colon = line.find(':');
  if (colon != std::string_view::npos) {
    response_headers_.emplace_back(to_lower(trimmed(line.substr(0, colon))),
                                   trimmed(line.substr(colon + 1)));
    return line.size();
  }
  if (trimmed(line).empty() && status_ >= 200) { // 1xx is only an announcement.
    head_delivered_ = true;
    last_piece_ = std::chrono::steady_clock::now();
    board_->observe(deadline());
    observer_->on_head(status_, response_headers_);
  }
  return line.size();
}

std::size_t curl_transfer::take_data(std::string_view piece) {
  if (piece.size() > request_.response_bytes_max - body_bytes_)
    return refuse({errc::overloaded,
                   fmt::format("the response is over {} bytes", request_.response_bytes_max)});
  body_bytes_ += piece.size();
  last_piece_ = std::chrono::steady_clock::now();
  if (observer_)
    observer_->on_data(piece);
  return piece.size();
}

std::size_t curl_transfer::header_callback(char* data, std::size_t size, std::size_t count,
                                           void* self) {
  return static_cast<curl_transfer*>(self)->take_header({data, size * count});
}

std::size_t curl_transfer::data_callback(char* data, std::size_t size, std::size_t count,
                                         void* self) {
  return static_cast<curl_transfer*>(self)->take_data({data, size * count});
}

} // namespace troupe::net
