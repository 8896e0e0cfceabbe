#include "net/client/dial.hpp"
#include "net/client/ws_client.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <utility>

namespace troupe::net {
namespace {

using namespace dial;
namespace http = beast::http;

template <class Stream>
result<http_response> get_over(asio::io_context& context, Stream& stream, const ws_url& url,
                               std::string_view path, const ws_client_options& options) {
  http::request<http::empty_body> request{http::verb::get, {path.data(), path.size()}, 11};
  request.set(http::field::host, url.authority());
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
    return error{errc::timeout, url.authority() + ": no answer to GET " + std::string{path}};
  if (failed)
    return error{errc::connection_lost, url.authority() + ": " + failed.message()};
  http_response answer;
  answer.status = parser.get().result_int();
  answer.body = std::move(parser.get().body());
  return answer;
}

} // namespace

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
