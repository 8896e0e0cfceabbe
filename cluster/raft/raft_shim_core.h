#ifndef TROUPE_CLUSTER_RAFT_RAFT_SHIM_CORE_H
#define TROUPE_CLUSTER_RAFT_RAFT_SHIM_CORE_H

/* What the parts of the shim share. The only file that sees libraft's header. */

#include "cluster/raft/raft_shim.h"

#include <raft.h>

struct raft_shim {
  struct raft raft;
  bool started;
  char reason[256];

  /* Memory that the core or the last update points into. */
  struct raft_entry* core_entries;
  size_t core_entries_capacity;
  struct raft_shim_entry* out_entries;
  size_t out_entries_capacity;
  struct raft_shim_message* out_messages;
  size_t out_messages_capacity;
  void* batch; /* Of entries that the core handed out and that are ours to free. */
  struct raft_buffer configuration;
};

/* Stops the group for good; the first reason stays. */
void shim_poison(struct raft_shim* shim, const char* format, ...)
    __attribute__((format(printf, 2, 3)));
bool shim_poisoned(const struct raft_shim* shim);

/* Every event begins here. False: `update` already says why not. */
bool shim_begin(struct raft_shim* shim, bool starting, struct raft_shim_update* update);
/* Ends an event that does not reach the core. */
void shim_refuse(struct raft_shim* shim, int status, struct raft_shim_update* update);
/* Runs one event through the core and checks what came of it. */
void shim_step(struct raft_shim* shim, struct raft_event* event, uint64_t now_ms,
               struct raft_shim_update* update);
/* `count` zeroed entries for the next event; null when memory is short. */
struct raft_entry* shim_core_entries(struct raft_shim* shim, size_t count);

bool shim_known_kind(uint8_t kind);
/* The core decodes a configuration without looking at its end: format 1, the number of servers, and
 * for each its id, its address with a final zero, and its role. */
bool shim_configuration_is_sound(const void* data, size_t size);
/* Terms do not fall along a log and do not pass the term of whoever wrote it. */
bool shim_entries_are_sound(const struct raft_shim_entry* entries, size_t count,
                            uint64_t term_before, uint64_t term_max);
/* Checks, then decodes. Not 0: nothing is to be closed. */
int shim_decode(const void* data, size_t size, struct raft_configuration* configuration);

void shim_flatten_message(const struct raft_message* from, struct raft_shim_message* to);

#endif
