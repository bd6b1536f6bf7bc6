/* Slots are few and small: a table with one lock, the least recently used ones are dropped. */
#include "slots.h"
#include <errno.h>
#include <fcntl.h>
#include <time.h>

#define IDLE_MS 60000
#define SWEEP_INTERVAL_MS 1000

static pthread_mutex_t tables_lock = PTHREAD_MUTEX_INITIALIZER;
static hf_slots *tables;

static uint64_t now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/** An inode number may be used again at once; the time of birth tells two directories apart all the same. */
static bool identify(uint64_t identity[4], const char *gitdir) {
  struct statx found;
  if (statx(AT_FDCWD, gitdir, AT_STATX_DONT_SYNC, STATX_INO | STATX_BTIME, &found) < 0) return false;
  if (!S_ISDIR(found.stx_mode)) return false;
  identity[0] = (uint64_t)found.stx_dev_major << 32 | found.stx_dev_minor;
  identity[1] = found.stx_ino;
  identity[2] = (found.stx_mask & STATX_BTIME) ? (uint64_t)found.stx_btime.tv_sec : 0;
  identity[3] = (found.stx_mask & STATX_BTIME) ? found.stx_btime.tv_nsec : 0;
  return true;
}

static size_t bucket_of(const char *gitdir) {
  uint64_t hash = 14695981039346656037u;
  for (const char *at = gitdir; *at; at++) hash = (hash ^ (uint8_t)*at) * 1099511628211u;
  return (size_t)(hash ^ hash >> 32) % HF_SLOT_BUCKETS;
}

static void free_slot(hf_slots *slots, hf_slot *slot) {
  slots->empty(slot);
  pthread_mutex_destroy(&slot->lock);
  free(slot->gitdir);
  free(slot);
}

/* ---- with the table's lock held ---- */

static void unlink_use(hf_slots *slots, hf_slot *slot) {
  if (slot->newer) slot->newer->older = slot->older;
  else slots->newest = slot->older;
  if (slot->older) slot->older->newer = slot->newer;
  else slots->oldest = slot->newer;
  slot->newer = slot->older = NULL;
}

static void link_newest(hf_slots *slots, hf_slot *slot) {
  slot->older = slots->newest;
  if (slots->newest) slots->newest->newer = slot;
  else slots->oldest = slot;
  slots->newest = slot;
}

/** Takes a slot off the table; adds it to the chain of slots to be freed when nobody uses it. */
static void unlist(hf_slots *slots, hf_slot *slot, hf_slot **chain) {
  hf_slot **at = &slots->buckets[bucket_of(slot->gitdir)];
  while (*at != slot) at = &(*at)->next_in_bucket;
  *at = slot->next_in_bucket;
  unlink_use(slots, slot);
  slot->listed = false;
  slots->count--;
  if (--slot->users > 0) return;
  slot->next_in_bucket = *chain;
  *chain = slot;
}

static void sweep(hf_slots *slots, uint64_t now, bool everything, hf_slot **chain) {
  for (hf_slot *slot = slots->oldest, *next; slot; slot = next) {
    next = slot->newer;
    if (!everything && now - slot->used_ms <= IDLE_MS && slots->count <= slots->slots_max) break;
    if (slot->users == 1) unlist(slots, slot, chain);
  }
}

static hf_slot *make_slot(hf_slots *slots, const char *gitdir, const uint64_t identity[4]) {
  hf_slot *slot = calloc(1, slots->slot_size);
  if (!slot) return NULL;
  slot->gitdir = strdup(gitdir);
  if (!slot->gitdir) {
    free(slot);
    return NULL;
  }
  memcpy(slot->identity, identity, sizeof(slot->identity));
  pthread_mutex_init(&slot->lock, NULL);
  size_t bucket = bucket_of(gitdir);
  slot->next_in_bucket = slots->buckets[bucket];
  slots->buckets[bucket] = slot;
  link_newest(slots, slot);
  slot->listed = true;
  slot->users = 1;
  slots->count++;
  return slot;
}

static void free_chain(hf_slots *slots, hf_slot *chain) {
  while (chain) {
    hf_slot *next = chain->next_in_bucket;
    free_slot(slots, chain);
    chain = next;
  }
}

static hf_slot *find_slot(hf_slots *slots, const char *gitdir) {
  hf_slot *slot = slots->buckets[bucket_of(gitdir)];
  while (slot && strcmp(slot->gitdir, gitdir) != 0) slot = slot->next_in_bucket;
  return slot;
}

/** Makes a table known to those that go through all of them. */
static void enlist(hf_slots *slots) {
  if (atomic_load_explicit(&slots->known, memory_order_acquire)) return;
  pthread_mutex_lock(&tables_lock);
  if (!atomic_load(&slots->known)) {
    slots->next = tables;
    tables = slots;
    atomic_store_explicit(&slots->known, true, memory_order_release);
  }
  pthread_mutex_unlock(&tables_lock);
}

int hf_slot_acquire(hf_slot **out, hf_slots *slots, const char *gitdir, hf_error *err) {
  uint64_t identity[4];
  enlist(slots);
  if (!identify(identity, gitdir)) return hf_fail(err, HF_NO_REPOSITORY, "%s: no such directory", gitdir);
  uint64_t now = now_ms();
  hf_slot *chain = NULL;
  pthread_mutex_lock(&slots->lock);
  hf_slot *slot = find_slot(slots, gitdir);
  if (slot && memcmp(slot->identity, identity, sizeof(identity)) != 0) {
    unlist(slots, slot, &chain);
    slot = NULL;
  }
  if (!slot) slot = make_slot(slots, gitdir, identity);
  if (slot) {
    slot->users++;
    slot->used_ms = now;
    if (slots->newest != slot) {
      unlink_use(slots, slot);
      link_newest(slots, slot);
    }
  }
  if (now - slots->swept_ms > SWEEP_INTERVAL_MS || slots->count > slots->slots_max) {
    slots->swept_ms = now;
    sweep(slots, now, false, &chain);
  }
  pthread_mutex_unlock(&slots->lock);
  free_chain(slots, chain);
  *out = slot;
  return slot ? HF_OK : hf_fail_memory(err);
}

void hf_slot_release(hf_slots *slots, hf_slot *slot) {
  pthread_mutex_lock(&slots->lock);
  bool last = --slot->users == 0;
  pthread_mutex_unlock(&slots->lock);
  if (last) free_slot(slots, slot);
}

void hf_slots_forget(const char *gitdir) {
  pthread_mutex_lock(&tables_lock);
  hf_slots *slots = tables;
  pthread_mutex_unlock(&tables_lock);
  for (; slots; slots = slots->next) {
    hf_slot *chain = NULL;
    pthread_mutex_lock(&slots->lock);
    hf_slot *slot = find_slot(slots, gitdir);
    if (slot) unlist(slots, slot, &chain);
    pthread_mutex_unlock(&slots->lock);
    free_chain(slots, chain);
  }
}

static void sweep_table(hf_slots *slots, bool everything) {
  hf_slot *chain = NULL;
  pthread_mutex_lock(&slots->lock);
  sweep(slots, now_ms(), everything, &chain);
  pthread_mutex_unlock(&slots->lock);
  free_chain(slots, chain);
}

void hf_slots_reap(void) {
  pthread_mutex_lock(&tables_lock);
  hf_slots *slots = tables;
  pthread_mutex_unlock(&tables_lock);
  for (; slots; slots = slots->next) sweep_table(slots, false);
}

void hf_slots_clear(hf_slots *slots) { sweep_table(slots, true); }
