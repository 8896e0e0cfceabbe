#include "tests/component/net/server_world.hpp"

#include <stdexcept>

namespace troupe::test {

namespace {

constexpr std::size_t big_bytes = 8u << 20;

class echo_handler final : public net::ws_handler {
public:
  echo_handler(std::shared_ptr<server_book> book, std::shared_ptr<net::ws_connection> connection,
               bool keeps_credits)
      : book_(std::move(book)), connection_(std::move(connection)), keeps_credits_(keeps_credits) {}

  void on_text(std::string text, net::frame_credit credit) override {
    if (text == "done")
      connection_->handshake_done();
    if (text.starts_with("close "))
      connection_->close(static_cast<std::uint16_t>(std::stoul(text.substr(6, 4))),
                         text.substr(std::min<std::size_t>(text.size(), 11)));
    else
      connection_->send({text, nullptr, {}});
    const std::lock_guard lock{book_->mutex};
    book_->texts.push_back(std::move(text));
    if (keeps_credits_)
      book_->credits.push_back(std::move(credit));
    book_->changed.notify_all();
  }

  void on_closed(std::uint16_t code, std::string_view reason) override {
    const std::lock_guard lock{book_->mutex};
    book_->closes.emplace_back(code, reason);
    book_->changed.notify_all();
  }

private:
  const std::shared_ptr<server_book> book_;
  const std::shared_ptr<net::ws_connection> connection_;
  const bool keeps_credits_;
};

} // namespace

server_world::server_world(net::server_limits limits) {
  auto listening = net::listen(pool_, {"127.0.0.1", 0}, limits, *this);
  if (!listening)
    throw std::runtime_error{listening.error().detail};
  server_ = std::move(listening.value());
}

server_world::~server_world() {
  stop();
}

void server_world::stop() {
  server_.reset();
  pool_.stop();
}

raw_socket server_world::connect_websocket(std::string_view target) const {
  auto socket = connect();
  if (!socket.upgrade(target))
    throw std::runtime_error{"no upgrade"};
  return socket;
}

bool server_world::reaches_connections(std::size_t count) {
  return eventually([&] { return server_->connections() == count; });
}

net::body_wish server_world::on_head(const net::http_request& head) {
  if (head.path() == "/nothing")
    return net::body_wish::none();
  if (head.path() == "/ten")
    return net::body_wish::up_to(10, [] { return net::http_response{413, {}, "ten at most"}; });
  return net::body_wish::up_to(big_bytes * 4);
}

void server_world::on_request(net::http_request request, net::http_responder responder) {
  const std::string path{request.path()};
  auto body = request.method + " " + request.target;
  if (path == "/echo")
    body = request.body;
  if (path == "/big")
    body.assign(big_bytes, 'x');
  {
    const std::lock_guard lock{book_->mutex};
    book_->requests.push_back(std::move(request));
    if (path == "/hold")
      hold(responder);
    book_->changed.notify_all();
  }
  if (path != "/hold" && path != "/drop")
    responder.send({path == "/nothing" ? 404u : 200u,
                    {{"Content-Type", "text/plain; charset=utf-8"}},
                    std::move(body)});
}

void server_world::hold(const net::http_responder& responder) {
  book_->held.push_back(responder);
  const auto tell = [book = std::weak_ptr<server_book>{book_}](net::answer_lost why) {
    if (const auto into = book.lock()) {
      const std::lock_guard lock{into->mutex};
      into->lost.push_back(why);
      into->changed.notify_all();
    }
  };
  responder.watch({tell, {}});
}

std::shared_ptr<net::ws_handler>
server_world::on_websocket(net::ws_upgrade upgrade,
                           std::shared_ptr<net::ws_connection> connection) {
  const auto target = upgrade.target;
  const std::lock_guard lock{book_->mutex};
  book_->sockets.push_back(connection);
  book_->upgrades.push_back(std::move(upgrade));
  book_->changed.notify_all();
  if (target == "/refuse")
    return nullptr;
  return std::make_shared<echo_handler>(book_, std::move(connection), target == "/keep");
}

} // namespace troupe::test
