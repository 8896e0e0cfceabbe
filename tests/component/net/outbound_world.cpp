#include "tests/component/net/outbound_world.hpp"

#include <fmt/format.h>

namespace troupe::test {
namespace {

constexpr std::chrono::seconds patience{20};

} // namespace

void recording_observer::on_head(unsigned status, const net::header_list& headers) {
  const std::lock_guard lock{mutex_};
  ++heads_;
  status_ = status;
  headers_ = headers;
}

void recording_observer::on_data(std::string_view piece) {
  {
    const std::lock_guard lock{mutex_};
    body_ += piece;
  }
  changed_.notify_all();
  if (during_data)
    during_data();
}

void recording_observer::on_done(result<void> outcome) {
  {
    const std::lock_guard lock{mutex_};
    ++dones_;
    if (!outcome)
      failure_ = outcome.error();
  }
  changed_.notify_all();
}

bool recording_observer::wait(const std::function<bool()>& happened) {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, patience, happened);
}

bool recording_observer::wait_data() {
  return wait([this] { return !body_.empty(); });
}

bool recording_observer::wait_done() {
  return wait([this] { return dones_ > 0; });
}

unsigned recording_observer::status() const {
  const std::lock_guard lock{mutex_};
  return status_;
}

std::string recording_observer::header(std::string_view name) const {
  const std::lock_guard lock{mutex_};
  return std::string{net::find_header(headers_, name)};
}

std::string recording_observer::body() const {
  const std::lock_guard lock{mutex_};
  return body_;
}

int recording_observer::heads() const {
  const std::lock_guard lock{mutex_};
  return heads_;
}

int recording_observer::dones() const {
  const std::lock_guard lock{mutex_};
  return dones_;
}

std::optional<error> recording_observer::failure() const {
  const std::lock_guard lock{mutex_};
  return failure_;
}

outbound_world::outbound_world(unsigned calls_max)
    : client(net::make_outbound_client(pool, calls_max)), fake_thread_([this] { fake_.run(); }) {}

outbound_world::~outbound_world() {
  client.reset();
  pool.stop();
  fake_.stop();
  fake_thread_.join();
}

net::outbound_request outbound_world::chat(std::string_view text) const {
  net::outbound_request request;
  request.url = fmt::format("http://127.0.0.1:{}/v1/chat/completions", fake_.port());
  request.headers = {{"content-type", "application/json"}};
  request.body =
      fmt::format(R"({{"model":"fake","messages":[{{"role":"user","content":"{}"}}]}})", text);
  return request;
}

net::outbound_request outbound_world::get(std::string_view path) const {
  net::outbound_request request;
  request.method = "GET";
  request.url = fmt::format("http://127.0.0.1:{}{}", fake_.port(), path);
  return request;
}

std::shared_ptr<recording_observer> outbound_world::start(net::outbound_request request) {
  auto observer = std::make_shared<recording_observer>();
  last_call = client->start(std::move(request), observer);
  return observer;
}

std::string outbound_world::fetch(std::string_view path) {
  const auto observer = start(get(path));
  return observer->wait_done() ? observer->body() : std::string{};
}

bool outbound_world::stats_show(std::string_view part) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < deadline)
    if (fetch("/stats").find(part) != std::string::npos)
      return true;
  return false;
}

} // namespace troupe::test
