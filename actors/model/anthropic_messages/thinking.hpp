#pragma once

#include "actors/model/types.hpp"
#include "config/settings.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::model::anthropic_messages {

/// Whether the model decides itself how much it thinks: Claude from 4.6 on, which refuses budgets
/// or will. All others get a budget.
bool thinks_as_it_likes(std::string_view model_id);

/// Appends `,"thinking":{…}` when the call is to be made with thinking. `answer_tokens`: those of
/// thinking and answer together.
void append_thinking(std::string& out, const model_request& request,
                     const config::model_settings& model, std::uint32_t answer_tokens);

} // namespace troupe::model::anthropic_messages
