/*
 * What a module remembers about repositories between calls: one slot for each git directory, found by path. A slot belongs
 * to one directory as it was made: when another one stands at the path, it gets a new slot.
 */
#ifndef HOLDFAST_SLOTS_H
#define HOLDFAST_SLOTS_H

#include "holdfast.h"
#include <pthread.h>

/** First member of a module's own struct. */
typedef struct hf_slot {
  struct hf_slot *next_in_bucket;
  struct hf_slot *newer, *older;
  char *gitdir;
  uint64_t identity[4]; /* device, inode, time of birth */
  unsigned users;       /* plus one for the table */
  bool listed;
  uint64_t used_ms;
  pthread_mutex_t lock; /* for the module: guards what it adds */
} hf_slot;

#define HF_SLOT_BUCKETS 256

typedef struct hf_slots {
  struct hf_slots *next; /* all tables that were ever used */
  atomic_bool known;
  const size_t slot_size;                 /* of the module's struct */
  void (*const empty)(hf_slot *slot);     /* frees what the module added */
  const size_t slots_max;
  pthread_mutex_t lock;
  hf_slot *buckets[HF_SLOT_BUCKETS];
  hf_slot *newest, *oldest;
  size_t count;
  uint64_t swept_ms;
} hf_slots;

#define HF_SLOTS_INIT(type, empty_slot, max) \
  { .slot_size = sizeof(type), .empty = (empty_slot), .slots_max = (max), .lock = PTHREAD_MUTEX_INITIALIZER }

/** Finds or makes the slot of a git directory; release it in the end. HF_NO_REPOSITORY when there is no such directory. */
int hf_slot_acquire(hf_slot **out, hf_slots *slots, const char *gitdir, hf_error *err);
void hf_slot_release(hf_slots *slots, hf_slot *slot);
/** Drops what every module remembers of a git directory that goes away. */
void hf_slots_forget(const char *gitdir);
/** Drops what has been idle for too long, in all tables. */
void hf_slots_reap(void);
/** Drops every slot that is not in use. For tests. */
void hf_slots_clear(hf_slots *slots);

#endif
