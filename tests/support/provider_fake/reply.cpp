#include "tests/support/provider_fake/reply.hpp"

#include "tests/support/provider_fake/wire.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace troupe::test {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view stream_head = "HTTP/1.1 200 OK\r\n"
                                         "Content-Type: text/event-stream\r\n"
                                         "Cache-Control: no-cache\r\n"
                                         "Transfer-Encoding: chunked\r\n\r\n";
constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz ";

// The words behind "#name", where the message has that directive.
class directive {
public:
  directive(std::string_view text, std::string_view name) {
    for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
      const auto end = at + name.size();
      if (end == text.size() || text[end] == ' ' || text[end] == '\n') {
        given_ = true;
        rest_ = text.substr(std::min(end + 1, text.size()));
        return;
      }
    }
  }
  explicit operator bool() const { return given_; }
  std::string_view rest() const { return rest_; }
  std::string_view word() {
    const auto end = std::min(rest_.find_first_of(" \n"), rest_.size());
    const auto out = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return out;
  }
  unsigned number(unsigned otherwise) {
    const auto text = rest_;
    const auto digits = word();
    unsigned out = 0;
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    if (failed == std::errc{} && end == digits.data() + digits.size())
      return out;
    rest_ = text;
    return otherwise;
  }

private:
  bool given_ = false;
  std::string_view rest_;
};

std::string filler(std::size_t bytes) {
  std::string out;
  out.reserve(bytes + letters.size());
  while (out.size() < bytes)
    out += letters;
  out.resize(bytes);
  return out;
}

std::vector<std::string> words_of(std::string_view text) {
  constexpr std::size_t word_bytes_max = 4'096;
  std::vector<std::string> words;
  while (!text.empty()) {
    auto end = std::min(text.find_first_not_of(' ', text.find_first_of(' ')), text.size());
    end = std::min(end, word_bytes_max);
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
      --end;
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

class reply_writer {
public:
  reply_writer(const chat_call& call, unsigned attempt, std::size_t reply_bytes)
      : call_(call), attempt_(attempt), reply_bytes_(reply_bytes), wire_(make_wire(call.api)) {}

  reply write() {
    if (auto hold = find("#hold"))
      wait_ = milliseconds{hold.number(1'000)};
    if (refuse() || miss_thoughts())
      return std::move(out_);
    add(std::string{stream_head} + wire_->begin(call_));
    think();
    if (!spoil() && !ask_for_tool())
      answer();
    return std::move(out_);
  }

private:
  directive find(std::string_view name) const { return {call_.user_text, name}; }

  void add(std::string bytes, bool close = false) {
    if (wait_.count() == 0 && !out_.steps.empty() && !out_.steps.back().close) {
      out_.steps.back().bytes += bytes;
      out_.steps.back().close = close;
    } else {
      out_.steps.push_back({wait_, std::move(bytes), close});
    }
    wait_ = milliseconds{0};
  }

  bool refuse() {
    unsigned times = 0;
    std::string headers;
    if (auto limited = find("#429")) {
      out_.status = 429;
      times = limited.number(1);
      headers = fmt::format("Retry-After: {}\r\n", limited.number(0));
    } else if (auto failing = find("#error")) {
      out_.status = failing.number(500);
      times = failing.number(1);
    }
    const auto because = find("#because");
    if (attempt_ <= times)
      add(write_json_response(
          out_.status,
          wire_->refusal(out_.status, because ? std::string{because.rest()}
                                              : fmt::format("scripted failure {}", attempt_)),
          headers));
    else
      out_.status = 200;
    return attempt_ <= times;
  }

  static std::string signature(unsigned round) { return fmt::format("signed+{}/==", round); }

  // As the real service: results of tools without the thoughts behind their calls are refused.
  bool miss_thoughts() {
    std::vector<std::string> wanted;
    if (find("#think") && call_.api == chat_api::anthropic)
      for (unsigned round = 0; round < call_.rounds; ++round)
        wanted.push_back(signature(round));
    if (call_.thoughts == wanted)
      return false;
    out_.status = 400;
    add(write_json_response(400, wire_->refusal(400, "Expected `thinking`, but found `tool_use`")));
    return true;
  }

  void think() {
    if (find("#think"))
      add(wire_->thought("Let me think about that.", signature(call_.rounds)));
  }

  bool spoil() {
    if (auto busy = find("#overloaded"); busy && attempt_ <= busy.number(1)) {
      add(wire_->text("this will be too much ") + wire_->overloaded());
      return true;
    }
    if (auto garbage = find("#garbage"); garbage && attempt_ <= garbage.number(~0u)) {
      add(wire_->text("so far so good ") + event("{\"choices\":[{\"delta\":{\"con") +
          std::string{last_chunk});
      return true;
    }
    if (auto broken = find("#disconnect"); broken && attempt_ <= broken.number(1)) {
      add(wire_->text("this will break ") + "ff\r\ndata: {\"cho", true);
      return true;
    }
    if (find("#nodone")) {
      add(wire_->text("this just ends") + std::string{last_chunk});
      return true;
    }
    return false;
  }

  bool ask_for_tool() {
    const auto round = static_cast<unsigned>(call_.tool_results.size());
    unsigned count = 0;
    std::string_view name = "session_status";
    std::string_view arguments = "{}";
    if (auto tool = find("#tool"); tool && round == 0) {
      name = tool.word();
      arguments = tool.rest().substr(0, tool.rest().find('\n'));
      count = 1;
    } else if (auto tools = find("#tools"); tools && round == 0) {
      count = tools.number(1);
    } else if (auto rounds = find("#rounds"); rounds && round < rounds.number(1)) {
      count = 1;
    }
    if (count != 0)
      add(wire_->tool_calls(name, arguments.empty() ? "{}" : arguments, count, round) +
          wire_->end(call_, "tool_calls", count));
    return count != 0;
  }

  std::string text() const {
    if (auto echo = find("#echo"))
      return std::string{echo.rest()};
    if (auto size = find("#long"))
      return filler(size.number(1'000));
    if (!call_.tool_results.empty())
      return "the tool says: " + call_.tool_results.back();
    return reply_bytes_ != 0 ? filler(reply_bytes_) : "fake reply to: " + call_.user_text;
  }

  void answer() {
    const auto words = words_of(text());
    auto slow = find("#slow");
    const milliseconds total{slow ? slow.number(1'000) : 0};
    auto stall = find("#stall");
    const auto count = static_cast<long>(words.size());
    for (long i = 0; i < count; ++i) {
      wait_ += total * (i + 1) / count - total * i / count;
      if (i == 1 && stall)
        wait_ += milliseconds{stall.number(5'000)};
      add(wire_->text(words[static_cast<std::size_t>(i)]));
    }
    if (count < 2 && stall)
      wait_ += milliseconds{stall.number(5'000)};
    auto finish = find("#finish");
    add(wire_->end(call_, finish ? finish.word() : "stop", words.size()));
  }

  const chat_call& call_;
  const unsigned attempt_;
  const std::size_t reply_bytes_;
  const std::unique_ptr<wire> wire_;
  milliseconds wait_{0};
  reply out_;
};

} // namespace

std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string{text.data(), text.size()});
}

std::string event(std::string_view data) {
  return fmt::format("{:x}\r\ndata: {}\n\n\r\n", data.size() + 8, data);
}

std::string event(std::string_view type, std::string_view data) {
  const auto text = fmt::format("event: {}\ndata: {}\n\n", type, data);
  return fmt::format("{:x}\r\n{}\r\n", text.size(), text);
}

reply write_reply(const chat_call& call, unsigned attempt, std::size_t reply_bytes) {
  return reply_writer{call, attempt, reply_bytes}.write();
}

std::string write_zero_reply(std::size_t reply_bytes) {
  chat_call any;
  any.messages = 1;
  const auto words =
      words_of(reply_bytes != 0 ? filler(reply_bytes) : "This is a short answer from the fake.");
  const auto wire = make_wire(chat_api::openai);
  auto out = std::string{stream_head} + wire->begin(any);
  for (const auto& word : words)
    out += wire->text(word);
  return out + wire->end(any, "stop", words.size());
}

std::string write_json_response(unsigned status, const std::string& json,
                                const std::string& headers) {
  return fmt::format("HTTP/1.1 {} Fake\r\nContent-Type: application/json\r\n{}"
                     "Content-Length: {}\r\n\r\n{}",
                     status, headers, json.size(), json);
}

} // namespace troupe::test
