#include "net/client/ws_url.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>

#include <charconv>

namespace troupe::net {
namespace {

error make_error(std::string detail) {
  return {errc::invalid_argument, std::move(detail)};
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

std::string ws_url::authority() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string ws_url::text() const {
  return (tls ? "wss://" : "ws://") + authority() + (path == "/" ? "" : path);
}

bool ws_url::loopback() const {
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address(host, failed);
  return failed ? host == "localhost" : address.is_loopback();
}

result<ws_url> parse_ws_url(std::string_view text) {
  ws_url url;
  auto rest = text;
  const auto scheme = cut_scheme(rest);
  url.tls = scheme == "wss" || scheme == "https";
  if (!url.tls && scheme != "ws" && scheme != "http")
    return make_error("an address starts with ws:// or wss://");
  if (rest.find_first_of("@?# \t\r\n") != std::string_view::npos)
    return make_error("an address holds a host, a port and a path, nothing else");
  url.port = url.tls ? 443 : 80;
  const auto slash = rest.find('/');
  if (slash != std::string_view::npos)
    url.path = rest.substr(slash);
  if (!split_authority(rest.substr(0, slash), url))
    return make_error("an address is written ws://host:port");
  return url;
}

} // namespace troupe::net
