#pragma once

#include "actors/gateway/http_api/completion_request.hpp"

#include <boost/json/object.hpp>

namespace troupe::gateway::http_api {

/// Reads a call of POST /v1/chat/completions. Members that are not known are ignored, as the
/// reference does. Errors: 400 and 404, in the reference's order: model, parameters, messages.
/// Source: protocol.md section 14.
api_result<completion_request> read_chat_request(const boost::json::object& body,
                                                 const net::header_list& headers,
                                                 const config::settings& settings);

} // namespace troupe::gateway::http_api
