#include "net/frames/response.hpp"

#include "net/frames/json_text.hpp"

#include <fmt/format.h>

namespace troupe::net::frames {

namespace {

std::string response_head(std::string_view id, std::string_view rest) {
  std::string head = R"({"type":"res","id":)";
  append_json_string(head, id);
  head += rest;
  return head;
}

std::string event_body(std::string_view name, std::string_view payload_json) {
  std::string body = R"({"type":"event","event":)";
  body.reserve(body.size() + name.size() + payload_json.size() + 64);
  append_json_string(body, name);
  if (!payload_json.empty()) {
    body += R"(,"payload":)";
    body += payload_json;
  }
  return body;
}

} // namespace

std::string error_json(const error_shape& error) {
  std::string out = R"({"code":)";
  append_json_string(out, error.code);
  out += R"(,"message":)";
  append_json_string(out, error.message);
  if (!error.details_json.empty()) {
    out += R"(,"details":)";
    out += error.details_json;
  }
  if (error.retryable)
    out += *error.retryable ? R"(,"retryable":true)" : R"(,"retryable":false)";
  if (error.retry_after_ms)
    out += fmt::format(R"(,"retryAfterMs":{})", *error.retry_after_ms);
  out += '}';
  return out;
}

ws_frame response_ok(std::string_view id, std::string payload_json) {
  return response_ok(id, std::make_shared<const std::string>(std::move(payload_json)));
}

ws_frame response_ok(std::string_view id, std::shared_ptr<const std::string> payload_json) {
  return {response_head(id, R"(,"ok":true,"payload":)"), std::move(payload_json), "}"};
}

ws_frame response_ok(std::string_view id) {
  return {response_head(id, R"(,"ok":true})"), nullptr, {}};
}

ws_frame response_error(std::string_view id, const error_shape& error) {
  auto head = response_head(id, R"(,"ok":false,"error":)");
  head += error_json(error);
  head += '}';
  return {std::move(head), nullptr, {}};
}

event::event(std::string_view name, std::string_view payload_json)
    : body_(std::make_shared<const std::string>(event_body(name, payload_json))) {}

event::event(std::string_view name, std::string_view payload_json, state_version version)
    : body_(std::make_shared<const std::string>(
          event_body(name, payload_json) +
          fmt::format(R"(,"stateVersion":{{"presence":{},"health":{}}})", version.presence,
                      version.health))) {}

ws_frame event::frame() const {
  return {{}, body_, "}"};
}

ws_frame event::frame(std::uint64_t seq) const {
  return {{}, body_, fmt::format(R"(,"seq":{}}})", seq)};
}

} // namespace troupe::net::frames
