#include "tests/component/app/fake_gateway.hpp"

#include "app/cli/json_view.hpp"

#include <arpa/inet.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace troupe::test {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace json = boost::json;
using asio::ip::tcp;

namespace {

/// The client is gone; ends the script.
struct gone : std::runtime_error {
  using std::runtime_error::runtime_error;
};

int bind_loopback(std::uint16_t& port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the sockets API.
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (descriptor < 0 || ::bind(descriptor, generic, size) != 0 ||
      ::getsockname(descriptor, generic, &size) != 0)
    throw std::runtime_error{"no port on loopback"};
  port = ntohs(address.sin_port);
  return descriptor;
}

} // namespace

void fake_connection::respond(const json::object& request, json::value payload) {
  send({{"type", "res"}, {"id", request.at("id")}, {"ok", true}, {"payload", std::move(payload)}});
}

void fake_connection::refuse(const json::object& request, json::object error, json::value payload) {
  json::object frame{
      {"type", "res"}, {"id", request.at("id")}, {"ok", false}, {"error", std::move(error)}};
  if (!payload.is_null())
    frame["payload"] = std::move(payload);
  send(frame);
}

void fake_connection::event(const std::string& name, json::value payload) {
  send({{"type", "event"}, {"event", name}, {"payload", std::move(payload)}});
}

void fake_connection::welcome() {
  event("connect.challenge", {{"nonce", "n"}, {"ts", 1}});
  const auto asked = request();
  const auto* scopes = cli::find(asked, "params.scopes");
  respond(asked, {{"type", "hello-ok"},
                  {"protocol", 4},
                  {"server", {{"version", "9.9.9"}, {"connId", "c"}}},
                  {"snapshot", {{"uptimeMs", 61'000}}},
                  {"auth",
                   {{"role", "operator"},
                    {"method", "token"},
                    {"scopes", scopes ? *scopes : json::array{}}}}});
}

json::object fake_connection::expect(const std::string& method) {
  while (true) {
    auto asked = request();
    const auto name = cli::text_at(asked, "method");
    if (name == method)
      return asked;
    if (name != "sessions.messages.subscribe")
      throw gone{"unexpected " + std::string{name}};
    respond(asked, {{"subscribed", true}, {"key", "agent:main:main"}});
  }
}

class fake_gateway::session final : public fake_connection {
public:
  session(fake_gateway& owner, tcp::socket& socket) : owner_(owner), stream_(socket) {}

  template <class Request>
  void accept(const Request& upgrade) {
    stream_.accept(upgrade);
    stream_.text(true);
  }
  json::object request() override {
    beast::flat_buffer buffer;
    boost::system::error_code failed;
    stream_.read(buffer, failed);
    if (failed)
      throw gone{failed.message()};
    auto frame = json::parse(beast::buffers_to_string(buffer.data())).as_object();
    owner_.record(frame);
    return frame;
  }
  void send(const json::object& frame) override {
    boost::system::error_code failed;
    stream_.write(asio::buffer(json::serialize(frame)), failed);
    if (failed)
      throw gone{failed.message()};
  }
  void close(std::uint16_t code, const std::string& reason) override {
    boost::system::error_code ignored;
    stream_.close({beast::websocket::close_code{code}, reason}, ignored);
  }
  void wait_for_the_end() override {
    pollfd peer{stream_.next_layer().native_handle(), POLLRDHUP, 0};
    while (::poll(&peer, 1, -1) < 0) {
    }
  }
  void drop() override { ::shutdown(stream_.next_layer().native_handle(), SHUT_RDWR); }

private:
  fake_gateway& owner_;
  beast::websocket::stream<tcp::socket&> stream_;
};

fake_gateway::fake_gateway(std::vector<script> scripts) : scripts_(std::move(scripts)) {
  listening_ = bind_loopback(port_);
  if (::listen(listening_, 16) != 0)
    throw std::runtime_error{"cannot listen"};
  acceptor_ = std::thread{[this] { accept(); }};
}

fake_gateway::~fake_gateway() {
  ::shutdown(listening_, SHUT_RDWR); // Wakes the acceptor.
  acceptor_.join();
  {
    const std::scoped_lock lock{mutex_};
    for (const int descriptor : open_)
      ::shutdown(descriptor, SHUT_RDWR);
  }
  for (auto& player : players_)
    player.join();
  ::close(listening_);
}

void fake_gateway::accept() {
  while (true) {
    const int descriptor = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0)
      return;
    const std::scoped_lock lock{mutex_};
    open_.push_back(descriptor);
    players_.emplace_back([this, descriptor] { serve(descriptor); });
  }
}

void fake_gateway::serve(int descriptor) {
  asio::io_context context;
  tcp::socket socket{context, tcp::v4(), descriptor};
  try {
    beast::flat_buffer buffer;
    beast::http::request<beast::http::string_body> request;
    beast::http::read(socket, buffer, request);
    if (upgrades && beast::websocket::is_upgrade(request)) {
      const auto n = std::min<std::size_t>(connections_++, scripts_.size() - 1);
      session played{*this, socket};
      played.accept(request);
      scripts_[n](played);
    } else {
      beast::http::response<beast::http::string_body> answer{beast::http::status::ok, 11};
      answer.body() = readiness;
      answer.prepare_payload();
      beast::http::write(socket, answer);
    }
  } catch (const std::exception&) {
    // The client left, or the test ends.
  }
  const std::scoped_lock lock{mutex_};
  std::erase(open_, descriptor);
  boost::system::error_code ignored;
  socket.close(ignored);
}

void fake_gateway::record(const json::object& request) {
  const std::scoped_lock lock{mutex_};
  requests_.push_back(request);
}

std::vector<json::object> fake_gateway::requests(const std::string& method) const {
  const std::scoped_lock lock{mutex_};
  std::vector<json::object> found;
  for (const auto& request : requests_)
    if (method.empty() || cli::text_at(request, "method") == method)
      found.push_back(request);
  return found;
}

dead_address::dead_address() : descriptor_(bind_loopback(port_)) {}

dead_address::~dead_address() {
  ::close(descriptor_);
}

} // namespace troupe::test
