/*
 * Reading packs. libgit2 can do it too; this reader is here because libgit2's keeps up to 16 MiB for each pack and whatever it has
 * mapped, and holds one lock for each read. Here everything that is kept stands in the one bounded cache, files are read and not
 * mapped, and threads do not wait for each other.
 */
#include "pack.h"
#include "inflate_whole.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <unistd.h>

#define INDEX_HEADER_BYTES (8 + 256 * 4)
#define TRAILER_BYTES 20
/* Git writes a base just before what is made of it: one read brings most of a chain. */
#define WINDOW_BYTES 4096
/* What of an entry is there at least when it is looked at: all of nearly every tree, commit and delta. */
#define HEAD_BYTES 1024
/* What is inflated at once; larger ones come through a small buffer. */
#define AT_ONCE_BYTES_MAX (256 * 1024)
/* Deltas of one chain that are kept inflated, and the largest of them. */
#define ARENA_BYTES (64 * 1024)
#define SMALL_DELTA_BYTES (8 * 1024)
#define ENTRY_HEADER_BYTES 32
/* Git makes no chain longer than 4095. */
#define CHAIN_MAX 10000
/* How many of the objects on the way to the one that was asked for are cached: one in so many. */
#define CACHE_EVERY 6
/* Ids that one read brings. With a million objects a guess is off by some thirty, seldom by more than a hundred. */
#define SEARCH_IDS 160
/* No more comes of a byte by inflating, and of one by copying from a base: what says so is damaged, and is given no memory. */
#define INFLATED_RATIO_MAX 1100
#define COPIED_RATIO_MAX 0x1000000

enum { OFS_DELTA = 6, REF_DELTA = 7 };

struct hf_pack {
  atomic_uint references;
  uint64_t owner; /* in cache keys */
  char *index_path, *pack_path, *name;
  pthread_mutex_t lock; /* of the descriptors and what comes with them */
  unsigned users;       /* reads that go on */
  int index_fd, pack_fd;
  uint32_t count;
  uint64_t index_size, pack_size;
  uint32_t fanout[256];
  hf_pack *newer, *older; /* open ones, by use; under open_lock */
  bool listed;
};

/* ---- files ---- */

static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static hf_pack *newest, *oldest;
static size_t open_count;

static void unlist(hf_pack *pack) {
  if (!pack->listed) return;
  if (pack->newer) pack->newer->older = pack->older;
  else __atomic_store_n(&newest, pack->older, __ATOMIC_RELAXED);
  if (pack->older) pack->older->newer = pack->newer;
  else oldest = pack->newer;
  pack->newer = pack->older = NULL;
  pack->listed = false;
  open_count--;
}

static void list_newest(hf_pack *pack) {
  pack->older = newest;
  if (newest) newest->newer = pack;
  else oldest = pack;
  __atomic_store_n(&newest, pack, __ATOMIC_RELAXED);
  pack->listed = true;
  open_count++;
}

static void close_files(hf_pack *pack) {
  if (pack->index_fd >= 0) close(pack->index_fd);
  if (pack->pack_fd >= 0) close(pack->pack_fd);
  pack->index_fd = pack->pack_fd = -1;
}

/** Notes a use, and closes packs that are over the limit. */
static void note_use(hf_pack *pack) {
  if (__atomic_load_n(&newest, __ATOMIC_RELAXED) == pack) return;
  pthread_mutex_lock(&open_lock);
  if (newest != pack) {
    unlist(pack);
    list_newest(pack);
  }
  for (hf_pack *idle = oldest, *next; idle && open_count > HF_PACKS_OPEN_MAX; idle = next) {
    next = idle->newer;
    if (pthread_mutex_trylock(&idle->lock) != 0) continue;
    if (idle->users == 0) {
      close_files(idle);
      unlist(idle);
    }
    pthread_mutex_unlock(&idle->lock);
  }
  pthread_mutex_unlock(&open_lock);
}

static int open_file(int *fd, uint64_t *size, const char *path, hf_error *err) {
  struct stat st;
  *fd = open(path, O_RDONLY | O_CLOEXEC);
  if (*fd < 0 && errno == ENOENT) return hf_fail(err, HF_NO_REPOSITORY, "%s is gone", path);
  if (*fd < 0 || fstat(*fd, &st) < 0) return hf_fail_os(err, errno, "open %s", path);
  *size = (uint64_t)st.st_size;
  return HF_OK;
}

static int read_index_header(hf_pack *pack, hf_error *err) {
  uint32_t header[2 + 256];
  ssize_t got = hf_read_at(pack->index_fd, header, INDEX_HEADER_BYTES, 0, err);
  if (got < 0) return (int)got;
  if (got != INDEX_HEADER_BYTES || header[0] != htonl(0xff744f63)) return hf_fail(err, HF_UNSUPPORTED, "the index of %s is not of version 2", pack->name);
  if (header[1] != htonl(2)) return hf_fail(err, HF_UNSUPPORTED, "the index of %s is not of version 2", pack->name);
  uint32_t before = 0;
  for (int i = 0; i < 256; i++) {
    pack->fanout[i] = ntohl(header[2 + i]);
    if (pack->fanout[i] < before) return hf_fail(err, HF_CORRUPT, "the index of %s is not sorted", pack->name);
    before = pack->fanout[i];
  }
  pack->count = before;
  if (pack->index_size < INDEX_HEADER_BYTES + (uint64_t)pack->count * 28 + 40) return hf_fail(err, HF_CORRUPT, "the index of %s is cut short", pack->name);
  return HF_OK;
}

/** Makes the files stay open until `end_use`. */
static int begin_use(hf_pack *pack, hf_error *err) {
  int rc = HF_OK;
  pthread_mutex_lock(&pack->lock);
  if (pack->index_fd < 0) {
    rc = open_file(&pack->index_fd, &pack->index_size, pack->index_path, err);
    if (rc == HF_OK) rc = open_file(&pack->pack_fd, &pack->pack_size, pack->pack_path, err);
    if (rc == HF_OK) rc = read_index_header(pack, err);
    if (rc < 0) close_files(pack);
  }
  if (rc == HF_OK) pack->users++;
  pthread_mutex_unlock(&pack->lock);
  if (rc == HF_OK) note_use(pack);
  return rc;
}

static void end_use(hf_pack *pack) {
  pthread_mutex_lock(&pack->lock);
  pack->users--;
  pthread_mutex_unlock(&pack->lock);
}

hf_pack *hf_pack_new(const char *pack_dir, const char *name) {
  hf_pack *pack = calloc(1, sizeof(*pack));
  if (!pack) return NULL;
  atomic_init(&pack->references, 1);
  pack->owner = hf_cache_new_owner();
  pack->index_fd = pack->pack_fd = -1;
  pthread_mutex_init(&pack->lock, NULL);
  char file[NAME_MAX + 8];
  snprintf(file, sizeof(file), "%s.idx", name);
  pack->index_path = hf_path_join(pack_dir, file, NULL);
  snprintf(file, sizeof(file), "%s.pack", name);
  pack->pack_path = hf_path_join(pack_dir, file, NULL);
  pack->name = strdup(name);
  if (pack->index_path && pack->pack_path && pack->name) return pack;
  hf_pack_release(pack);
  return NULL;
}

hf_pack *hf_pack_retain(hf_pack *pack) {
  atomic_fetch_add(&pack->references, 1);
  return pack;
}

void hf_pack_release(hf_pack *pack) {
  if (!pack || atomic_fetch_sub(&pack->references, 1) != 1) return;
  pthread_mutex_lock(&open_lock);
  unlist(pack);
  pthread_mutex_unlock(&open_lock);
  close_files(pack);
  pthread_mutex_destroy(&pack->lock);
  free(pack->index_path);
  free(pack->pack_path);
  free(pack->name);
  free(pack);
}

const char *hf_pack_name(const hf_pack *pack) { return pack->name; }

/* ---- the index ---- */

static int read_ids(const hf_pack *pack, uint8_t *out, uint32_t first, uint32_t count, hf_error *err) {
  ssize_t got = hf_read_at(pack->index_fd, out, (size_t)count * GIT_OID_RAWSZ, INDEX_HEADER_BYTES + (uint64_t)first * GIT_OID_RAWSZ, err);
  if (got < 0) return (int)got;
  return (size_t)got == (size_t)count * GIT_OID_RAWSZ ? HF_OK : hf_fail(err, HF_CORRUPT, "the index of %s is cut short", pack->name);
}

static int read_offset(uint64_t *offset, const hf_pack *pack, uint32_t position, hf_error *err) {
  uint32_t small, large[2];
  uint64_t table = INDEX_HEADER_BYTES + (uint64_t)pack->count * 24;
  ssize_t got = hf_read_at(pack->index_fd, &small, sizeof(small), table + (uint64_t)position * 4, err);
  if (got < 0) return (int)got;
  small = ntohl(small);
  *offset = small;
  if (small & 0x80000000u) {
    got = hf_read_at(pack->index_fd, large, sizeof(large), table + (uint64_t)pack->count * 4 + (uint64_t)(small & 0x7fffffffu) * 8, err);
    if (got < 0) return (int)got;
    *offset = (uint64_t)ntohl(large[0]) << 32 | ntohl(large[1]);
  }
  if (*offset < 12 || *offset + TRAILER_BYTES >= pack->pack_size) return hf_fail(err, HF_CORRUPT, "the index of %s points outside", pack->name);
  return HF_OK;
}

/** Position of the first id that is not less than `oid` among `count` ids. */
static uint32_t lower_bound(const uint8_t *ids, uint32_t count, const uint8_t *oid) {
  uint32_t low = 0, high = count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (memcmp(ids + (size_t)middle * GIT_OID_RAWSZ, oid, GIT_OID_RAWSZ) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Finds an id. Ids are evenly spread, so that the first guess is nearly always in the ids that are read round it. */
static int find_position(uint32_t *position, const hf_pack *pack, const git_oid *oid, hf_error *err) {
  uint8_t ids[SEARCH_IDS * GIT_OID_RAWSZ];
  uint32_t low = oid->id[0] ? pack->fanout[oid->id[0] - 1] : 0, high = pack->fanout[oid->id[0]];
  uint64_t fraction = (uint64_t)oid->id[1] << 24 | (uint64_t)oid->id[2] << 16 | (uint64_t)oid->id[3] << 8 | oid->id[4];
  uint32_t guess = low + (uint32_t)((uint64_t)(high - low) * fraction >> 32);
  while (low < high) {
    uint32_t first = low, count = high - low;
    if (count > SEARCH_IDS) {
      count = SEARCH_IDS;
      first = guess < low + SEARCH_IDS / 2 ? low : guess - SEARCH_IDS / 2;
      if (first + count > high) first = high - count;
    }
    int rc = read_ids(pack, ids, first, count, err);
    if (rc < 0) return rc;
    if (first > low && memcmp(oid->id, ids, GIT_OID_RAWSZ) < 0) {
      high = first;
    } else if (first + count < high && memcmp(oid->id, ids + (size_t)(count - 1) * GIT_OID_RAWSZ, GIT_OID_RAWSZ) > 0) {
      low = first + count;
    } else {
      uint32_t at = lower_bound(ids, count, oid->id);
      if (at == count || memcmp(ids + (size_t)at * GIT_OID_RAWSZ, oid->id, GIT_OID_RAWSZ) != 0) return HF_NOT_FOUND;
      *position = first + at;
      return HF_OK;
    }
    guess = low + (high - low) / 2;
  }
  return HF_NOT_FOUND;
}

static int find_offset(uint64_t *offset, const hf_pack *pack, const git_oid *oid, hf_error *err) {
  uint32_t position;
  int rc = find_position(&position, pack, oid, err);
  return rc < 0 ? rc : read_offset(offset, pack, position, err);
}

int hf_pack_find(uint64_t *offset, hf_pack *pack, const git_oid *oid, hf_error *err) {
  int rc = begin_use(pack, err);
  if (rc < 0) return rc;
  rc = find_offset(offset, pack, oid, err);
  end_use(pack);
  return rc;
}

int hf_pack_find_prefix(git_oid *found, size_t *count, size_t max, hf_pack *pack, const git_oid *prefix, size_t length, hf_error *err) {
  int rc = begin_use(pack, err);
  if (rc < 0) return rc;
  uint32_t first = prefix->id[0] ? pack->fanout[prefix->id[0] - 1] : 0, last = pack->fanout[prefix->id[0]];
  uint8_t *ids = last > first ? malloc((size_t)(last - first) * GIT_OID_RAWSZ) : NULL;
  if (last > first) rc = ids ? read_ids(pack, ids, first, last - first, err) : hf_fail_memory(err);
  for (uint32_t i = rc == HF_OK && ids ? lower_bound(ids, last - first, prefix->id) : last; i < last - first && *count < max; i++) {
    git_oid oid;
    memcpy(oid.id, ids + (size_t)i * GIT_OID_RAWSZ, GIT_OID_RAWSZ);
    if (git_oid_ncmp(&oid, prefix, length) != 0) break;
    found[(*count)++] = oid;
  }
  free(ids);
  end_use(pack);
  return rc;
}

/* ---- entries ---- */

typedef struct {
  int type; /* also OFS_DELTA and REF_DELTA */
  size_t size;
  size_t header_len;
  uint64_t base; /* offset of a delta's base */
} pack_entry;

static hf_cache_key key_of(const hf_pack *pack, uint64_t offset) { return (hf_cache_key){.owner = pack->owner, .a = offset}; }

static int fail_entry(const hf_pack *pack, uint64_t offset, hf_error *err) {
  return hf_fail(err, HF_CORRUPT, "a bad entry in %s at %llu", pack->name, (unsigned long long)offset);
}

/** Parses the header of an entry from the bytes at its offset. */
static int parse_entry(pack_entry *out, const hf_pack *pack, uint64_t offset, const uint8_t *bytes, size_t length, hf_error *err) {
  size_t at = 0;
  if (length == 0) return fail_entry(pack, offset, err);
  uint8_t byte = bytes[at++];
  out->type = byte >> 4 & 7;
  out->size = byte & 15;
  for (unsigned shift = 4; byte & 0x80; shift += 7) {
    if (at >= length || shift > 57) return fail_entry(pack, offset, err);
    byte = bytes[at++];
    out->size |= (size_t)(byte & 0x7f) << shift;
  }
  if (out->size / INFLATED_RATIO_MAX > pack->pack_size - offset) return fail_entry(pack, offset, err);
  out->base = 0;
  if (out->type == OFS_DELTA) {
    if (at >= length) return fail_entry(pack, offset, err);
    byte = bytes[at++];
    uint64_t distance = byte & 0x7f;
    while (byte & 0x80) {
      if (at >= length || distance >> 56) return fail_entry(pack, offset, err);
      byte = bytes[at++];
      /* Each further byte adds one, so that no distance can be written in two ways. */
      distance = (distance + 1) << 7 | (byte & 0x7f);
    }
    if (distance == 0 || distance > offset - 12) return fail_entry(pack, offset, err);
    out->base = offset - distance;
  } else if (out->type == REF_DELTA) {
    git_oid base;
    if (length - at < GIT_OID_RAWSZ) return fail_entry(pack, offset, err);
    memcpy(base.id, bytes + at, GIT_OID_RAWSZ);
    at += GIT_OID_RAWSZ;
    int rc = find_offset(&out->base, pack, &base, err);
    if (rc == HF_NOT_FOUND) return hf_fail(err, HF_CORRUPT, "a delta without its base in %s", pack->name);
    if (rc < 0) return rc;
  } else if (out->type < GIT_OBJECT_COMMIT || out->type > GIT_OBJECT_TAG) {
    return fail_entry(pack, offset, err);
  }
  out->header_len = at;
  return HF_OK;
}

static ssize_t read_head(const hf_pack *pack, uint64_t offset, uint8_t *bytes, size_t length, hf_error *err) {
  uint64_t end = pack->pack_size - TRAILER_BYTES;
  if (offset >= end) return fail_entry(pack, offset, err);
  return hf_read_at(pack->pack_fd, bytes, end - offset < length ? (size_t)(end - offset) : length, offset, err);
}

/** What was read last of a pack, for entries that stand close together. */
typedef struct {
  uint64_t at;
  size_t length;
  uint8_t bytes[WINDOW_BYTES];
} window;

/** Points to what the pack has from an offset on, at least HEAD_BYTES or all there is; valid until the next look. */
static ssize_t look(const uint8_t **out, window *own, const hf_pack *pack, uint64_t offset, hf_error *err) {
  uint64_t end = pack->pack_size - TRAILER_BYTES;
  if (offset >= end) return fail_entry(pack, offset, err);
  size_t needed = end - offset < HEAD_BYTES ? (size_t)(end - offset) : HEAD_BYTES;
  if (offset < own->at || offset + needed > own->at + own->length) {
    own->at = offset < WINDOW_BYTES / 2 ? 0 : offset - WINDOW_BYTES / 2;
    own->length = 0;
    ssize_t got = read_head(pack, own->at, own->bytes, WINDOW_BYTES, err);
    if (got < 0) return got;
    own->length = (size_t)got;
    if (own->at + own->length <= offset) return fail_entry(pack, offset, err);
  }
  *out = own->bytes + (offset - own->at);
  return (ssize_t)(own->at + own->length - offset);
}

/** The fast way, with what is there or with one read of all that there can be. False: zlib has to tell what is the matter. */
static bool inflate_at_once(const hf_pack *pack, uint64_t offset, size_t size, const uint8_t *have, size_t have_len, uint8_t *out) {
  size_t most = hf_deflated_bytes_max(size);
  if (size > AT_ONCE_BYTES_MAX || !hf_inflate_whole_available()) return false;
  if ((have_len >= most || have_len > size / 4) && hf_inflate_whole(out, size, have, have_len)) return true;
  uint8_t *all = have_len < most ? hf_thread_buffer(2, most) : NULL;
  hf_error ignored;
  ssize_t got = all ? read_head(pack, offset, all, most, &ignored) : -1;
  return got > (ssize_t)have_len && hf_inflate_whole(out, size, all, (size_t)got);
}

/** Inflates what an entry holds: an object's content, or a delta. */
static int inflate_entry(const hf_pack *pack, uint64_t offset, const pack_entry *entry, const uint8_t *head, size_t head_len, uint8_t *out,
                         hf_error *err) {
  hf_inflater inflater;
  size_t have = head_len - entry->header_len;
  if (inflate_at_once(pack, offset + entry->header_len, entry->size, head + entry->header_len, have, out)) return HF_OK;
  int rc = hf_inflate_begin(&inflater, pack->pack_fd, offset + entry->header_len, head + entry->header_len, have, err);
  return rc < 0 ? rc : hf_inflate_exactly(&inflater, out, entry->size, err);
}

static int read_whole(hf_object **out, const hf_pack *pack, uint64_t offset, const pack_entry *entry, const uint8_t *head, size_t head_len,
                      hf_error *err) {
  hf_object *object = hf_object_new((git_object_t)entry->type, entry->size);
  if (!object) return hf_fail_memory(err);
  int rc = inflate_entry(pack, offset, entry, head, head_len, object->data, err);
  if (rc < 0) {
    hf_object_free(object);
    return rc;
  }
  *out = object;
  return HF_OK;
}

/* ---- deltas ---- */

static bool delta_size(size_t *out, const uint8_t **at, const uint8_t *end) {
  size_t size = 0;
  unsigned shift = 0;
  uint8_t byte;
  do {
    if (*at >= end || shift > 57) return false;
    byte = *(*at)++;
    size |= (size_t)(byte & 0x7f) << shift;
    shift += 7;
  } while (byte & 0x80);
  *out = size;
  return true;
}

/** Carries out the instructions of a delta; false when they do not make `size` bytes of `base`. */
static bool apply_delta(uint8_t *out, size_t size, const hf_object *base, const uint8_t *at, const uint8_t *end) {
  uint8_t *out_end = out + size;
  while (at < end) {
    uint8_t command = *at++;
    if (command & 0x80) {
      size_t from = 0, length = 0;
      for (unsigned i = 0; i < 4; i++) {
        if (!(command & 1u << i)) continue;
        if (at >= end) return false;
        from |= (size_t)*at++ << (8 * i);
      }
      for (unsigned i = 0; i < 3; i++) {
        if (!(command & 0x10u << i)) continue;
        if (at >= end) return false;
        length |= (size_t)*at++ << (8 * i);
      }
      if (length == 0) length = 0x10000;
      if (from > base->size || length > base->size - from || length > (size_t)(out_end - out)) return false;
      memcpy(out, base->data + from, length);
      out += length;
    } else {
      if (command == 0 || command > (size_t)(end - at) || command > (size_t)(out_end - out)) return false;
      memcpy(out, at, command);
      out += command;
      at += command;
    }
  }
  return out == out_end;
}

/** Replaces `*object`, a delta's base, by what the delta makes of it. */
static int apply(hf_object **object, const hf_pack *pack, uint64_t offset, const uint8_t *delta, size_t length, hf_error *err) {
  const uint8_t *at = delta, *end = delta + length;
  size_t base_size, size;
  if (!delta_size(&base_size, &at, end) || !delta_size(&size, &at, end) || base_size != (*object)->size || size / COPIED_RATIO_MAX > length)
    return fail_entry(pack, offset, err);
  hf_object *made = hf_object_new((*object)->type, size);
  if (!made) return hf_fail_memory(err);
  if (!apply_delta(made->data, size, *object, at, end)) {
    hf_object_free(made);
    return fail_entry(pack, offset, err);
  }
  hf_object_free(*object);
  *object = made;
  return HF_OK;
}

/** The same with a delta that has to be read. */
static int read_and_apply(hf_object **object, const hf_pack *pack, uint64_t offset, hf_error *err) {
  uint8_t head[HEAD_BYTES];
  pack_entry entry;
  ssize_t head_len = read_head(pack, offset, head, sizeof(head), err);
  if (head_len < 0) return (int)head_len;
  int rc = parse_entry(&entry, pack, offset, head, (size_t)head_len, err);
  if (rc < 0) return rc;
  uint8_t *delta = hf_thread_buffer(0, entry.size);
  if (!delta) return hf_fail_memory(err);
  rc = inflate_entry(pack, offset, &entry, head, (size_t)head_len, delta, err);
  return rc < 0 ? rc : apply(object, pack, offset, delta, entry.size, err);
}

/* ---- reading ---- */

/** A delta on the way from an object to the first one below it that is whole or cached. Small ones are inflated on the way. */
typedef struct {
  uint64_t offset;
  uint32_t at, length; /* in the arena; length 0: not there */
} step;

typedef struct {
  step local[64];
  step *steps;
  size_t count, capacity;
  uint8_t *arena;
  size_t used;
} chain;

static bool push(chain *own, step added) {
  if (own->count == own->capacity) {
    size_t capacity = own->capacity * 2;
    step *steps = capacity <= CHAIN_MAX * 2 ? malloc(capacity * sizeof(*steps)) : NULL;
    if (!steps) return false;
    memcpy(steps, own->steps, own->count * sizeof(*steps));
    if (own->steps != own->local) free(own->steps);
    own->steps = steps;
    own->capacity = capacity;
  }
  own->steps[own->count++] = added;
  return true;
}

static int push_delta(chain *deltas, const hf_pack *pack, uint64_t offset, const pack_entry *entry, const uint8_t *head, size_t head_len,
                      hf_error *err) {
  step added = {.offset = offset, .at = (uint32_t)deltas->used};
  if (entry->size <= SMALL_DELTA_BYTES && entry->size <= ARENA_BYTES - deltas->used) {
    int rc = inflate_entry(pack, offset, entry, head, head_len, deltas->arena + deltas->used, err);
    if (rc < 0) return rc;
    added.length = (uint32_t)entry->size;
    deltas->used += entry->size;
  }
  return push(deltas, added) ? HF_OK : hf_fail(err, HF_CORRUPT, "a chain of deltas without end in %s", pack->name);
}

/** The size of the object that a small delta makes, which is the first of its chain. */
static int size_of_small(size_t *size, const chain *deltas, const hf_pack *pack, uint64_t offset, hf_error *err) {
  const uint8_t *at = deltas->arena, *end = at + deltas->used;
  size_t base_size;
  return delta_size(&base_size, &at, end) && delta_size(size, &at, end) ? HF_OK : fail_entry(pack, offset, err);
}

/** The size of the object that an entry makes, which is the first of its chain. */
static int read_result_size(size_t *size, const hf_pack *pack, uint64_t offset, const pack_entry *entry, const uint8_t *head, size_t head_len,
                            hf_error *err) {
  hf_inflater inflater;
  uint8_t first[20];
  if (!entry->base) {
    *size = entry->size;
    return HF_OK;
  }
  int rc = hf_inflate_begin(&inflater, pack->pack_fd, offset + entry->header_len, head + entry->header_len, head_len - entry->header_len, err);
  if (rc < 0) return rc;
  ssize_t got = hf_inflate_some(&inflater, first, sizeof(first), err);
  if (got < 0) return (int)got;
  const uint8_t *at = first;
  size_t base_size;
  return delta_size(&base_size, &at, first + got) && delta_size(size, &at, first + got) ? HF_OK : fail_entry(pack, offset, err);
}

/** Goes down to an object that is there or stands whole in the pack, and notes the deltas on the way. */
static int descend(hf_object **out, chain *deltas, size_t *size, size_t limit, const hf_pack *pack, uint64_t offset, hf_error *err) {
  window own;
  own.at = own.length = 0;
  for (;;) {
    hf_cache_key key = key_of(pack, offset);
    if ((*out = hf_cache_get(&key))) return HF_OK;
    pack_entry entry;
    const uint8_t *head = own.bytes;
    ssize_t head_len = look(&head, &own, pack, offset, err);
    if (head_len < 0) return (int)head_len;
    int rc = parse_entry(&entry, pack, offset, head, (size_t)head_len, err);
    if (rc < 0) return rc;
    /* A small delta is inflated below, and tells it then. */
    bool first = limit < SIZE_MAX && deltas->count == 0;
    if (first && (!entry.base || entry.size > SMALL_DELTA_BYTES)) {
      rc = read_result_size(size, pack, offset, &entry, head, (size_t)head_len, err);
      if (rc < 0) return rc;
      if (*size > limit) return HF_TOO_LARGE;
    }
    if (!entry.base) {
      if ((rc = read_whole(out, pack, offset, &entry, head, (size_t)head_len, err)) == HF_OK) hf_cache_put(&key, *out);
      return rc;
    }
    if ((rc = push_delta(deltas, pack, offset, &entry, head, (size_t)head_len, err)) < 0) return rc;
    if (first && entry.size <= SMALL_DELTA_BYTES) {
      rc = size_of_small(size, deltas, pack, offset, err);
      if (rc < 0) return rc;
      if (*size > limit) return HF_TOO_LARGE;
    }
    offset = entry.base;
  }
}

static int read_object(hf_object **out, size_t *size, size_t limit, const hf_pack *pack, uint64_t offset, hf_error *err) {
  chain deltas;
  deltas.steps = deltas.local;
  deltas.count = deltas.used = 0;
  deltas.capacity = HF_ARRAY_SIZE(deltas.local);
  deltas.arena = hf_thread_buffer(1, ARENA_BYTES);
  if (!deltas.arena) return hf_fail_memory(err);
  hf_object *object = NULL;
  int rc = descend(&object, &deltas, size, limit, pack, offset, err);
  while (rc == HF_OK && deltas.count > 0) {
    const step *next = &deltas.steps[--deltas.count];
    rc = next->length > 0 ? apply(&object, pack, next->offset, deltas.arena + next->at, next->length, err)
                          : read_and_apply(&object, pack, next->offset, err);
    if (rc == HF_OK && deltas.count % CACHE_EVERY == 0) {
      hf_cache_key key = key_of(pack, next->offset);
      hf_cache_put(&key, object);
    }
  }
  if (deltas.steps != deltas.local) free(deltas.steps);
  if (rc < 0) hf_object_free(object);
  else *out = object;
  return rc;
}

int hf_pack_read(hf_object **out, size_t *size, size_t limit, hf_pack *pack, uint64_t offset, hf_error *err) {
  int rc = begin_use(pack, err);
  if (rc < 0) return rc;
  rc = read_object(out, size, limit, pack, offset, err);
  if (rc == HF_OK) *size = (*out)->size;
  end_use(pack);
  hf_thread_buffers_trim();
  return rc;
}

static int read_header(git_object_t *type, size_t *size, const hf_pack *pack, uint64_t offset, hf_error *err) {
  uint8_t head[256];
  for (size_t depth = 0;; depth++) {
    hf_cache_key key = key_of(pack, offset);
    hf_object *object = hf_cache_get(&key);
    if (object) {
      *type = object->type;
      if (depth == 0) *size = object->size;
      hf_object_free(object);
      return HF_OK;
    }
    pack_entry entry;
    ssize_t head_len = read_head(pack, offset, head, depth == 0 ? sizeof(head) : ENTRY_HEADER_BYTES, err);
    if (head_len < 0) return (int)head_len;
    int rc = parse_entry(&entry, pack, offset, head, (size_t)head_len, err);
    if (rc < 0) return rc;
    if (!entry.base) {
      *type = (git_object_t)entry.type;
      if (depth == 0) *size = entry.size;
      return HF_OK;
    }
    if (depth == 0 && (rc = read_result_size(size, pack, offset, &entry, head, (size_t)head_len, err)) < 0) return rc;
    if (depth > CHAIN_MAX) return hf_fail(err, HF_CORRUPT, "a chain of deltas without end in %s", pack->name);
    offset = entry.base;
  }
}

int hf_pack_read_header(git_object_t *type, size_t *size, hf_pack *pack, uint64_t offset, hf_error *err) {
  int rc = begin_use(pack, err);
  if (rc < 0) return rc;
  rc = read_header(type, size, pack, offset, err);
  end_use(pack);
  return rc;
}

static int open_stream(hf_inflater **out, git_object_t *type, size_t *size, const hf_pack *pack, uint64_t offset, hf_error *err) {
  uint8_t head[ENTRY_HEADER_BYTES];
  pack_entry entry;
  ssize_t head_len = read_head(pack, offset, head, sizeof(head), err);
  if (head_len < 0) return (int)head_len;
  int rc = parse_entry(&entry, pack, offset, head, (size_t)head_len, err);
  if (rc < 0) return rc;
  if (entry.base) return hf_fail(err, HF_UNSUPPORTED, "a delta cannot be streamed");
  int fd = fcntl(pack->pack_fd, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return hf_fail_os(err, errno, "open %s", pack->pack_path);
  *type = (git_object_t)entry.type;
  *size = entry.size;
  *out = hf_inflater_new(fd, offset + entry.header_len, err);
  return *out ? HF_OK : err->code;
}

int hf_pack_stream(hf_inflater **out, git_object_t *type, size_t *size, hf_pack *pack, uint64_t offset, hf_error *err) {
  int rc = begin_use(pack, err);
  if (rc < 0) return rc;
  rc = open_stream(out, type, size, pack, offset, err);
  end_use(pack);
  return rc;
}
