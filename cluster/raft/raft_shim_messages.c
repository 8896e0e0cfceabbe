#include "cluster/raft/raft_shim_core.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Version 2 of a vote result says whether it answers a pre-vote; older ones do not exist here. */
enum { message_version_max = 2 };

void shim_flatten_message(const struct raft_message* from, struct raft_shim_message* to) {
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
           shim_entries_are_sound(message->entries, message->entries_count, message->prev_log_term,
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
  core = shim_core_entries(shim, count);
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

/* A late or probing append may end before our commit index and yet carry a higher one: the core
 * would then set its own to the append's end, backwards. Such an append proves nothing new. */
static void keep_commit_from_falling(const struct raft_shim* shim,
                                     struct raft_append_entries* append) {
  const raft_index committed = raft_commit_index(&shim->raft);
  if (append->leader_commit > committed && append->prev_log_index + append->n_entries < committed)
    append->leader_commit = committed;
}

/* A late refusal may come from before entries that its sender has acknowledged since: the core
 * would then go back behind them and, taking fewer than none for in flight, send that peer nothing
 * any more. False: the refusal is of the past. */
static bool bound_refusal(const struct raft_shim* shim, struct raft_append_entries_result* result,
                          uint64_t peer) {
  raft_index match = 0;
  if (result->rejected == 0 || result->term != raft_current_term(&shim->raft) ||
      raft_match_index(&shim->raft, peer, &match) != 0)
    return true;
  if (result->last_log_index < match)
    result->last_log_index = match;
  return result->rejected > match;
}

/* The core's answer to an append of an older term leaves this field as it found the stack. Read by
 * a leader of the newer term it could count as a copy that does not exist. */
static void clear_last_log_index(struct raft_shim* shim, const struct raft_shim_update* update) {
  uint32_t i;
  for (i = 0; i < update->messages_count; ++i)
    if (shim->out_messages[i].type == RAFT_APPEND_ENTRIES_RESULT)
      shim->out_messages[i].last_log_index = 0;
}

void raft_shim_receive(struct raft_shim* shim, const struct raft_shim_message* message,
                       uint64_t now_ms, struct raft_shim_update* update) {
  struct raft_message core;
  struct raft_event event;
  char address[24];

  if (!shim_begin(shim, true, update))
    return;
  if (!acceptable(shim, message)) {
    shim_refuse(shim, RAFT_SHIM_REFUSED, update);
    return;
  }
  if (message->type == RAFT_APPEND_ENTRIES && raft_state(&shim->raft) == RAFT_LEADER &&
      message->term == raft_current_term(&shim->raft)) {
    shim_poison(shim, "server %" PRIu64 " leads in our own term %" PRIu64, message->peer,
                message->term);
    shim_refuse(shim, RAFT_SHIM_POISONED, update);
    return;
  }
  memset(&core, 0, sizeof core);
  unflatten_message(message, &core);
  if (message->type == RAFT_APPEND_ENTRIES_RESULT &&
      !bound_refusal(shim, &core.append_entries_result, message->peer)) {
    shim_refuse(shim, RAFT_SHIM_REFUSED, update);
    return;
  }
  /* The core copies the address and compares it, nothing else. */
  snprintf(address, sizeof address, "%" PRIu64, message->peer);
  core.server_address = address;
  if (message->type == RAFT_APPEND_ENTRIES && !copy_entries(shim, message, &core.append_entries)) {
    shim_refuse(shim, RAFT_SHIM_REFUSED, update);
    return;
  }
  if (message->type == RAFT_APPEND_ENTRIES)
    keep_commit_from_falling(shim, &core.append_entries);
  memset(&event, 0, sizeof event);
  event.type = RAFT_RECEIVE;
  event.receive.message = &core;
  shim_step(shim, &event, now_ms, update);
  if (message->type == RAFT_APPEND_ENTRIES && message->term < update->term)
    clear_last_log_index(shim, update);
}
