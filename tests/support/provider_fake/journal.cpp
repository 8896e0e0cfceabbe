#include "tests/support/provider_fake/journal.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <string_view>

namespace troupe::test {
namespace {

constexpr std::size_t log_entries_max = 4'096;
constexpr std::size_t log_text_bytes_max = 200;
constexpr std::size_t texts_max = 100'000; // Beyond that, new texts are not counted apart.

} // namespace

unsigned call_journal::count(const chat_call& call) {
  ++calls_;
  if (by_message_.size() < texts_max || by_message_.contains(call.user_text))
    ++by_message_[call.user_text];
  auto key = call.user_text;
  key += '\0';
  key += std::to_string(call.tool_results.size());
  if (attempts_.size() >= texts_max && !attempts_.contains(key))
    return 1;
  return ++attempts_[key];
}

std::uint64_t call_journal::open(const chat_call& call, unsigned attempt, unsigned status,
                                 bool authorized) {
  ++open_;
  ++number_;
  if (log_.size() >= log_entries_max)
    log_.pop_front();
  log_.push_back({number_, call.model, call.user_text.substr(0, log_text_bytes_max), attempt,
                  status, call.messages, static_cast<unsigned>(call.tool_results.size()),
                  call.has_tools, authorized,
                  call.api == chat_api::anthropic ? "anthropic" : "openai", call.thinks,
                  call.cache_marks, static_cast<unsigned>(call.thoughts.size()), "open"});
  return number_;
}

void call_journal::close(std::uint64_t n, const char* end) {
  if (n == 0 || open_ == 0)
    return;
  --open_;
  if (std::string_view{end} == "closed_by_client")
    ++closed_by_client_;
  // Numbers are consecutive, so the place follows from the first one.
  if (!log_.empty() && n >= log_.front().n && n - log_.front().n < log_.size())
    log_[static_cast<std::size_t>(n - log_.front().n)].end = end;
}

std::string call_journal::stats_json(std::size_t connections) const {
  boost::json::object texts;
  for (const auto& [text, times] : by_message_)
    texts[text] = times;
  boost::json::object out{{"calls", calls_},
                          {"open", open_},
                          {"connections", connections},
                          {"closed_by_client", closed_by_client_}};
  out["by_message"] = std::move(texts);
  return boost::json::serialize(out);
}

std::string call_journal::log_json() const {
  boost::json::array out;
  for (const auto& each : log_)
    out.push_back(boost::json::object{{"n", each.n},
                                      {"model", each.model},
                                      {"text", each.text},
                                      {"attempt", each.attempt},
                                      {"status", each.status},
                                      {"messages", each.messages},
                                      {"tool_results", each.tool_results},
                                      {"has_tools", each.has_tools},
                                      {"authorized", each.authorized},
                                      {"api", each.api},
                                      {"thinks", each.thinks},
                                      {"cache_marks", each.cache_marks},
                                      {"thoughts", each.thoughts},
                                      {"end", each.end}});
  return boost::json::serialize(out);
}

void call_journal::reset() {
  calls_ = 0;
  closed_by_client_ = 0;
  attempts_.clear();
  by_message_.clear();
  log_.clear();
}

} // namespace troupe::test
