#ifndef TROUPE_CLUSTER_RAFT_RAFT_SHIM_H
#define TROUPE_CLUSTER_RAFT_RAFT_SHIM_H

/* The one door to libraft 0.22.1, in plain C because its header is not valid C++.
 *
 * Problem: `raft_step()` is a pure core, event in, update out, but its memory rules differ from
 * path to path, Debian's build has the asserts compiled out, and it trusts what it is fed. Idea:
 * this file owns every byte the core sees, checks each event before and the core's state after each
 * step, and stops the group at the first thing that cannot be (`RAFT_SHIM_POISONED`): a group that
 * does not answer is repaired by people, a group that answers wrongly is not.
 *
 * Invariants checked after each step: the term never falls; a vote is never changed within a term;
 * the commit index never falls and never passes the last entry; a leader only appends; new entries
 * lie behind what is committed and end the log; the persisted index stays within the log.
 *
 * Thread: one handle belongs to one thread. Times are milliseconds on any monotonic clock.
 * Source: cowsql/raft v0.22.1, include/raft.h. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct raft_shim;

enum { RAFT_SHIM_COMMAND = 1, RAFT_SHIM_BARRIER = 2, RAFT_SHIM_CHANGE = 3 };
enum { RAFT_SHIM_FOLLOWER = 1, RAFT_SHIM_CANDIDATE = 2, RAFT_SHIM_LEADER = 3 };
enum {
  RAFT_SHIM_APPEND_ENTRIES = 1,
  RAFT_SHIM_APPEND_ENTRIES_RESULT = 2,
  RAFT_SHIM_REQUEST_VOTE = 3,
  RAFT_SHIM_REQUEST_VOTE_RESULT = 4,
  RAFT_SHIM_INSTALL_SNAPSHOT = 5, /* Sent by the core, not received yet: `receive` drops it. */
  RAFT_SHIM_TIMEOUT_NOW = 6
};
enum {
  RAFT_SHIM_OK = 0,
  RAFT_SHIM_NOT_LEADER = 1, /* Nothing was appended. */
  RAFT_SHIM_REFUSED = 2,    /* The event makes no sense here; nothing changed. */
  RAFT_SHIM_POISONED = 3    /* An invariant broke: the group has stopped; see the reason. */
};

/* The most entries of one message that are accepted; also the core's in-flight limit. */
enum { RAFT_SHIM_INFLIGHT_ENTRIES_MAX = 4096 };
/* The most servers of one configuration that are accepted. */
enum { RAFT_SHIM_SERVERS_MAX = 16 };

struct raft_shim_entry {
  uint64_t term;
  uint8_t kind; /* RAFT_SHIM_COMMAND … */
  const void* data;
  size_t size;
};

struct raft_shim_server {
  uint64_t id;
  const char* address;
  bool voter;
};

/* One message, flat: a type uses the fields its comment names, the others are zero. */
struct raft_shim_message {
  uint8_t type;
  uint8_t version; /* libraft's own version of this message. */
  uint64_t peer;   /* Whom it goes to, or whom it came from. */
  uint64_t term;
  uint64_t candidate;      /* Vote request. */
  uint64_t last_log_index; /* Vote request, append result, timeout now. */
  uint64_t last_log_term;  /* Vote request, timeout now. */
  uint64_t prev_log_index; /* Append. */
  uint64_t prev_log_term;  /* Append. */
  uint64_t leader_commit;  /* Append. */
  uint64_t rejected;       /* Append result. */
  uint16_t features;       /* Results. */
  uint16_t capacity;       /* Results. */
  bool disrupt_leader;     /* Vote request. */
  bool pre_vote;           /* Vote request and result. */
  bool vote_granted;       /* Vote result. */
  /* Append. Outgoing messages carry the number alone: whoever keeps the log fills in the entries
   * from `prev_log_index + 1` on; fewer is allowed. */
  uint32_t entries_count;
  const struct raft_shim_entry* entries;
};

/* What the caller must do after a step. Pointers are valid until the next call on the handle. */
struct raft_shim_update {
  int status;
  bool vote_changed; /* `term` and `voted_for` must be saved before any message may leave. */
  uint64_t term;
  uint64_t voted_for;
  uint8_t state;
  uint64_t commit_index;
  uint64_t last_index;
  uint64_t persisted_index;
  uint64_t deadline_ms; /* When `raft_shim_timeout` is due. */
  /* Entries to be saved, replacing everything from `entries_first` on; 0: none. After a submit
   * `entries` is null: they are the caller's own. */
  uint64_t entries_first;
  uint32_t entries_count;
  const struct raft_shim_entry* entries;
  uint32_t messages_count;
  const struct raft_shim_message* messages;
};

struct raft_shim_options {
  uint64_t id;
  const char* address;
  unsigned election_timeout_ms;
  unsigned heartbeat_ms;
  unsigned seed;
};

struct raft_shim_snapshot_point {
  uint64_t index; /* 0: none. */
  uint64_t term;
  uint64_t configuration_index;
  const void* configuration;
  size_t configuration_size;
};

/* Null when memory is short. */
struct raft_shim* raft_shim_create(const struct raft_shim_options* options);
void raft_shim_destroy(struct raft_shim* shim);
/* Why the group stopped; empty while it runs. */
const char* raft_shim_reason(const struct raft_shim* shim);

/* The first event. `term` > 0; `entries` follow each other from `first_index` on and may begin
 * before the snapshot's end. Only changes need their data. */
void raft_shim_start(struct raft_shim* shim, uint64_t term, uint64_t voted_for,
                     const struct raft_shim_snapshot_point* snapshot, uint64_t first_index,
                     const struct raft_shim_entry* entries, size_t entries_count, uint64_t now_ms,
                     struct raft_shim_update* update);

/* Appends as leader; the entries' terms are ignored. A change must come alone. */
void raft_shim_submit(struct raft_shim* shim, const struct raft_shim_entry* entries,
                      uint32_t entries_count, uint64_t now_ms, struct raft_shim_update* update);

/* Everything up to `index` is synced. Not above what was handed out, and growing. */
void raft_shim_persisted(struct raft_shim* shim, uint64_t index, uint64_t now_ms,
                         struct raft_shim_update* update);

void raft_shim_timeout(struct raft_shim* shim, uint64_t now_ms, struct raft_shim_update* update);

/* Malformed messages and those a healthy peer could not have sent are refused. Of an append only
 * the entries before a change that does not come first are taken: the core would note a wrong
 * index for it; the leader sends the rest again. */
void raft_shim_receive(struct raft_shim* shim, const struct raft_shim_message* message,
                       uint64_t now_ms, struct raft_shim_update* update);

/* Hands leadership over to `server`; 0: the best follower. Submits fail until it is decided. */
void raft_shim_transfer(struct raft_shim* shim, uint64_t server, uint64_t now_ms,
                        struct raft_shim_update* update);
/* To whom leadership is being handed over; 0: nobody. */
uint64_t raft_shim_transferee(const struct raft_shim* shim);

/* The change at `index` is committed. */
void raft_shim_configuration(struct raft_shim* shim, uint64_t index, const void* data, size_t size,
                             uint64_t now_ms, struct raft_shim_update* update);

/* Everything up to `index` is in the rows on disk: the log may begin `trailing` entries before.
 * Fills `point` (valid until the next call) and the log's new first index. Refused when there is
 * nothing to gain or a configuration around `index` is not settled. */
void raft_shim_truncate(struct raft_shim* shim, uint64_t index, unsigned trailing, uint64_t now_ms,
                        struct raft_shim_snapshot_point* point, uint64_t* keep_from,
                        struct raft_shim_update* update);

/* The log entry that a new group begins with. Returns the size, or 0 when the servers are not
 * acceptable or `capacity` is too small. */
size_t raft_shim_encode_configuration(const struct raft_shim_server* servers, size_t count,
                                      void* out, size_t capacity);
/* The ids and roles in an encoded configuration; their addresses are left null. Returns the number
 * of servers, 0 when it cannot be read. */
size_t raft_shim_decode_configuration(const void* data, size_t size,
                                      struct raft_shim_server servers[RAFT_SHIM_SERVERS_MAX]);

#ifdef __cplusplus
}
#endif

#endif
