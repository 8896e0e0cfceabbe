#pragma once

#include "actors/model/types.hpp"
#include "config/settings.hpp"
#include "net/client/outbound.hpp"
#include "net/http/server.hpp"

#include <cstddef>
#include <string>
#include <string_view>

/// What the calls to every provider over HTTP have in common. Pure.
namespace troupe::model {

/// The host of a URL, without port and user.
std::string_view host_of(std::string_view url);

/// Whether "/v1" is part of a base URL that has a path, or goes behind it.
enum class version_path { in_base, always };

/// Where the calls go: `base_url`, "/v1" where it is missing, and `method` ("/messages"), unless
/// that stands there already. A query stays at the end.
std::string endpoint(std::string_view base_url, std::string_view method, version_path version);

/// A POST of `body`, a JSON document, to `url`, answered by a stream.
///
/// Headers: what every call has, then `own`; a configured header replaces one of the same name.
/// Deadlines: silence of 120 s, or 300 s for a server on this machine or a private network, is the
/// end; `timeoutSeconds` of the provider raises that (features section 5 "Timeouts").
net::outbound_request streaming_post(const config::provider_settings& provider, std::string url,
                                     const net::header_list& own, std::string body);

/// Tokens that an answer may have: what is asked for, at most the model's; 0: nobody said.
std::uint32_t answer_tokens_max(const model_request& request, const config::model_settings& model);

/// Bytes of memory that `request` will take as JSON, roughly.
std::size_t estimate_bytes(const model_request& request);

/// Appends `"name":"text"`.
void append_field(std::string& out, std::string_view name, std::string_view text);

} // namespace troupe::model
