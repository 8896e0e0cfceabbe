#include "actors/model/tool_calls.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::model {
namespace {

constexpr std::size_t name_bytes_max = 256; // Of ids and names alike.

} // namespace

tool_call_assembler::slot* tool_call_assembler::find(const tool_call_delta& delta) {
  if (delta.index) {
    const auto found = std::find_if(slots_.begin(), slots_.end(),
                                    [&](const slot& each) { return each.index == delta.index; });
    return found == slots_.end() ? nullptr : &*found;
  }
  if (slots_.empty() || (!delta.id.empty() && delta.id != slots_.back().call.id))
    return nullptr;
  return &slots_.back();
}

result<void> tool_call_assembler::add(const tool_call_delta& delta) {
  auto* at = find(delta);
  if (at == nullptr) {
    if (slots_.size() >= tool_calls_max)
      return error{errc::overloaded, "too many tool calls in one answer"};
    at = &slots_.emplace_back(slot{delta.index, {}});
  }
  auto& call = at->call;
  if (call.id.empty())
    call.id = delta.id;
  // Names come whole; a server that repeats them with every delta must not double them.
  if (call.name.empty())
    call.name = delta.name;
  call.arguments_json += delta.arguments;
  if (call.arguments_json.size() > tool_arguments_bytes_max || call.id.size() > name_bytes_max ||
      call.name.size() > name_bytes_max)
    return error{errc::overloaded, "a tool call is over its bound"};
  return boost::outcome_v2::success();
}

result<std::vector<tool_call>> tool_call_assembler::take(std::string_view response_id) {
  std::vector<tool_call> calls;
  calls.reserve(slots_.size());
  for (auto& each : slots_) {
    auto& call = each.call;
    if (call.name.empty())
      return error{errc::invalid_argument, "a tool call without a name"};
    const bool taken = std::any_of(calls.begin(), calls.end(),
                                   [&](const tool_call& other) { return other.id == call.id; });
    if (call.id.empty() || taken)
      call.id = fmt::format("call_{}_{}", response_id, calls.size());
    if (call.arguments_json.empty())
      call.arguments_json = "{}";
    calls.push_back(std::move(call));
  }
  slots_.clear();
  return calls;
}

} // namespace troupe::model
