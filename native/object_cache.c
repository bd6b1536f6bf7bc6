/*
 * One cache of objects for the whole process, bounded in bytes: what was used longest ago goes first. Delta bases and whole
 * objects are the same thing here, so that reading one version of a file helps to read the next.
 */
#include "object.h"
#include <pthread.h>

#define BUCKETS 65536
#define OBJECT_BYTES_MAX (256 * 1024)
/* What an entry takes beside the content. */
#define ENTRY_BYTES 128

typedef struct entry {
  struct entry *next_in_bucket;
  struct entry *newer, *older;
  hf_cache_key key;
  hf_object *object;
} entry;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static entry *buckets[BUCKETS];
static entry *newest, *oldest;
static size_t used_bytes;
static size_t limit_bytes = 24 * 1024 * 1024;

hf_object *hf_object_new(git_object_t type, size_t size) {
  hf_object *object = size < SIZE_MAX - sizeof(*object) - 1 ? malloc(sizeof(*object) + size + 1) : NULL;
  if (!object) return NULL;
  atomic_init(&object->users, 1);
  object->type = type;
  object->size = size;
  object->data[size] = 0;
  return object;
}

hf_object *hf_object_retain(hf_object *object) {
  atomic_fetch_add_explicit(&object->users, 1, memory_order_relaxed);
  return object;
}

void hf_object_free(hf_object *object) {
  if (object && atomic_fetch_sub_explicit(&object->users, 1, memory_order_acq_rel) == 1) free(object);
}

const void *hf_object_data(const hf_object *object) { return object->data; }

size_t hf_object_size(const hf_object *object) { return object->size; }

git_object_t hf_object_type(const hf_object *object) { return object->type; }

uint64_t hf_cache_new_owner(void) {
  static atomic_uint_least64_t last;
  return atomic_fetch_add(&last, 1) + 1;
}

static entry **bucket_of(const hf_cache_key *key) {
  uint64_t hash = (key->owner * 0x9e3779b97f4a7c15u) ^ (key->a * 0xff51afd7ed558ccdu) ^ key->b;
  hash ^= hash >> 29;
  return &buckets[(hash * 0xbf58476d1ce4e5b9u >> 40) % BUCKETS];
}

static bool same(const hf_cache_key *x, const hf_cache_key *y) {
  return x->a == y->a && x->owner == y->owner && x->b == y->b && x->c == y->c;
}

static void unlink_use(entry *found) {
  if (found->newer) found->newer->older = found->older;
  else newest = found->older;
  if (found->older) found->older->newer = found->newer;
  else oldest = found->newer;
}

static void link_newest(entry *found) {
  found->newer = NULL;
  found->older = newest;
  if (newest) newest->newer = found;
  else oldest = found;
  newest = found;
}

static entry *find(const hf_cache_key *key) {
  entry *found = *bucket_of(key);
  while (found && !same(&found->key, key)) found = found->next_in_bucket;
  return found;
}

/** With the lock held. Returns a chain (by next_in_bucket) of entries to be freed without it. */
static entry *shrink(size_t limit) {
  entry *chain = NULL;
  while (used_bytes > limit && oldest) {
    entry *dropped = oldest;
    entry **at = bucket_of(&dropped->key);
    while (*at != dropped) at = &(*at)->next_in_bucket;
    *at = dropped->next_in_bucket;
    unlink_use(dropped);
    used_bytes -= dropped->object->size + ENTRY_BYTES;
    dropped->next_in_bucket = chain;
    chain = dropped;
  }
  return chain;
}

static void free_chain(entry *chain) {
  while (chain) {
    entry *next = chain->next_in_bucket;
    hf_object_free(chain->object);
    free(chain);
    chain = next;
  }
}

hf_object *hf_cache_get(const hf_cache_key *key) {
  hf_object *object = NULL;
  pthread_mutex_lock(&lock);
  entry *found = find(key);
  if (found) {
    object = hf_object_retain(found->object);
    if (newest != found) {
      unlink_use(found);
      link_newest(found);
    }
  }
  pthread_mutex_unlock(&lock);
  return object;
}

void hf_cache_put(const hf_cache_key *key, hf_object *object) {
  if (object->size > OBJECT_BYTES_MAX) return;
  entry *made = malloc(sizeof(*made));
  if (!made) return;
  made->key = *key;
  made->object = hf_object_retain(object);
  pthread_mutex_lock(&lock);
  entry *chain = made;
  if (find(key)) {
    made->next_in_bucket = NULL;
  } else {
    entry **bucket = bucket_of(key);
    made->next_in_bucket = *bucket;
    *bucket = made;
    link_newest(made);
    used_bytes += object->size + ENTRY_BYTES;
    chain = shrink(limit_bytes);
  }
  pthread_mutex_unlock(&lock);
  free_chain(chain);
}

void hf_cache_set_limit(size_t bytes) {
  pthread_mutex_lock(&lock);
  limit_bytes = bytes;
  entry *chain = shrink(limit_bytes);
  pthread_mutex_unlock(&lock);
  free_chain(chain);
}

size_t hf_cache_bytes(void) {
  pthread_mutex_lock(&lock);
  size_t bytes = used_bytes;
  pthread_mutex_unlock(&lock);
  return bytes;
}
