#include "cluster/raft/raft_shim_core.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From here on the core's flags have the parentheses that its header leaves out. */
enum {
  flag_vote = (RAFT_UPDATE_CURRENT_TERM) | (RAFT_UPDATE_VOTED_FOR),
  flag_entries = RAFT_UPDATE_ENTRIES,
  flag_snapshot = RAFT_UPDATE_SNAPSHOT
};

/* What must not have gone backwards after a step. */
struct before {
  uint64_t term;
  uint64_t voted_for;
  uint64_t commit_index;
  uint64_t last_index;
  bool leader;
};

void shim_poison(struct raft_shim* shim, const char* format, ...) {
  va_list arguments;
  if (shim->reason[0] != '\0')
    return;
  va_start(arguments, format);
  vsnprintf(shim->reason, sizeof shim->reason, format, arguments);
  va_end(arguments);
}

bool shim_poisoned(const struct raft_shim* shim) {
  return shim->reason[0] != '\0';
}

/* Grows `*array` to `wanted` items and zeroes all of them. */
static bool reserve(void** array, size_t* capacity, size_t wanted, size_t item) {
  if (wanted > *capacity) {
    void* grown = realloc(*array, wanted * item);
    if (grown == NULL)
      return false;
    *array = grown;
    *capacity = wanted;
  }
  if (wanted > 0)
    memset(*array, 0, wanted * item);
  return true;
}

struct raft_entry* shim_core_entries(struct raft_shim* shim, size_t count) {
  void* array = shim->core_entries;
  if (!reserve(&array, &shim->core_entries_capacity, count, sizeof *shim->core_entries))
    return NULL;
  shim->core_entries = array;
  return shim->core_entries;
}

static void fill_state(struct raft_shim* shim, struct raft_shim_update* update) {
  struct raft* raft = &shim->raft;
  update->term = raft_current_term(raft);
  update->voted_for = raft_voted_for(raft);
  update->state = (uint8_t)raft_state(raft);
  update->commit_index = raft_commit_index(raft);
  update->last_index = raft_last_index(raft);
  update->persisted_index = raft->last_stored;
  update->deadline_ms = raft_timeout(raft);
}

bool shim_begin(struct raft_shim* shim, bool starting, struct raft_shim_update* update) {
  memset(update, 0, sizeof *update);
  raft_free(shim->batch);
  shim->batch = NULL;
  if (!shim_poisoned(shim) && shim->started == starting)
    return true;
  update->status = shim_poisoned(shim) ? RAFT_SHIM_POISONED : RAFT_SHIM_REFUSED;
  fill_state(shim, update);
  return false;
}

void shim_refuse(struct raft_shim* shim, int status, struct raft_shim_update* update) {
  update->status = status;
  fill_state(shim, update);
}

static struct before remember(struct raft_shim* shim) {
  struct before before = {0};
  before.term = raft_current_term(&shim->raft);
  before.voted_for = raft_voted_for(&shim->raft);
  before.commit_index = raft_commit_index(&shim->raft);
  before.last_index = raft_last_index(&shim->raft);
  before.leader = raft_state(&shim->raft) == RAFT_LEADER;
  return before;
}

static void check_invariants(struct raft_shim* shim, const struct before* before,
                             const struct raft_shim_update* update) {
  if (update->term < before->term)
    shim_poison(shim, "the term fell from %" PRIu64 " to %" PRIu64, before->term, update->term);
  if (update->term == before->term && before->voted_for != 0 &&
      update->voted_for != before->voted_for)
    shim_poison(shim, "the vote of term %" PRIu64 " changed from %" PRIu64 " to %" PRIu64,
                update->term, before->voted_for, update->voted_for);
  if (update->commit_index < before->commit_index)
    shim_poison(shim, "the commit index fell from %" PRIu64 " to %" PRIu64, before->commit_index,
                update->commit_index);
  if (update->commit_index > update->last_index)
    shim_poison(shim, "the commit index %" PRIu64 " is behind the last entry %" PRIu64,
                update->commit_index, update->last_index);
  if (update->persisted_index > update->last_index)
    shim_poison(shim, "the persisted index %" PRIu64 " is behind the last entry %" PRIu64,
                update->persisted_index, update->last_index);
  if (before->leader && update->state == RAFT_LEADER && update->term == before->term &&
      update->last_index < before->last_index)
    shim_poison(shim, "a leader's log shrank from %" PRIu64 " to %" PRIu64, before->last_index,
                update->last_index);
  if (update->entries_first != 0 &&
      (update->entries_first <= before->commit_index || update->entries_count == 0 ||
       update->entries_first + update->entries_count - 1 != update->last_index))
    shim_poison(shim,
                "%" PRIu32 " new entries from %" PRIu64 " on do not fit commit %" PRIu64
                " and last %" PRIu64,
                update->entries_count, update->entries_first, before->commit_index,
                update->last_index);
}

static void hand_out_messages(struct raft_shim* shim, const struct raft_update* core,
                              struct raft_shim_update* update) {
  void* array = shim->out_messages;
  unsigned i;
  if (core->messages.n == 0)
    return;
  if (!reserve(&array, &shim->out_messages_capacity, core->messages.n,
               sizeof *shim->out_messages)) {
    shim_poison(shim, "out of memory for %u messages", core->messages.n);
    return;
  }
  shim->out_messages = array;
  for (i = 0; i < core->messages.n; ++i)
    shim_flatten_message(&core->messages.batch[i], &shim->out_messages[i]);
  update->messages = shim->out_messages;
  update->messages_count = core->messages.n;
}

/* Takes over the batch of entries that came from a message or from the core itself. */
static void hand_out_entries(struct raft_shim* shim, const struct raft_update* core, bool submitted,
                             struct raft_shim_update* update) {
  void* array = shim->out_entries;
  unsigned i;
  update->entries_first = core->entries.index;
  update->entries_count = core->entries.n;
  if (submitted || core->entries.n == 0)
    return;
  shim->batch = core->entries.batch[0].batch;
  if (!reserve(&array, &shim->out_entries_capacity, core->entries.n, sizeof *shim->out_entries)) {
    shim_poison(shim, "out of memory for %u entries", core->entries.n);
    return;
  }
  shim->out_entries = array;
  for (i = 0; i < core->entries.n; ++i) {
    const struct raft_entry* entry = &core->entries.batch[i];
    shim->out_entries[i].term = entry->term;
    shim->out_entries[i].kind = (uint8_t)entry->type;
    shim->out_entries[i].data = entry->buf.base;
    shim->out_entries[i].size = entry->buf.len;
  }
  update->entries = shim->out_entries;
}

void shim_step(struct raft_shim* shim, struct raft_event* event, uint64_t now_ms,
               struct raft_shim_update* update) {
  const struct before before = remember(shim);
  const bool submitted = event->type == RAFT_SUBMIT;
  struct raft_update core;
  int failure;

  memset(&core, 0, sizeof core);
  event->time = now_ms;
  failure = raft_step(&shim->raft, event, &core);
  if (failure == RAFT_NOTLEADER && (submitted || event->type == RAFT_TRANSFER)) {
    shim_refuse(shim, RAFT_SHIM_NOT_LEADER, update);
    return;
  }
  if (failure == RAFT_BADID || failure == RAFT_NOTFOUND || failure == RAFT_CANTCHANGE) {
    shim_refuse(shim, RAFT_SHIM_REFUSED, update);
    return;
  }
  fill_state(shim, update);
  if (failure != 0) {
    shim_poison(shim, "event %d failed: %s (%s)", (int)event->type, raft_strerror(failure),
                raft_errmsg(&shim->raft));
  } else {
    update->vote_changed = (core.flags & flag_vote) != 0;
    if ((core.flags & flag_entries) != 0)
      hand_out_entries(shim, &core, submitted, update);
    hand_out_messages(shim, &core, update);
    if ((core.flags & flag_snapshot) != 0)
      shim_poison(shim, "the core wants to install a snapshot that was never received");
    check_invariants(shim, &before, update);
  }
  if (shim_poisoned(shim))
    update->status = RAFT_SHIM_POISONED;
}

struct raft_shim* raft_shim_create(const struct raft_shim_options* options) {
  struct raft_shim* shim = calloc(1, sizeof *shim);
  if (shim == NULL)
    return NULL;
  if (raft_init(&shim->raft, NULL, NULL, options->id, options->address) != 0) {
    free(shim);
    return NULL;
  }
  /* The default tracer formats into static buffers. */
  shim->raft.tracer = NULL;
  raft_seed(&shim->raft, options->seed);
  raft_set_election_timeout(&shim->raft, options->election_timeout_ms);
  raft_set_heartbeat_timeout(&shim->raft, options->heartbeat_ms);
  raft_set_pre_vote(&shim->raft, true);
  raft_set_max_inflight_entries(&shim->raft, RAFT_SHIM_INFLIGHT_ENTRIES_MAX);
  return shim;
}

void raft_shim_destroy(struct raft_shim* shim) {
  if (shim == NULL)
    return;
  raft_close(&shim->raft, NULL);
  raft_free(shim->batch);
  raft_free(shim->configuration.base);
  free(shim->core_entries);
  free(shim->out_entries);
  free(shim->out_messages);
  free(shim);
}

const char* raft_shim_reason(const struct raft_shim* shim) {
  return shim->reason;
}

void raft_shim_submit(struct raft_shim* shim, const struct raft_shim_entry* entries,
                      uint32_t entries_count, uint64_t now_ms, struct raft_shim_update* update) {
  /* The core asks for a batch to free later; these bytes stay the caller's. */
  static char not_owned;
  struct raft_entry* core;
  struct raft_event event;
  uint32_t i;

  if (!shim_begin(shim, true, update))
    return;
  for (i = 0; i < entries_count; ++i)
    if (!shim_known_kind(entries[i].kind) ||
        (entries[i].kind == RAFT_CHANGE &&
         (entries_count > 1 || !shim_configuration_is_sound(entries[i].data, entries[i].size))))
      break;
  if (entries_count == 0 || i < entries_count) {
    shim_refuse(shim, RAFT_SHIM_REFUSED, update);
    return;
  }
  core = shim_core_entries(shim, entries_count);
  if (core == NULL) {
    shim_refuse(shim, RAFT_SHIM_NOT_LEADER, update);
    return;
  }
  for (i = 0; i < entries_count; ++i) {
    core[i].term = raft_current_term(&shim->raft);
    core[i].type = (enum raft_entry_type)entries[i].kind;
    core[i].buf.base = (void*)(uintptr_t)entries[i].data;
    core[i].buf.len = entries[i].size;
    core[i].batch = &not_owned;
  }
  memset(&event, 0, sizeof event);
  event.type = RAFT_SUBMIT;
  event.submit.entries = core;
  event.submit.n = entries_count;
  shim_step(shim, &event, now_ms, update);
}

void raft_shim_persisted(struct raft_shim* shim, uint64_t index, uint64_t now_ms,
                         struct raft_shim_update* update) {
  struct raft_event event;
  if (!shim_begin(shim, true, update))
    return;
  if (index <= shim->raft.last_stored || index > raft_last_index(&shim->raft) ||
      raft_state(&shim->raft) == RAFT_CANDIDATE) {
    shim_poison(shim, "persisted %" PRIu64 " does not fit persisted %llu and last %llu", index,
                shim->raft.last_stored, raft_last_index(&shim->raft));
    shim_refuse(shim, RAFT_SHIM_POISONED, update);
    return;
  }
  memset(&event, 0, sizeof event);
  event.type = RAFT_PERSISTED_ENTRIES;
  event.persisted_entries.index = index;
  shim_step(shim, &event, now_ms, update);
}

void raft_shim_timeout(struct raft_shim* shim, uint64_t now_ms, struct raft_shim_update* update) {
  struct raft_event event;
  if (!shim_begin(shim, true, update))
    return;
  memset(&event, 0, sizeof event);
  event.type = RAFT_TIMEOUT;
  shim_step(shim, &event, now_ms, update);
}

void raft_shim_transfer(struct raft_shim* shim, uint64_t server, uint64_t now_ms,
                        struct raft_shim_update* update) {
  struct raft_event event;
  if (!shim_begin(shim, true, update))
    return;
  memset(&event, 0, sizeof event);
  event.type = RAFT_TRANSFER;
  event.transfer.server_id = server;
  shim_step(shim, &event, now_ms, update);
}

uint64_t raft_shim_transferee(const struct raft_shim* shim) {
  return raft_transferee(&shim->raft);
}
