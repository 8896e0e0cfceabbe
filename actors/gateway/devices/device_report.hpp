#pragma once

#include "actors/gateway/json_writer.hpp"
#include "persistence/tables/device_tables.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// Devices and requests as the protocol shows them. Source: protocol.md section 12.
namespace troupe::gateway {

void write_pairing(json_writer& out, const tables::pairing_row& request);
/// `connected`: empty when it is not told.
void write_device(json_writer& out, const tables::device_row& row,
                  const std::vector<tables::device_token_row>& tokens,
                  const std::function<bool(const std::string& device_id)>& connected);
void write_texts(json_writer& out, std::string_view name, const std::vector<std::string>& texts);

} // namespace troupe::gateway
