/*
 * One cache of objects for the whole process, bounded in bytes. Delta bases and whole objects are the same thing here, so that reading
 * one version of a file helps to read the next. What was asked for once goes before what was asked for again: who reads all files of a
 * repository must not drive out the trees that lead to them. And who reads more than there is room for, over and over, is to find a part of
 * it: what was asked for again stays until it has been of no use for a while, however many want its place. Marks of what has gone, and lives,
 * are those of S3-FIFO (Yang and others, SOSP 2023); there newcomers are never turned away.
 */
#include "object.h"
#include <pthread.h>

#define BUCKETS 65536
#define OBJECT_BYTES_MAX (256 * 1024)
/* What an entry takes beside the content. */
#define ENTRY_BYTES 128
/* The share of the cache, in quarters, that is kept for what was asked for again. */
#define AGAIN_QUARTERS 3
/* How many newcomers an object there outlives without being used. */
#define LIVES 8
/* What went without being asked for again is known by its hash for a while. */
#define FORGOTTEN 65536

typedef struct entry {
  struct entry *next_in_bucket;
  struct entry *newer, *older;
  struct list *list;
  hf_cache_key key;
  hf_object *object;
  uint8_t lives; /* in `again` */
} entry;

/** Entries in the order in which they came. */
typedef struct list {
  entry *newest, *oldest;
  size_t bytes;
} list;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static entry *buckets[BUCKETS];
static list once, again;
static uint32_t forgotten[FORGOTTEN];
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

static uint64_t hash_of(const hf_cache_key *key) {
  uint64_t hash = (key->owner * 0x9e3779b97f4a7c15u) ^ (key->a * 0xff51afd7ed558ccdu) ^ key->b;
  hash ^= hash >> 29;
  hash *= 0xbf58476d1ce4e5b9u;
  return hash ^ hash >> 32;
}

static entry **bucket_of(const hf_cache_key *key) { return &buckets[hash_of(key) % BUCKETS]; }

/** The place among what is forgotten, and what stands there for this key. */
static uint32_t *forgotten_at(const hf_cache_key *key, uint32_t *mark) {
  uint64_t hash = hash_of(key);
  *mark = (uint32_t)(hash >> 32) | 1;
  return &forgotten[hash % FORGOTTEN];
}

static bool same(const hf_cache_key *x, const hf_cache_key *y) {
  return x->a == y->a && x->owner == y->owner && x->b == y->b && x->c == y->c;
}

static size_t bytes_of(const entry *own) { return own->object->size + ENTRY_BYTES; }

static void unlink_use(entry *own) {
  list *from = own->list;
  if (own->newer) own->newer->older = own->older;
  else from->newest = own->older;
  if (own->older) own->older->newer = own->newer;
  else from->oldest = own->newer;
  from->bytes -= bytes_of(own);
}

static void link_newest(list *to, entry *own) {
  own->list = to;
  own->newer = NULL;
  own->older = to->newest;
  if (to->newest) to->newest->newer = own;
  else to->oldest = own;
  to->newest = own;
  to->bytes += bytes_of(own);
}

/** Is there room in `again`? What has had no use while others wanted its place gives it up; anything else stays a little shorter for it. */
static bool make_room(void) {
  if (again.bytes <= limit_bytes / 4 * AGAIN_QUARTERS) return true;
  entry *first = again.oldest;
  bool dies = --first->lives == 0;
  unlink_use(first);
  link_newest(dies ? &once : &again, first);
  return dies;
}

static void use_again(entry *own) {
  own->lives = LIVES;
  if (own->list == &again) return;
  list *to = make_room() ? &again : &once;
  unlink_use(own);
  link_newest(to, own);
}

static entry *find(const hf_cache_key *key) {
  entry *found = *bucket_of(key);
  while (found && !same(&found->key, key)) found = found->next_in_bucket;
  return found;
}

/** With the lock held. Returns a chain (by next_in_bucket) of entries to be freed without it. */
static entry *shrink(size_t limit) {
  entry *chain = NULL;
  while (once.bytes + again.bytes > limit && (once.oldest || again.oldest)) {
    entry *dropped = once.oldest ? once.oldest : again.oldest;
    uint32_t mark, *place = forgotten_at(&dropped->key, &mark);
    *place = mark;
    entry **at = bucket_of(&dropped->key);
    while (*at != dropped) at = &(*at)->next_in_bucket;
    *at = dropped->next_in_bucket;
    unlink_use(dropped);
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
    use_again(found);
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
    uint32_t mark, *place = forgotten_at(key, &mark);
    made->lives = LIVES;
    link_newest(*place == mark && make_room() ? &again : &once, made);
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
  size_t bytes = once.bytes + again.bytes;
  pthread_mutex_unlock(&lock);
  return bytes;
}
