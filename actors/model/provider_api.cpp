#include "actors/model/provider_api.hpp"

#include "actors/model/anthropic_messages/request.hpp"
#include "actors/model/anthropic_messages/response_decoder.hpp"
#include "actors/model/openai_completions/request.hpp"
#include "actors/model/openai_completions/response_decoder.hpp"
#include "base/assert.hpp"

namespace troupe::model {

net::outbound_request build_request(const model_request& request,
                                    const config::provider_settings& provider,
                                    const config::model_settings& model) {
  switch (provider.api) {
  case config::provider_api::openai_completions:
    return openai_completions::build_request(request, provider, model);
  case config::provider_api::anthropic_messages:
    return anthropic_messages::build_request(request, provider, model);
  case config::provider_api::demo:
    break;
  }
  TR_ASSERT(false, "the demo makes no calls");
  return {};
}

std::unique_ptr<stream_decoder> make_decoder(const config::provider_settings& provider) {
  switch (provider.api) {
  case config::provider_api::openai_completions:
    return std::make_unique<openai_completions::response_decoder>(provider);
  case config::provider_api::anthropic_messages:
    return std::make_unique<anthropic_messages::response_decoder>(provider);
  case config::provider_api::demo:
    break;
  }
  TR_ASSERT(false, "the demo makes no calls");
  return {};
}

} // namespace troupe::model
