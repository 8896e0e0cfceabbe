#include "actors/model/anthropic_messages/reasoning.hpp"

#include "actors/model/http_call.hpp"
#include "actors/model/types.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace troupe::model::anthropic_messages {
namespace {

namespace json = boost::json;

bool read_place(const json::value& value, std::size_t& out) {
  if (!value.is_int64() || value.get_int64() < 0)
    return false;
  out = static_cast<std::size_t>(value.get_int64());
  return true;
}

} // namespace

void reasoning_writer::add_thinking(std::size_t text_before, std::size_t calls_before,
                                    std::string_view thinking, std::string_view signature) {
  std::string block = R"({"type":"thinking",)";
  append_field(block, "thinking", thinking);
  block += ',';
  append_field(block, "signature", signature);
  block += '}';
  add(text_before, calls_before, block);
}

void reasoning_writer::add_redacted(std::size_t text_before, std::size_t calls_before,
                                    std::string_view data) {
  std::string block = R"({"type":"redacted_thinking",)";
  append_field(block, "data", data);
  block += '}';
  add(text_before, calls_before, block);
}

void reasoning_writer::add(std::size_t text_before, std::size_t calls_before,
                           std::string_view block) {
  constexpr std::size_t frame_bytes_max = 64;
  too_long_ = too_long_ || out_.size() + block.size() + frame_bytes_max > reasoning_bytes_max;
  if (too_long_)
    return;
  out_ += out_.empty() ? '[' : ',';
  fmt::format_to(std::back_inserter(out_), "[{},{},{}]", text_before, calls_before, block);
}

std::string reasoning_writer::take() {
  if (too_long_ || out_.empty())
    return {};
  out_ += ']';
  return std::exchange(out_, {});
}

std::vector<thought> read_reasoning(std::string_view reasoning) {
  json::error_code failed;
  const auto parsed = json::parse({reasoning.data(), reasoning.size()}, failed);
  const auto* list = failed ? nullptr : parsed.if_array();
  std::vector<thought> out;
  if (list == nullptr)
    return out;
  for (const auto& each : *list) {
    const auto* entry = each.if_array();
    thought one;
    if (entry == nullptr || entry->size() != 3 || !read_place((*entry)[0], one.text_before) ||
        !read_place((*entry)[1], one.calls_before) || !(*entry)[2].is_object())
      return {};
    one.block = json::serialize((*entry)[2]);
    out.push_back(std::move(one));
  }
  return out;
}

} // namespace troupe::model::anthropic_messages
