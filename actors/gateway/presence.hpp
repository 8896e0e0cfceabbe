#pragma once

#include "actors/gateway/json_writer.hpp"
#include "base/clock.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Who is there: the presence list of protocol.md section 2 (PresenceEntry). Not durable: it tells
/// what this replica sees, and is empty after a restart.
namespace troupe::gateway {

/// Entries of the list, besides the gateway's own; beyond it the stalest gives way.
inline constexpr std::size_t presence_entries_max = 200;
/// How long one that left, or a note, is still shown.
inline constexpr wall_ms presence_memory_ms = 300'000;
/// Longest value of an entry's field that came from outside.
inline constexpr std::size_t presence_field_bytes_max = 256;
inline constexpr std::size_t presence_text_bytes_max = 1'024;

/// What somebody is known by. Empty fields are left out of the list.
struct presence_facts {
  std::string host;
  std::string version;
  std::string platform;
  std::string device_family;
  std::string model_identifier;
  std::string time_zone;
  std::string mode;
  std::string reason; ///< "connect", "disconnect", or what a note says.
  std::string text;
  std::string device_id;
  std::string instance_id;
  std::string ip;
  std::vector<std::string> roles;
  std::vector<std::string> scopes;
  std::vector<std::string> tags;
  std::optional<std::int64_t> last_input_seconds;
};

/// What a client says of itself makes one entry, however many connections it has: the last one that
/// leaves turns it into "disconnect".
///
/// Pure. Thread: one owner, or a lock of the owner's.
class presence_list {
public:
  /// `key` names the client across its connections: its device, instance or connection.
  void connected(const std::string& key, presence_facts who, wall_ms now);
  void disconnected(const std::string& key, wall_ms now);
  /// `system-event`: adds to what is known of `key`, or makes an entry.
  void noted(const std::string& key, presence_facts what, wall_ms now);

  /// The list without the gateway's own entry, the newest first, as elements of an open array.
  void write(json_writer& out, wall_ms now);

  /// Grows with every change.
  std::uint64_t version() const { return version_; }
  std::size_t size() const { return entries_.size(); }

private:
  struct entry {
    presence_facts facts;
    wall_ms at = 0;
    wall_ms online_since = 0; ///< 0: never connected.
    unsigned connections = 0;
    std::uint64_t changed = 0; ///< Order of the last change.
  };
  entry& touch(const std::string& key, wall_ms now);
  void forget_old(wall_ms now);
  void make_room();

  std::map<std::string, entry, std::less<>> entries_;
  std::uint64_t version_ = 1;
};

/// The key of a client that is known by its device, else by the instance that it says it is; empty:
/// by neither. What a client may choose itself never looks like a device.
std::string presence_key(std::string_view device_id, std::string_view instance_id);

/// Clients that come for one question are not listed (protocol.md section 2, hello-ok).
bool is_listed(std::string_view client_mode);

} // namespace troupe::gateway
