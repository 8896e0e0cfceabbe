#pragma once

#include "actors/model/types.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "config/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What a provider's refusals mean, and how they are told to users. Pure.
namespace troupe::model {

/// A provider's own words about a failure, as its JSON carries them.
struct provider_error {
  std::string message;
  std::string code; ///< "context_length_exceeded"; a number as text.
  std::string type;
};

/// Reads {"error":{message,code,type}}, {"error":"…"}, {"message":"…"} and {"detail":"…"}. Anything
/// else (an HTML page of a proxy) gives empty fields.
provider_error parse_error_body(std::string_view body);

/// Takes secrets out of a provider's words and cuts them.
class redactor {
public:
  explicit redactor(const config::provider_settings& provider);
  /// One line of at most 300 bytes of valid UTF-8: without the provider's key and headers, and
  /// without anything that looks like a key.
  std::string clean(std::string_view text) const;

private:
  std::vector<secret> secrets_;
};

/// `status` 0: the error came inside a stream that had begun with 200.
model_failure classify(unsigned status, const provider_error& said, const redactor& redact);

/// A failure below HTTP. `head_seen`: the response had begun.
model_failure classify_transport(const error& failure, bool head_seen);

} // namespace troupe::model
