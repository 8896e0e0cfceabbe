#include "cluster/raft/raft_shim_core.h"

#include <inttypes.h>
#include <string.h>

bool shim_known_kind(uint8_t kind) {
  return kind >= RAFT_COMMAND && kind <= RAFT_CHANGE;
}

bool shim_configuration_is_sound(const void* data, size_t size) {
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

bool shim_entries_are_sound(const struct raft_shim_entry* entries, size_t count,
                            uint64_t term_before, uint64_t term_max) {
  uint64_t term = term_before;
  size_t i;
  for (i = 0; i < count; ++i) {
    if (!shim_known_kind(entries[i].kind) || entries[i].term == 0 || entries[i].term < term ||
        entries[i].term > term_max)
      return false;
    if (entries[i].kind == RAFT_CHANGE &&
        !shim_configuration_is_sound(entries[i].data, entries[i].size))
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
  if (!shim_entries_are_sound(entries, count, 0, term))
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
int shim_decode(const void* data, size_t size, struct raft_configuration* configuration) {
  struct raft_buffer buffer = {.base = (void*)(uintptr_t)data, .len = size};
  raft_configuration_init(configuration);
  if (!shim_configuration_is_sound(data, size))
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

  if (!shim_begin(shim, false, update))
    return;
  shim->started = true;
  unsound = unsound_start(term, snapshot, first_index, entries, entries_count);
  memset(&metadata, 0, sizeof metadata);
  if (unsound == NULL && snapshot->index != 0 &&
      shim_decode(snapshot->configuration, snapshot->configuration_size, &metadata.configuration) !=
          0)
    unsound = "the snapshot point's configuration cannot be read";
  log = unsound == NULL ? copy_log(entries, entries_count) : NULL;
  if (log == NULL) {
    raft_configuration_close(&metadata.configuration);
    shim_poison(shim, "%s", unsound != NULL ? unsound : "out of memory for the log");
    shim_refuse(shim, RAFT_SHIM_POISONED, update);
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
  shim_step(shim, &event, now_ms, update);
  /* A failed start frees the log itself on some paths; leaking it once is the safe side. */
  if (update->status == RAFT_SHIM_OK)
    free_changes(log, entries_count);
}

void raft_shim_configuration(struct raft_shim* shim, uint64_t index, const void* data, size_t size,
                             uint64_t now_ms, struct raft_shim_update* update) {
  struct raft_event event;
  if (!shim_begin(shim, true, update))
    return;
  memset(&event, 0, sizeof event);
  event.type = RAFT_CONFIGURATION;
  event.configuration.index = index;
  if (index == 0 || index > raft_commit_index(&shim->raft) ||
      shim_decode(data, size, &event.configuration.conf) != 0) {
    shim_poison(shim, "the configuration at %" PRIu64 " is not committed or cannot be read", index);
    shim_refuse(shim, RAFT_SHIM_POISONED, update);
    return;
  }
  shim_step(shim, &event, now_ms, update);
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
  if (!shim_begin(shim, true, update))
    return;
  if (index <= raft->trail.snapshot.index || index > raft_commit_index(raft) ||
      index > raft->last_stored || !configuration_is_settled(raft, index)) {
    shim_refuse(shim, RAFT_SHIM_REFUSED, update);
    return;
  }
  raft_free(shim->configuration.base);
  memset(&shim->configuration, 0, sizeof shim->configuration);
  memset(&event, 0, sizeof event);
  event.type = RAFT_SNAPSHOT;
  if (raft_configuration_encode(&raft->configuration_committed, &shim->configuration) != 0 ||
      shim_decode(shim->configuration.base, shim->configuration.len,
                  &event.snapshot.metadata.configuration) != 0) {
    shim_refuse(shim, RAFT_SHIM_REFUSED, update);
    return;
  }
  point->configuration_index = raft->configuration_committed_index;
  event.snapshot.metadata.index = index;
  event.snapshot.metadata.configuration_index = point->configuration_index;
  event.snapshot.trailing = trailing;
  shim_step(shim, &event, now_ms, update);
  point->index = index;
  point->term = raft->trail.snapshot.term;
  point->configuration = shim->configuration.base;
  point->configuration_size = shim->configuration.len;
  *keep_from = raft->trail.offset + 1;
  if (point->term == 0) {
    shim_poison(shim, "the log has no entry at its new beginning %" PRIu64, index);
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
  if (data == NULL || size == 0 || shim_decode(data, size, &configuration) != 0)
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
