#pragma once

#include "actors/model/stream_decoder.hpp"
#include "actors/model/types.hpp"
#include "config/settings.hpp"
#include "net/client/outbound.hpp"

#include <memory>

/// The one place that knows which APIs there are: everything else asks it by the provider's
/// settings. Not for the demo, which makes no calls. Pure.
namespace troupe::model {

net::outbound_request build_request(const model_request& request,
                                    const config::provider_settings& provider,
                                    const config::model_settings& model);

/// Reads the answer to one call; never null.
std::unique_ptr<stream_decoder> make_decoder(const config::provider_settings& provider);

} // namespace troupe::model
