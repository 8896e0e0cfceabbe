#include "actors/gateway/http_api/stream_text.hpp"

#include "actors/gateway/json_writer.hpp"

#include <algorithm>
#include <utility>

namespace troupe::gateway::http_api {

std::string stream_text::on_delta(const run_event::text_delta& delta) {
  if (delta.replace)
    position_ = 0;
  // What was missed comes with the end.
  if (broken_ || delta.offset != position_)
    return {};
  return take(delta.text);
}

void stream_text::on_step() {
  paragraph_ = paragraph_ || whole_ > 0;
  sent_.clear();
  whole_ = position_ = 0;
}

std::string stream_text::on_end(std::string_view answer) {
  position_ = 0;
  auto rest = broken_ ? std::string{} : take(answer);
  broken_ = broken_ || answer.size() < whole_;
  return rest;
}

std::string stream_text::take(std::string_view text) {
  const auto known = std::min(text.size(), sent_.size() - position_);
  const auto again = std::string_view{sent_}.substr(position_, known);
  if (again != text.substr(0, known)) {
    broken_ = true;
    return {};
  }
  sent_ += text.substr(known);
  position_ += text.size();
  const auto unsent = std::string_view{sent_}.substr(whole_);
  const auto fresh = unsent.substr(0, whole_utf8_prefix(unsent));
  std::string out;
  if (whole_ == 0 && paragraph_ && !fresh.empty())
    out = "\n\n";
  out += fresh;
  whole_ += fresh.size();
  return out;
}

} // namespace troupe::gateway::http_api
