#include "actors/model/failure.hpp"

#include "net/frames/json_text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace troupe::model {
namespace {

constexpr std::size_t message_bytes_max = 300;
constexpr std::size_t secret_bytes_min = 6; // Shorter ones would blank out ordinary words.
constexpr std::size_t key_like_bytes_min = 12;
constexpr std::string_view masked = "***";

std::string text_of(const boost::json::value* value) {
  if (value == nullptr)
    return {};
  if (value->is_string())
    return std::string{value->get_string()};
  if (value->is_int64())
    return std::to_string(value->get_int64());
  return {};
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

bool is_key_byte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '*' ||
         c == '.';
}

bool looks_like_key(std::string_view word) {
  static constexpr std::array<std::string_view, 6> prefixes{"sk-", "sk_",  "key-",
                                                            "pk-", "gsk_", "AIza"};
  return word.size() >= key_like_bytes_min &&
         std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return word.starts_with(prefix); });
}

// Providers quote the key they refuse, whole or in part; it need not be the configured one.
std::string mask_keys(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_key_byte) - text.begin();
    const auto word = text.substr(0, static_cast<std::size_t>(end));
    out += looks_like_key(word) ? masked : word;
    text.remove_prefix(word.size());
    if (!text.empty()) {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

// One line of whole UTF-8 sequences, at most `message_bytes_max` bytes.
std::string one_line(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto bytes = net::frames::utf8_sequence_bytes(text);
    const auto piece = text.substr(0, std::max<std::size_t>(bytes, 1));
    text.remove_prefix(piece.size());
    if (out.size() + piece.size() > message_bytes_max)
      return out + "…";
    const auto first = static_cast<unsigned char>(piece.front());
    if (bytes == 0)
      out += '?';
    else if (first < 0x20 || first == 0x7f)
      out += ' ';
    else
      out += piece;
  }
  return out;
}

bool contains(std::string_view text, std::string_view part) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

bool is_context_length(const provider_error& said) {
  return said.code == "context_length_exceeded" || contains(said.message, "context length") ||
         contains(said.message, "context window") || contains(said.message, "maximum context") ||
         contains(said.message, "prompt is too long");
}

bool is_out_of_funds(const provider_error& said) {
  return said.code == "insufficient_quota" || said.type == "insufficient_quota" ||
         contains(said.code, "billing") || said.type == "billing_error" ||
         contains(said.message, "credit balance is too low");
}

// Inside a stream the status is only told by the error's own code or type, if at all.
// Source of the types: Anthropic's API documentation, "Errors".
unsigned status_in(const provider_error& said) {
  struct row {
    std::string_view type;
    unsigned status;
  };
  static constexpr std::array<row, 8> types{{{"invalid_request_error", 400},
                                             {"authentication_error", 401},
                                             {"permission_error", 403},
                                             {"not_found_error", 404},
                                             {"request_too_large", 413},
                                             {"api_error", 500},
                                             {"timeout_error", 504},
                                             {"overloaded_error", 529}}};
  unsigned status = 0;
  std::from_chars(said.code.data(), said.code.data() + said.code.size(), status);
  if (status >= 400 && status < 600)
    return status;
  if (contains(said.code, "rate_limit") || contains(said.type, "rate_limit"))
    return 429;
  const auto* const known = std::ranges::find(types, said.type, &row::type);
  return known == types.end() ? 0 : known->status;
}

struct verdict {
  failure_kind kind;
  bool retryable;
};

verdict judge(unsigned status, const provider_error& said) {
  if (is_context_length(said) && status < 500)
    return {failure_kind::context_length, false};
  if (contains(said.code, "content_filter") || contains(said.code, "content_policy"))
    return {failure_kind::refusal, false};
  if (is_out_of_funds(said))
    return {failure_kind::auth, false};
  switch (status) {
  case 401:
  case 402:
  case 403:
    return {failure_kind::auth, false};
  case 408:
    return {failure_kind::timeout, true};
  case 409:
    return {failure_kind::server, true};
  case 413:
    return {failure_kind::context_length, false};
  case 429:
    return {failure_kind::rate_limit, true};
  case 504:
    return {failure_kind::timeout, true};
  default:
    break;
  }
  // An error inside a stream without a code is the server's: it had accepted the request.
  if (status >= 500 || status == 0)
    return {failure_kind::server, true};
  return {failure_kind::unknown, false};
}

std::string_view headline(failure_kind kind) {
  switch (kind) {
  case failure_kind::auth:
    return "The provider refused the API key or the account";
  case failure_kind::rate_limit:
    return "The provider's rate limit is reached";
  case failure_kind::context_length:
    return "The conversation is too long for the model";
  case failure_kind::refusal:
    return "The provider's content filter refused";
  case failure_kind::timeout:
    return "The provider timed out";
  case failure_kind::server:
    return "The provider failed";
  default:
    return "The provider refused the request";
  }
}

} // namespace

provider_error parse_error_body(std::string_view body) {
  boost::json::error_code failed;
  const auto parsed = boost::json::parse({body.data(), body.size()}, failed);
  const auto* top = failed ? nullptr : parsed.if_object();
  if (top == nullptr)
    return {};
  const auto* inner = top->if_contains("error");
  if (inner != nullptr && inner->is_object()) {
    const auto& object = inner->get_object();
    return {text_of(object.if_contains("message")), text_of(object.if_contains("code")),
            text_of(object.if_contains("type"))};
  }
  for (const char* name : {"error", "message", "detail"})
    if (auto text = text_of(top->if_contains(name)); !text.empty())
      return {std::move(text), text_of(top->if_contains("code")), {}};
  return {};
}

redactor::redactor(const config::provider_settings& provider) {
  const auto keep = [this](const secret& value) {
    if (value.reveal().size() >= secret_bytes_min)
      secrets_.push_back(value);
  };
  keep(provider.api_key);
  for (const auto& [name, value] : provider.headers)
    keep(value);
}

std::string redactor::clean(std::string_view text) const {
  // Bounded before it is searched, far behind the last byte that can be shown.
  std::string out{text.substr(0, 16 * message_bytes_max)};
  for (const auto& hidden : secrets_)
    replace_all(out, hidden.reveal(), masked);
  return one_line(mask_keys(out));
}

model_failure classify(unsigned status, const provider_error& said, const redactor& redact) {
  const auto effective = status == 0 ? status_in(said) : status;
  const auto [kind, retryable] = judge(effective, said);
  model_failure out{
      .kind = kind, .http_status = effective == 0 ? 200 : effective, .retryable = retryable};
  out.message = headline(kind);
  if (effective != 0)
    out.message += fmt::format(" (HTTP {})", effective);
  if (const auto words = redact.clean(said.message); !words.empty())
    out.message += ": " + words;
  return out;
}

model_failure classify_transport(const error& failure, bool head_seen) {
  switch (failure.code) {
  case errc::timeout:
    return {.kind = failure_kind::timeout,
            .message = "The provider did not answer in time: " + failure.detail,
            .retryable = true};
  case errc::unavailable:
    return {.kind = failure_kind::connection,
            .message = "The provider cannot be reached: " + one_line(failure.detail),
            .retryable = true};
  case errc::connection_lost:
    return {.kind = failure_kind::connection,
            .message = "The connection to the provider broke off: " + one_line(failure.detail),
            .retryable = true};
  case errc::overloaded:
    if (!head_seen) // Our own bound on calls, not the response's.
      return {.kind = failure_kind::server,
              .message = "Too many model calls are in flight",
              .retryable = true};
    return {.kind = failure_kind::bad_response,
            .message = "The provider's response is over its bound"};
  default:
    return {.kind = failure_kind::unknown,
            .message = "The model call failed: " + one_line(failure.detail)};
  }
}

} // namespace troupe::model
