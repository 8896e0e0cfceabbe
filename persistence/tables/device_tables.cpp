#include "persistence/tables/device_tables.hpp"

#include "persistence/tables/record.hpp"
#include "persistence/tables/row_key.hpp"

#include <algorithm>

namespace troupe::tables {
namespace {

/// The tables of devices. Append only; never reuse a byte (docs/formats/tables.md).
enum class table : char {
  device = 0x20,
  pairing = 0x21,
  token = 0x22,
  token_index = 0x23,
  token_secret = 0x24,
};

constexpr unsigned row_version = 1;

row_key key(table which) {
  return row_key{static_cast<char>(which)};
}

/// -1: no lower-case hex digit.
int nibble(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

record_writer nested(const device_description& what) {
  record_writer out{row_version};
  out.add(what.device_id)
      .add(what.public_key)
      .add(what.display_name)
      .add(what.platform)
      .add(what.device_family)
      .add(what.client_id)
      .add(what.client_mode)
      .add(what.remote_ip);
  return out;
}

device_description read_description(record_reader& in) {
  device_description what;
  auto fields = in.read_record(row_version);
  what.device_id = fields.read<std::string>();
  what.public_key = fields.read<std::string>();
  what.display_name = fields.read<std::string>();
  what.platform = fields.read<std::string>();
  what.device_family = fields.read<std::string>();
  what.client_id = fields.read<std::string>();
  what.client_mode = fields.read<std::string>();
  what.remote_ip = fields.read<std::string>();
  in.absorb(fields);
  if (!in.failed() && !device_digest(what.device_id))
    in.fail("device: its id is no digest");
  return what;
}

} // namespace

std::optional<full_digest> device_digest(std::string_view device_id) {
  full_digest out{};
  if (device_id.size() != 2 * out.size())
    return std::nullopt;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = nibble(device_id[2 * i]);
    const int low = nibble(device_id[2 * i + 1]);
    if (high < 0 || low < 0)
      return std::nullopt;
    out[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return out;
}

std::string device_key(const full_digest& device) {
  return key(table::device).raw(raw(device)).take();
}
std::string device_prefix() {
  return key(table::device).take();
}
std::string pairing_key(std::string_view request_id) {
  return key(table::pairing).text(request_id).take();
}
std::string pairing_prefix() {
  return key(table::pairing).take();
}
std::string token_key(const full_digest& device, std::string_view role) {
  return key(table::token).raw(raw(device)).text(role).take();
}
std::string token_prefix(const full_digest& device) {
  return key(table::token).raw(raw(device)).take();
}
std::string token_index_key(const full_digest& hash) {
  return key(table::token_index).raw(raw(hash)).take();
}
std::string token_secret_key() {
  return key(table::token_secret).take();
}

std::string encode(const device_row& row) {
  return record_writer{row_version}
      .add(nested(row.what))
      .add_list(row.roles)
      .add_list(row.scopes)
      .add(row.approved_via)
      .add(row.created_at)
      .add(row.approved_at)
      .add(row.last_seen_at)
      .add(row.last_seen_reason)
      .take();
}

result<device_row> decode_device(std::string_view bytes) {
  TR_TRY(auto in, record_reader::open(bytes, row_version));
  device_row row;
  row.what = read_description(in);
  row.roles = in.read_texts();
  row.scopes = in.read_texts();
  row.approved_via = in.read<std::string>();
  row.created_at = in.read<wall_ms>();
  row.approved_at = in.read<wall_ms>();
  row.last_seen_at = in.read<wall_ms>();
  row.last_seen_reason = in.read<std::string>();
  TR_TRY(in.finish("device"));
  return row;
}

std::string encode(const pairing_row& row) {
  return record_writer{row_version}
      .add(row.request_id)
      .add(nested(row.what))
      .add(row.role)
      .add_list(row.scopes)
      .add(row.reason)
      .add(row.asked_at)
      .take();
}

result<pairing_row> decode_pairing(std::string_view bytes) {
  TR_TRY(auto in, record_reader::open(bytes, row_version));
  pairing_row row;
  row.request_id = in.read<std::string>();
  row.what = read_description(in);
  row.role = in.read<std::string>();
  row.scopes = in.read_texts();
  row.reason = in.read<std::string>();
  row.asked_at = in.read<wall_ms>();
  TR_TRY(in.finish("pairing request"));
  return row;
}

std::string encode(const device_token_row& row) {
  return record_writer{row_version}
      .add(row.device_id)
      .add(row.role)
      .add_list(row.scopes)
      .add_bytes(row.nonce)
      .add_bytes(raw(row.hash))
      .add(row.created_at)
      .add(row.rotated_at)
      .add(row.last_used_at)
      .add(row.revoked_at)
      .take();
}

result<device_token_row> decode_device_token(std::string_view bytes) {
  TR_TRY(auto in, record_reader::open(bytes, row_version));
  device_token_row row;
  row.device_id = in.read<std::string>();
  row.role = in.read<std::string>();
  row.scopes = in.read_texts();
  row.nonce = in.read<std::string>();
  const auto hash = in.read<std::string_view>();
  if (hash.size() == row.hash.size())
    std::copy_n(reinterpret_cast<const unsigned char*>(hash.data()), hash.size(), row.hash.data());
  else if (!in.failed())
    in.fail("device token: its hash has the wrong size");
  row.created_at = in.read<wall_ms>();
  row.rotated_at = in.read<wall_ms>();
  row.last_used_at = in.read<wall_ms>();
  row.revoked_at = in.read<wall_ms>();
  TR_TRY(in.finish("device token"));
  return row;
}

} // namespace troupe::tables
