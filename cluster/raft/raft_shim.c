#include "cluster/raft/raft_shim.h"

#include <inttypes.h>
#include <raft.h>
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

/* Version 2 of a vote result says whether it answers a pre-vote; older ones do not exist here. */
enum { message_version_max = 2 };

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

/* What must not have gone backwards after a step. */
struct before {
  uint64_t term;
  uint64_t voted_for;
  uint64_t commit_index;
  uint64_t last_index;
  bool leader;
};

static void poison(struct raft_shim* shim, const char* format, ...)
    __attribute__((format(printf, 2, 3)));

static void poison(struct raft_shim* shim, const char* format, ...) {
  va_list arguments;
  if (shim->reason[0] != '\0')
    return;
  va_start(arguments, format);
  vsnprintf(shim->reason, sizeof shim->reason, format, arguments);
  va_end(arguments);
}

static bool poisoned(const struct raft_shim* shim) {
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

static struct raft_entry* core_entries(struct raft_shim* shim, size_t count) {
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

/* Every step begins here. False: `update` already says why not. */
static bool begin(struct raft_shim* shim, bool starting, struct raft_shim_update* update) {
  memset(update, 0, sizeof *update);
  raft_free(shim->batch);
  shim->batch = NULL;
  if (!poisoned(shim) && shim->started == starting)
    return true;
  update->status = poisoned(shim) ? RAFT_SHIM_POISONED : RAFT_SHIM_REFUSED;
  fill_state(shim, update);
  return false;
}

static void refuse(struct raft_shim* shim, int status, struct raft_shim_update* update) {
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
    poison(shim, "the term fell from %" PRIu64 " to %" PRIu64, before->term, update->term);
  if (update->term == before->term && before->voted_for != 0 &&
      update->voted_for != before->voted_for)
    poison(shim, "the vote of term %" PRIu64 " changed from %" PRIu64 " to %" PRIu64, update->term,
           before->voted_for, update->voted_for);
  if (update->commit_index < before->commit_index)
    poison(shim, "the commit index fell from %" PRIu64 " to %" PRIu64, before->commit_index,
           update->commit_index);
  if (update->commit_index > update->last_index)
    poison(shim, "the commit index %" PRIu64 " is behind the last entry %" PRIu64,
           update->commit_index, update->last_index);
  if (update->persisted_index > update->last_index)
    poison(shim, "the persisted index %" PRIu64 " is behind the last entry %" PRIu64,
           update->persisted_index, update->last_index);
  if (before->leader && update->state == RAFT_LEADER && update->term == before->term &&
      update->last_index < before->last_index)
    poison(shim, "a leader's log shrank from %" PRIu64 " to %" PRIu64, before->last_index,
           update->last_index);
  if (update->entries_first != 0 &&
      (update->entries_first <= before->commit_index || update->entries_count == 0 ||
       update->entries_first + update->entries_count - 1 != update->last_index))
    poison(shim,
           "%" PRIu32 " new entries from %" PRIu64 " on do not fit commit %" PRIu64
           " and last %" PRIu64,
           update->entries_count, update->entries_first, before->commit_index, update->last_index);
}

static void flatten_message(const struct raft_message* from, struct raft_shim_message* to) {
  to->type = (uint8_t)from->type;
  to->peer = from->server_id;
  switch (from->type) {
  case RAFT_APPEND_ENTRIES:
    to->version = from->append_entries.version;
    to->term = from->append_entries.term;
    to->prev_log_index = from->append_entries.prev_log_index;
    to->prev_log_term = from->append_entries.prev_log_term;
    to->leader_commit = from->append_entries.leader_commit;
    to->entries_count = from->append_entries.n_entries;
    break;
  case RAFT_APPEND_ENTRIES_RESULT:
    to->version = from->append_entries_result.version;
    to->term = from->append_entries_result.term;
    to->rejected = from->append_entries_result.rejected;
    to->last_log_index = from->append_entries_result.last_log_index;
    to->features = from->append_entries_result.features;
    to->capacity = from->append_entries_result.capacity;
    break;
  case RAFT_REQUEST_VOTE:
    to->version = from->request_vote.version;
    to->term = from->request_vote.term;
    to->candidate = from->request_vote.candidate_id;
    to->last_log_index = from->request_vote.last_log_index;
    to->last_log_term = from->request_vote.last_log_term;
    to->disrupt_leader = from->request_vote.disrupt_leader;
    to->pre_vote = from->request_vote.pre_vote;
    break;
  case RAFT_REQUEST_VOTE_RESULT:
    to->version = from->request_vote_result.version;
    to->term = from->request_vote_result.term;
    to->vote_granted = from->request_vote_result.vote_granted;
    to->pre_vote = from->request_vote_result.pre_vote;
    to->features = from->request_vote_result.features;
    to->capacity = from->request_vote_result.capacity;
    break;
  case RAFT_TIMEOUT_NOW:
    to->version = from->timeout_now.version;
    to->term = from->timeout_now.term;
    to->last_log_index = from->timeout_now.last_log_index;
    to->last_log_term = from->timeout_now.last_log_term;
    break;
  case RAFT_INSTALL_SNAPSHOT:
    to->term = from->install_snapshot.term;
    break;
  }
}

static void hand_out_messages(struct raft_shim* shim, const struct raft_update* core,
                              struct raft_shim_update* update) {
  void* array = shim->out_messages;
  unsigned i;
  if (core->messages.n == 0)
    return;
  if (!reserve(&array, &shim->out_messages_capacity, core->messages.n,
               sizeof *shim->out_messages)) {
    poison(shim, "out of memory for %u messages", core->messages.n);
    return;
  }
  shim->out_messages = array;
  for (i = 0; i < core->messages.n; ++i)
    flatten_message(&core->messages.batch[i], &shim->out_messages[i]);
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
    poison(shim, "out of memory for %u entries", core->entries.n);
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

/* Runs one event through the core and checks what came of it. */
static void step(struct raft_shim* shim, struct raft_event* event, uint64_t now_ms,
                 struct raft_shim_update* update) {
  const struct before before = remember(shim);
  const bool submitted = event->type == RAFT_SUBMIT;
  struct raft_update core;
  int failure;

  memset(&core, 0, sizeof core);
  event->time = now_ms;
  failure = raft_step(&shim->raft, event, &core);
  if (failure == RAFT_NOTLEADER && (submitted || event->type == RAFT_TRANSFER)) {
    refuse(shim, RAFT_SHIM_NOT_LEADER, update);
    return;
  }
  if (failure == RAFT_BADID || failure == RAFT_NOTFOUND || failure == RAFT_CANTCHANGE) {
    refuse(shim, RAFT_SHIM_REFUSED, update);
    return;
  }
  fill_state(shim, update);
  if (failure != 0) {
    poison(shim, "event %d failed: %s (%s)", (int)event->type, raft_strerror(failure),
           raft_errmsg(&shim->raft));
  } else {
    update->vote_changed = (core.flags & flag_vote) != 0;
    if ((core.flags & flag_entries) != 0)
      hand_out_entries(shim, &core, submitted, update);
    hand_out_messages(shim, &core, update);
    if ((core.flags & flag_snapshot) != 0)
      poison(shim, "the core wants to install a snapshot that was never received");
    check_invariants(shim, &before, update);
  }
  if (poisoned(shim))
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

static bool known_kind(uint8_t kind) {
  return kind >= RAFT_COMMAND && kind <= RAFT_CHANGE;
}

/* The core decodes a configuration without looking at its end: format 1, the number of servers, and
 * for each its id, its address with a final zero, and its role. */
static bool configuration_is_sound(const void* data, size_t size) {
  const unsigned char* bytes = data;
  size_t at = 9;
  uint64_t count = 0;
  uint64_t i;
  if (data == NULL || size < at || bytes[0] != 1)
    return false;
  for (i = 0; i < 8; ++i)
    count |= (uint64_t)bytes[1 + i] << (8 * i);
  if (count == 0 || count > RAFT_SHIM_SERVERS_MAX)
    return false;
  for (i = 0; i < count; ++i) {
    const unsigned char* end;
    if (size - at < 8)
      return false;
    at += 8;
    end = memchr(bytes + at, 0, size - at);
    if (end == NULL || (size_t)(end - bytes) + 1 >= size || end[1] > RAFT_SPARE)
      return false;
    at = (size_t)(end - bytes) + 2;
  }
  return true;
}

/* Terms do not fall along a log and do not pass the term of whoever wrote it. */
static bool entries_are_sound(const struct raft_shim_entry* entries, size_t count,
                              uint64_t term_before, uint64_t term_max) {
  uint64_t term = term_before;
  size_t i;
  for (i = 0; i < count; ++i) {
    if (!known_kind(entries[i].kind) || entries[i].term == 0 || entries[i].term < term ||
        entries[i].term > term_max)
      return false;
    if (entries[i].kind == RAFT_CHANGE && !configuration_is_sound(entries[i].data, entries[i].size))
      return false;
    term = entries[i].term;
  }
  return true;
}

static const char* unsound_start(uint64_t term, const struct raft_shim_snapshot_point* snapshot,
                                 uint64_t first_index, const struct raft_shim_entry* entries,
                                 size_t count) {
  if (term == 0 || first_index == 0 || count > UINT32_MAX)
    return "no term or no first index";
  if (!entries_are_sound(entries, count, 0, term))
    return "the terms or kinds of the log's entries are not those of a log";
  if (snapshot->index == 0)
    return first_index == 1 && count > 0 && entries[0].kind == RAFT_CHANGE
               ? NULL
               : "the log does not begin with the first configuration";
  if (snapshot->term == 0 || snapshot->term > term || snapshot->configuration_size == 0)
    return "the snapshot point is not complete";
  if (first_index > snapshot->index + 1 || first_index + count < snapshot->index + 1)
    return "there is a gap between the snapshot point and the log";
  if (first_index <= snapshot->index &&
      entries[snapshot->index - first_index].term != snapshot->term)
    return "the log contradicts the snapshot point";
  return NULL;
}

static void free_changes(struct raft_entry* entries, size_t count) {
  size_t i;
  for (i = 0; i < count; ++i)
    raft_free(entries[i].batch);
  raft_free(entries);
}

/* The log as the core wants it; only changes carry bytes. Null when memory is short. */
static struct raft_entry* copy_log(const struct raft_shim_entry* entries, size_t count) {
  struct raft_entry* copy = raft_calloc(count > 0 ? count : 1, sizeof *copy);
  size_t i;
  for (i = 0; copy != NULL && i < count; ++i) {
    copy[i].term = entries[i].term;
    copy[i].type = (enum raft_entry_type)entries[i].kind;
    if (entries[i].kind != RAFT_CHANGE || entries[i].size == 0)
      continue;
    copy[i].batch = raft_malloc(entries[i].size);
    if (copy[i].batch == NULL) {
      free_changes(copy, i);
      return NULL;
    }
    memcpy(copy[i].batch, entries[i].data, entries[i].size);
    copy[i].buf.base = copy[i].batch;
    copy[i].buf.len = entries[i].size;
  }
  return copy;
}

/* Decoding does not write, whatever the core's signature says. */
static int decode(const void* data, size_t size, struct raft_configuration* configuration) {
  struct raft_buffer buffer = {.base = (void*)(uintptr_t)data, .len = size};
  raft_configuration_init(configuration);
  if (!configuration_is_sound(data, size))
    return RAFT_MALFORMED;
  return raft_configuration_decode(&buffer, configuration);
}

void raft_shim_start(struct raft_shim* shim, uint64_t term, uint64_t voted_for,
                     const struct raft_shim_snapshot_point* snapshot, uint64_t first_index,
                     const struct raft_shim_entry* entries, size_t entries_count, uint64_t now_ms,
                     struct raft_shim_update* update) {
  struct raft_snapshot_metadata metadata;
  struct raft_event event;
  const char* unsound;
  struct raft_entry* log;

  if (!begin(shim, false, update))
    return;
  shim->started = true;
  unsound = unsound_start(term, snapshot, first_index, entries, entries_count);
  memset(&metadata, 0, sizeof metadata);
  if (unsound == NULL && snapshot->index != 0 &&
      decode(snapshot->configuration, snapshot->configuration_size, &metadata.configuration) != 0)
    unsound = "the snapshot point's configuration cannot be read";
  log = unsound == NULL ? copy_log(entries, entries_count) : NULL;
  if (log == NULL) {
    raft_configuration_close(&metadata.configuration);
    poison(shim, "%s", unsound != NULL ? unsound : "out of memory for the log");
    refuse(shim, RAFT_SHIM_POISONED, update);
    return;
  }
  metadata.index = snapshot->index;
  metadata.term = snapshot->term;
  metadata.configuration_index = snapshot->configuration_index;
  memset(&event, 0, sizeof event);
  event.type = RAFT_START;
  event.start.term = term;
  event.start.voted_for = voted_for;
  event.start.metadata = snapshot->index != 0 ? &metadata : NULL;
  event.start.start_index = first_index;
  event.start.entries = log;
  event.start.n_entries = (unsigned)entries_count;
  step(shim, &event, now_ms, update);
  /* A failed start frees the log itself on some paths; leaking it once is the safe side. */
  if (update->status == RAFT_SHIM_OK)
    free_changes(log, entries_count);
}

void raft_shim_submit(struct raft_shim* shim, const struct raft_shim_entry* entries,
                      uint32_t entries_count, uint64_t now_ms, struct raft_shim_update* update) {
  /* The core asks for a batch to free later; these bytes stay the caller's. */
  static char not_owned;
  struct raft_entry* core;
  struct raft_event event;
  uint32_t i;

  if (!begin(shim, true, update))
    return;
  for (i = 0; i < entries_count; ++i)
    if (!known_kind(entries[i].kind) ||
        (entries[i].kind == RAFT_CHANGE &&
         (entries_count > 1 || !configuration_is_sound(entries[i].data, entries[i].size))))
      break;
  if (entries_count == 0 || i < entries_count) {
    refuse(shim, RAFT_SHIM_REFUSED, update);
    return;
  }
  core = core_entries(shim, entries_count);
  if (core == NULL) {
    refuse(shim, RAFT_SHIM_NOT_LEADER, update);
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
  step(shim, &event, now_ms, update);
}

void raft_shim_persisted(struct raft_shim* shim, uint64_t index, uint64_t now_ms,
                         struct raft_shim_update* update) {
  struct raft_event event;
  if (!begin(shim, true, update))
    return;
  if (index <= shim->raft.last_stored || index > raft_last_index(&shim->raft) ||
      raft_state(&shim->raft) == RAFT_CANDIDATE) {
    poison(shim, "persisted %" PRIu64 " does not fit persisted %llu and last %llu", index,
           shim->raft.last_stored, raft_last_index(&shim->raft));
    refuse(shim, RAFT_SHIM_POISONED, update);
    return;
  }
  memset(&event, 0, sizeof event);
  event.type = RAFT_PERSISTED_ENTRIES;
  event.persisted_entries.index = index;
  step(shim, &event, now_ms, update);
}

void raft_shim_timeout(struct raft_shim* shim, uint64_t now_ms, struct raft_shim_update* update) {
  struct raft_event event;
  if (!begin(shim, true, update))
    return;
  memset(&event, 0, sizeof event);
  event.type = RAFT_TIMEOUT;
  step(shim, &event, now_ms, update);
}

/* Whether the core may see this message; false also for what it handles badly. */
static bool acceptable(struct raft_shim* shim, const struct raft_shim_message* message) {
  if (message->peer == 0 || message->peer == shim->raft.id || message->term == 0 ||
      message->version > message_version_max)
    return false;
  switch (message->type) {
  case RAFT_APPEND_ENTRIES:
    return message->entries_count <= RAFT_SHIM_INFLIGHT_ENTRIES_MAX &&
           (message->entries_count == 0 || message->entries != NULL) &&
           (message->prev_log_index == 0) == (message->prev_log_term == 0) &&
           message->prev_log_index < UINT64_MAX - message->entries_count &&
           message->prev_log_term <= message->term &&
           entries_are_sound(message->entries, message->entries_count, message->prev_log_term,
                             message->term);
  case RAFT_APPEND_ENTRIES_RESULT:
    return message->version > 0;
  case RAFT_REQUEST_VOTE:
    return message->version > 1 && message->candidate == message->peer;
  case RAFT_REQUEST_VOTE_RESULT:
    /* The core reads its candidate state before it looks whether it is one. */
    return message->version > 1 && raft_state(&shim->raft) == RAFT_CANDIDATE;
  case RAFT_TIMEOUT_NOW:
    return true;
  default:
    return false;
  }
}

/* Copies the message's entries into one batch, up to a change that does not come first. */
static bool copy_entries(struct raft_shim* shim, const struct raft_shim_message* message,
                         struct raft_append_entries* append) {
  struct raft_entry* core;
  unsigned char* batch;
  size_t size = 0;
  uint32_t count = 0;
  uint32_t i;
  while (count < message->entries_count &&
         (count == 0 || message->entries[count].kind != RAFT_CHANGE)) {
    size += (message->entries[count].size + 7u) & ~(size_t)7u;
    ++count;
  }
  append->n_entries = count;
  if (count == 0)
    return true;
  core = core_entries(shim, count);
  batch = raft_malloc(size > 0 ? size : 1);
  if (core == NULL || batch == NULL) {
    raft_free(batch);
    return false;
  }
  append->entries = core;
  size = 0;
  for (i = 0; i < count; ++i) {
    const struct raft_shim_entry* entry = &message->entries[i];
    core[i].term = entry->term;
    core[i].type = (enum raft_entry_type)entry->kind;
    core[i].buf.base = batch + size;
    core[i].buf.len = entry->size;
    core[i].batch = batch;
    if (entry->size > 0)
      memcpy(batch + size, entry->data, entry->size);
    size += (entry->size + 7u) & ~(size_t)7u;
  }
  return true;
}

static void unflatten_message(const struct raft_shim_message* from, struct raft_message* to) {
  to->type = (enum raft_message_type)from->type;
  to->server_id = from->peer;
  switch (from->type) {
  case RAFT_APPEND_ENTRIES:
    to->append_entries.version = from->version;
    to->append_entries.term = from->term;
    to->append_entries.prev_log_index = from->prev_log_index;
    to->append_entries.prev_log_term = from->prev_log_term;
    to->append_entries.leader_commit = from->leader_commit;
    break;
  case RAFT_APPEND_ENTRIES_RESULT:
    to->append_entries_result.version = from->version;
    to->append_entries_result.term = from->term;
    to->append_entries_result.rejected = from->rejected;
    to->append_entries_result.last_log_index = from->last_log_index;
    to->append_entries_result.features = from->features;
    to->append_entries_result.capacity = from->capacity;
    break;
  case RAFT_REQUEST_VOTE:
    to->request_vote.version = from->version;
    to->request_vote.term = from->term;
    to->request_vote.candidate_id = from->candidate;
    to->request_vote.last_log_index = from->last_log_index;
    to->request_vote.last_log_term = from->last_log_term;
    to->request_vote.disrupt_leader = from->disrupt_leader;
    to->request_vote.pre_vote = from->pre_vote;
    break;
  case RAFT_REQUEST_VOTE_RESULT:
    to->request_vote_result.version = from->version;
    to->request_vote_result.term = from->term;
    to->request_vote_result.vote_granted = from->vote_granted;
    to->request_vote_result.pre_vote = from->pre_vote;
    to->request_vote_result.features = from->features;
    to->request_vote_result.capacity = from->capacity;
    break;
  default:
    to->timeout_now.version = from->version;
    to->timeout_now.term = from->term;
    to->timeout_now.last_log_index = from->last_log_index;
    to->timeout_now.last_log_term = from->last_log_term;
    break;
  }
}

void raft_shim_receive(struct raft_shim* shim, const struct raft_shim_message* message,
                       uint64_t now_ms, struct raft_shim_update* update) {
  struct raft_message core;
  struct raft_event event;
  char address[24];

  if (!begin(shim, true, update))
    return;
  if (!acceptable(shim, message)) {
    refuse(shim, RAFT_SHIM_REFUSED, update);
    return;
  }
  if (message->type == RAFT_APPEND_ENTRIES && raft_state(&shim->raft) == RAFT_LEADER &&
      message->term == raft_current_term(&shim->raft)) {
    poison(shim, "server %" PRIu64 " leads in our own term %" PRIu64, message->peer, message->term);
    refuse(shim, RAFT_SHIM_POISONED, update);
    return;
  }
  memset(&core, 0, sizeof core);
  unflatten_message(message, &core);
  /* The core copies the address and compares it, nothing else. */
  snprintf(address, sizeof address, "%" PRIu64, message->peer);
  core.server_address = address;
  if (message->type == RAFT_APPEND_ENTRIES && !copy_entries(shim, message, &core.append_entries)) {
    refuse(shim, RAFT_SHIM_REFUSED, update);
    return;
  }
  memset(&event, 0, sizeof event);
  event.type = RAFT_RECEIVE;
  event.receive.message = &core;
  step(shim, &event, now_ms, update);
}

void raft_shim_transfer(struct raft_shim* shim, uint64_t server, uint64_t now_ms,
                        struct raft_shim_update* update) {
  struct raft_event event;
  if (!begin(shim, true, update))
    return;
  memset(&event, 0, sizeof event);
  event.type = RAFT_TRANSFER;
  event.transfer.server_id = server;
  step(shim, &event, now_ms, update);
}

uint64_t raft_shim_transferee(const struct raft_shim* shim) {
  return raft_transferee(&shim->raft);
}

void raft_shim_configuration(struct raft_shim* shim, uint64_t index, const void* data, size_t size,
                             uint64_t now_ms, struct raft_shim_update* update) {
  struct raft_event event;
  if (!begin(shim, true, update))
    return;
  memset(&event, 0, sizeof event);
  event.type = RAFT_CONFIGURATION;
  event.configuration.index = index;
  if (index == 0 || index > raft_commit_index(&shim->raft) ||
      decode(data, size, &event.configuration.conf) != 0) {
    poison(shim, "the configuration at %" PRIu64 " is not committed or cannot be read", index);
    refuse(shim, RAFT_SHIM_POISONED, update);
    return;
  }
  step(shim, &event, now_ms, update);
}

/* Whether the committed configuration is the one that held at `index`. */
static bool configuration_is_settled(const struct raft* raft, uint64_t index) {
  return raft->configuration_committed_index != 0 && raft->configuration_committed_index <= index &&
         (raft->configuration_uncommitted_index == 0 ||
          raft->configuration_uncommitted_index > index);
}

void raft_shim_truncate(struct raft_shim* shim, uint64_t index, unsigned trailing, uint64_t now_ms,
                        struct raft_shim_snapshot_point* point, uint64_t* keep_from,
                        struct raft_shim_update* update) {
  struct raft* raft = &shim->raft;
  struct raft_event event;

  memset(point, 0, sizeof *point);
  if (!begin(shim, true, update))
    return;
  if (index <= raft->trail.snapshot.index || index > raft_commit_index(raft) ||
      index > raft->last_stored || !configuration_is_settled(raft, index)) {
    refuse(shim, RAFT_SHIM_REFUSED, update);
    return;
  }
  raft_free(shim->configuration.base);
  memset(&shim->configuration, 0, sizeof shim->configuration);
  memset(&event, 0, sizeof event);
  event.type = RAFT_SNAPSHOT;
  if (raft_configuration_encode(&raft->configuration_committed, &shim->configuration) != 0 ||
      decode(shim->configuration.base, shim->configuration.len,
             &event.snapshot.metadata.configuration) != 0) {
    refuse(shim, RAFT_SHIM_REFUSED, update);
    return;
  }
  point->configuration_index = raft->configuration_committed_index;
  event.snapshot.metadata.index = index;
  event.snapshot.metadata.configuration_index = point->configuration_index;
  event.snapshot.trailing = trailing;
  step(shim, &event, now_ms, update);
  point->index = index;
  point->term = raft->trail.snapshot.term;
  point->configuration = shim->configuration.base;
  point->configuration_size = shim->configuration.len;
  *keep_from = raft->trail.offset + 1;
  if (point->term == 0) {
    poison(shim, "the log has no entry at its new beginning %" PRIu64, index);
    update->status = RAFT_SHIM_POISONED;
  }
}

size_t raft_shim_encode_configuration(const struct raft_shim_server* servers, size_t count,
                                      void* out, size_t capacity) {
  struct raft_configuration configuration;
  struct raft_buffer buffer = {0};
  size_t size = 0;
  size_t i;
  if (count == 0 || count > RAFT_SHIM_SERVERS_MAX)
    return 0;
  raft_configuration_init(&configuration);
  for (i = 0; i < count; ++i)
    if (servers[i].id == 0 ||
        raft_configuration_add(&configuration, servers[i].id, servers[i].address,
                               servers[i].voter ? RAFT_VOTER : RAFT_SPARE))
      break;
  if (i == count && raft_configuration_encode(&configuration, &buffer) == 0) {
    if (buffer.len <= capacity) {
      memcpy(out, buffer.base, buffer.len);
      size = buffer.len;
    }
    raft_free(buffer.base);
  }
  raft_configuration_close(&configuration);
  return size;
}

size_t raft_shim_decode_configuration(const void* data, size_t size,
                                      struct raft_shim_server servers[RAFT_SHIM_SERVERS_MAX]) {
  struct raft_configuration configuration;
  size_t count = 0;
  size_t i;
  if (data == NULL || size == 0 || decode(data, size, &configuration) != 0)
    return 0;
  if (configuration.n <= RAFT_SHIM_SERVERS_MAX) {
    count = configuration.n;
    for (i = 0; i < count; ++i) {
      servers[i].id = configuration.servers[i].id;
      servers[i].address = NULL;
      servers[i].voter = configuration.servers[i].role == RAFT_VOTER;
    }
  }
  raft_configuration_close(&configuration);
  return count;
}
