#pragma once

#include "actors/model/types.hpp"
#include "config/settings.hpp"
#include "net/client/outbound.hpp"

/// The request side of the "openai-completions" API: OpenAI's Chat Completions, which Ollama, vLLM,
/// LM Studio, llama.cpp, OpenRouter and many more speak too. Pure.
namespace troupe::model::openai_completions {

/// Where the calls go: `base_url` with "/v1" when it has no path, and "/chat/completions". A query
/// stays at the end.
std::string endpoint(std::string_view base_url);

/// POST of one streaming call. Texts are repaired to valid UTF-8; `schema_json` of the tools must
/// already be valid JSON. `max_tokens` is sent only when the request names one, at most the
/// model's own: servers know their default better than we do.
net::outbound_request build_request(const model_request& request,
                                    const config::provider_settings& provider,
                                    const config::model_settings& model);

} // namespace troupe::model::openai_completions
