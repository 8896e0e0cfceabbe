#include "net/client/dial.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <openssl/ssl.h>

#include <string>
#include <utility>

namespace troupe::net::dial {
namespace {

using tcp = asio::ip::tcp;

error make_error(errc code, std::string detail) {
  return {code, std::move(detail)};
}

error connect_error(const ws_url& url, const error_code& failed) {
  const auto code = failed == asio::error::timed_out ? errc::timeout : errc::unavailable;
  return make_error(code, url.authority() + ": " + failed.message());
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

/// Says in the handshake which host is meant; addresses are not named (RFC 6066, section 3).
bool name_server(tls_stream& stream, std::string host) {
  error_code not_an_address;
  asio::ip::make_address(host, not_an_address);
  if (!not_an_address)
    return true;
  return SSL_ctrl(stream.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                  host.data()) == 1;
}

} // namespace

bool run_until(asio::io_context& context, const bool& done, time_point deadline) {
  context.restart();
  while (!done && context.run_one_until(deadline) > 0) {
  }
  return done;
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
    return make_error(errc::forbidden, url.authority() + ": the certificate is not trusted: " +
                                           X509_verify_cert_error_string(verdict));
  return make_error(errc::unavailable, url.authority() + ": TLS: " + failed.message());
}

} // namespace troupe::net::dial
