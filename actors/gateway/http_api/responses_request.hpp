#pragma once

#include "actors/gateway/http_api/completion_request.hpp"

#include <boost/json/object.hpp>

namespace troupe::gateway::http_api {

/// Reads a call of POST /v1/responses: `input` is a text or a list of items. Items that mean
/// nothing to another model (reasoning, references) and members that are not known are ignored.
/// Errors: 400 and 404. Source: protocol.md section 14.
api_result<completion_request> read_responses_request(const boost::json::object& body,
                                                      const net::header_list& headers,
                                                      const config::settings& settings);

} // namespace troupe::gateway::http_api
