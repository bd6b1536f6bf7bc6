/*
 * Object directories: which packs there are, and loose objects. Like git, packs are asked first; what is found nowhere is looked
 * for once more after the pack folders were read anew, since git may have repacked in between.
 */
#include "store.h"
#include "pack.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

/* A folder that changed so shortly before it was read may have changed again with the same time stamp. */
#define RACY_NS 2000000000
#define LOOSE_HEADER_BYTES 64

typedef struct {
  char *path;
  char *pack_path;
  hf_pack **packs;
  size_t count;
  bool scanned, racy;
  ino_t inode;
  struct timespec modified;
} object_dir;

struct hf_store {
  pthread_rwlock_t lock; /* of the lists of packs */
  uint64_t generation;   /* of these lists: no two, of whatever store, have the same */
  uint64_t owner;        /* of loose objects in cache keys */
  object_dir *dirs;
  size_t count;
};

/* ---- which packs there are ---- */

static int by_name(const void *a, const void *b) { return strcmp(hf_pack_name(*(hf_pack *const *)a), hf_pack_name(*(hf_pack *const *)b)); }

static hf_pack *find_listed(hf_pack *const *packs, size_t count, const char *name) {
  for (size_t low = 0, high = count; low < high;) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp(name, hf_pack_name(packs[middle]));
    if (order == 0) return packs[middle];
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return NULL;
}

static bool is_index(const char *name, size_t *stem_len) {
  size_t length = strlen(name);
  *stem_len = length > 4 ? length - 4 : 0;
  return strncmp(name, "pack-", 5) == 0 && length > 9 && strcmp(name + *stem_len, ".idx") == 0;
}

/** Reads the folder; packs that are known stay open. With the write lock. */
static int scan(object_dir *dir, hf_error *err) {
  struct stat st = {0};
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  bool exists = stat(dir->pack_path, &st) == 0;
  DIR *handle = exists ? opendir(dir->pack_path) : NULL;
  if (exists && !handle && errno != ENOENT) return hf_fail_os(err, errno, "read %s", dir->pack_path);
  hf_pack **packs = NULL;
  size_t count = 0, capacity = 0;
  int rc = HF_OK;
  for (struct dirent *found; handle && rc == HF_OK && (found = readdir(handle));) {
    size_t stem_len;
    char name[sizeof(found->d_name)];
    if (!is_index(found->d_name, &stem_len)) continue;
    memcpy(name, found->d_name, stem_len);
    name[stem_len] = '\0';
    if (count == capacity) {
      capacity = capacity ? capacity * 2 : 8;
      hf_pack **grown = realloc(packs, capacity * sizeof(*packs));
      if (!grown) {
        rc = hf_fail_memory(err);
        break;
      }
      packs = grown;
    }
    hf_pack *known = find_listed(dir->packs, dir->count, name);
    hf_pack *pack = known ? hf_pack_retain(known) : hf_pack_new(dir->pack_path, name);
    if (pack) packs[count++] = pack;
    else rc = hf_fail_memory(err);
  }
  if (handle) closedir(handle);
  if (rc == HF_OK && count > 0) qsort(packs, count, sizeof(*packs), by_name);
  hf_pack **dropped = rc == HF_OK ? dir->packs : packs;
  size_t dropped_count = rc == HF_OK ? dir->count : count;
  if (rc == HF_OK) {
    dir->packs = packs;
    dir->count = count;
    dir->scanned = true;
    dir->inode = st.st_ino;
    dir->modified = st.st_mtim;
    dir->racy = (now.tv_sec - st.st_mtim.tv_sec) * 1000000000 + (now.tv_nsec - st.st_mtim.tv_nsec) < RACY_NS;
  }
  for (size_t i = 0; i < dropped_count; i++) hf_pack_release(dropped[i]);
  free(dropped);
  return rc;
}

/** `missed`: something was not found. Only then a folder that may have changed unseen is read again. */
static bool is_stale(const object_dir *dir, bool missed) {
  struct stat st = {0};
  if (!dir->scanned || (missed && dir->racy)) return true;
  if (stat(dir->pack_path, &st) < 0) return dir->inode != 0;
  return st.st_ino != dir->inode || st.st_mtim.tv_sec != dir->modified.tv_sec || st.st_mtim.tv_nsec != dir->modified.tv_nsec;
}

/** Reads folders that have changed; `*changed` says whether any was read. */
static int refresh(hf_store *store, bool *changed, hf_error *err) {
  int rc = HF_OK;
  *changed = false;
  pthread_rwlock_wrlock(&store->lock);
  for (size_t i = 0; rc == HF_OK && i < store->count; i++) {
    if (!is_stale(&store->dirs[i], true)) continue;
    *changed = true;
    rc = scan(&store->dirs[i], err);
  }
  if (*changed) store->generation = hf_cache_new_owner();
  pthread_rwlock_unlock(&store->lock);
  return rc;
}

uint64_t hf_store_generation(hf_store *store) {
  pthread_rwlock_rdlock(&store->lock);
  uint64_t generation = store->generation;
  pthread_rwlock_unlock(&store->lock);
  return generation;
}

int hf_store_check(hf_store *store, hf_error *err) {
  bool stale = false;
  pthread_rwlock_rdlock(&store->lock);
  for (size_t i = 0; !stale && i < store->count; i++) stale = is_stale(&store->dirs[i], false);
  pthread_rwlock_unlock(&store->lock);
  return stale ? refresh(store, &stale, err) : HF_OK;
}

hf_store *hf_store_new(const char *const *dirs, size_t count) {
  hf_store *store = calloc(1, sizeof(*store));
  if (!store) return NULL;
  pthread_rwlock_init(&store->lock, NULL);
  store->owner = hf_cache_new_owner();
  store->dirs = calloc(count, sizeof(*store->dirs));
  for (size_t i = 0; store->dirs && i < count; i++, store->count++) {
    store->dirs[i].path = strdup(dirs[i]);
    store->dirs[i].pack_path = hf_path_join(dirs[i], "pack", NULL);
    if (store->dirs[i].path && store->dirs[i].pack_path) continue;
    store->count++;
    break;
  }
  if (store->dirs && store->count == count && (count == 0 || store->dirs[count - 1].pack_path)) return store;
  hf_store_free(store);
  return NULL;
}

void hf_store_free(hf_store *store) {
  if (!store) return;
  for (size_t i = 0; i < store->count; i++) {
    object_dir *dir = &store->dirs[i];
    for (size_t j = 0; j < dir->count; j++) hf_pack_release(dir->packs[j]);
    free(dir->packs);
    free(dir->path);
    free(dir->pack_path);
  }
  free(store->dirs);
  pthread_rwlock_destroy(&store->lock);
  free(store);
}

/* ---- loose objects ---- */

static void loose_path(char *out, size_t size, const object_dir *dir, const git_oid *oid) {
  char hex[GIT_OID_HEXSZ + 1];
  git_oid_tostr(hex, sizeof(hex), oid);
  snprintf(out, size, "%s/%.2s/%s", dir->path, hex, hex + 2);
}

static hf_cache_key loose_key(const hf_store *store, const git_oid *oid) {
  hf_cache_key key = {.owner = store->owner};
  memcpy(&key.a, oid->id, 8);
  memcpy(&key.b, oid->id + 8, 8);
  memcpy(&key.c, oid->id + 16, 4);
  return key;
}

/** Parses `type size`, NUL; returns the length with the NUL, or 0. */
static size_t parse_loose_header(git_object_t *type, size_t *size, const uint8_t *bytes, size_t length) {
  const uint8_t *zero = memchr(bytes, 0, length), *space = memchr(bytes, ' ', length);
  if (!zero || !space || space > zero || space - bytes > 8 || zero - space < 2 || zero - space > 20) return 0;
  char name[16] = "";
  memcpy(name, bytes, (size_t)(space - bytes));
  *type = git_object_string2type(name);
  *size = 0;
  for (const uint8_t *digit = space + 1; digit < zero; digit++) {
    if (*digit < '0' || *digit > '9') return 0;
    *size = *size * 10 + (size_t)(*digit - '0');
  }
  return git_object_typeisloose(*type) ? (size_t)(zero - bytes) + 1 : 0;
}

/** Reads an open loose object; with `out` NULL only its header. HF_TOO_LARGE for more than `limit` bytes. */
static int read_open(hf_object **out, git_object_t *type, size_t *size, size_t limit, int fd, const char *path, hf_error *err) {
  hf_inflater inflater;
  uint8_t head[LOOSE_HEADER_BYTES];
  int rc = hf_inflate_begin(&inflater, fd, 0, NULL, 0, err);
  if (rc < 0) return rc;
  ssize_t got = hf_inflate_some(&inflater, head, sizeof(head), err);
  if (got < 0) return (int)got;
  size_t header_len = parse_loose_header(type, size, head, (size_t)got);
  if (header_len == 0) return hf_fail(err, HF_CORRUPT, "%s is no object", path);
  if (!out) return HF_OK;
  if (*size > limit) return HF_TOO_LARGE;
  size_t have = (size_t)got - header_len;
  hf_object *object = have <= *size ? hf_object_new(*type, *size) : NULL;
  if (!object) return have <= *size ? hf_fail_memory(err) : hf_fail(err, HF_CORRUPT, "%s is longer than it says", path);
  memcpy(object->data, head + header_len, have);
  if ((rc = hf_inflate_exactly(&inflater, object->data + have, *size - have, err)) == HF_OK) *out = object;
  else hf_object_free(object);
  return rc;
}

static int read_loose(hf_object **out, git_object_t *type, size_t *size, size_t limit, const object_dir *dir, const git_oid *oid, hf_error *err) {
  char path[4096];
  loose_path(path, sizeof(path), dir, oid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT || errno == ENOTDIR ? HF_NOT_FOUND : hf_fail_os(err, errno, "open %s", path);
  int rc = read_open(out, type, size, limit, fd, path, err);
  close(fd);
  return rc;
}

/** A cached loose object, if its file is still there. */
static hf_object *cached_loose(const hf_store *store, const hf_cache_key *key, const git_oid *oid) {
  hf_object *object = hf_cache_get(key);
  if (!object) return NULL;
  char path[4096];
  for (size_t i = 0; i < store->count; i++) {
    loose_path(path, sizeof(path), &store->dirs[i], oid);
    if (access(path, F_OK) == 0) return object;
  }
  hf_object_free(object);
  return NULL;
}

/** How often this thread has read a loose object. */
static _Thread_local uint64_t loose_reads;

uint64_t hf_loose_reads(void) { return loose_reads; }

static int read_any_loose(hf_object **out, git_object_t *type, size_t *size, size_t limit, hf_store *store, const git_oid *oid, hf_error *err) {
  hf_cache_key key = loose_key(store, oid);
  hf_object *object = cached_loose(store, &key, oid);
  int rc = object ? HF_OK : HF_NOT_FOUND;
  for (size_t i = 0; !object && rc != HF_OK && i < store->count; i++) {
    int tried = read_loose(out ? &object : NULL, type, size, limit, &store->dirs[i], oid, err);
    if (tried != HF_NOT_FOUND) rc = tried;
    if (rc == HF_TOO_LARGE) break;
  }
  if (rc == HF_OK || rc == HF_TOO_LARGE) loose_reads++;
  if (!object) return rc;
  *type = object->type;
  *size = object->size;
  if (!out) {
    hf_object_free(object);
    return HF_OK;
  }
  hf_cache_put(&key, object);
  *out = object;
  return HF_OK;
}

/* ---- both ---- */

/*
 * Where packed objects were found last, for all stores: most that is asked for is asked for again, and finding it takes two reads of
 * an index. A place holds for one generation of the lists of packs only.
 */
#define PLACES 16384
#define PLACE_LOCKS 64

typedef struct {
  uint64_t generation;
  git_oid oid;
  uint32_t dir, pack;
  uint64_t offset;
} place;

static place places[PLACES];
static pthread_mutex_t place_locks[PLACE_LOCKS] = {[0 ... PLACE_LOCKS - 1] = PTHREAD_MUTEX_INITIALIZER};

static size_t slot_of(const git_oid *oid) {
  uint32_t hash;
  memcpy(&hash, oid->id + 8, sizeof(hash));
  return hash % PLACES;
}

static bool recall(place *out, const hf_store *store, const git_oid *oid) {
  size_t slot = slot_of(oid);
  pthread_mutex_lock(&place_locks[slot % PLACE_LOCKS]);
  *out = places[slot];
  pthread_mutex_unlock(&place_locks[slot % PLACE_LOCKS]);
  return out->generation == store->generation && git_oid_equal(&out->oid, oid);
}

static void remember(const hf_store *store, const git_oid *oid, size_t dir, size_t pack, uint64_t offset) {
  size_t slot = slot_of(oid);
  pthread_mutex_lock(&place_locks[slot % PLACE_LOCKS]);
  places[slot] = (place){store->generation, *oid, (uint32_t)dir, (uint32_t)pack, offset};
  pthread_mutex_unlock(&place_locks[slot % PLACE_LOCKS]);
}

/**
 * The pack that has an object, retained, after `skip` others that have it too; NULL when there is none. What is wrong with a
 * pack stands in `*failure` then, since a damaged one must not keep others from being asked.
 */
static hf_pack *find_pack(uint64_t *offset, hf_store *store, const git_oid *oid, size_t skip, int *failure, hf_error *err) {
  hf_pack *pack = NULL;
  place known;
  pthread_rwlock_rdlock(&store->lock);
  if (skip == 0 && recall(&known, store, oid)) {
    *offset = known.offset;
    pack = hf_pack_retain(store->dirs[known.dir].packs[known.pack]);
  }
  for (size_t i = 0; !pack && i < store->count; i++) {
    const object_dir *dir = &store->dirs[i];
    for (size_t j = 0; !pack && j < dir->count; j++) {
      int rc = hf_pack_find(offset, dir->packs[j], oid, err);
      if (rc == HF_OK && skip-- == 0) {
        pack = hf_pack_retain(dir->packs[j]);
        remember(store, oid, i, j, *offset);
      } else if (rc < 0 && rc != HF_NOT_FOUND && rc != HF_NO_REPOSITORY) {
        *failure = rc;
      }
    }
  }
  pthread_rwlock_unlock(&store->lock);
  return pack;
}

/** Reads an object, or with `out` NULL its header, from wherever it is now. HF_TOO_LARGE for an object of more than `limit` bytes. */
static int read_once(hf_object **out, git_object_t *type, size_t *size, size_t limit, hf_store *store, const git_oid *oid, hf_error *err) {
  int failure = HF_NOT_FOUND;
  uint64_t offset;
  hf_pack *pack;
  for (size_t skip = 0; (pack = find_pack(&offset, store, oid, skip, &failure, err)); skip++) {
    int rc = out ? hf_pack_read(out, size, limit, pack, offset, err) : hf_pack_read_header(type, size, pack, offset, err);
    hf_pack_release(pack);
    if (rc == HF_OK || rc == HF_TOO_LARGE) return rc;
    if (rc != HF_NO_REPOSITORY) failure = rc;
  }
  hf_error loose_err;
  int rc = read_any_loose(out, type, size, limit, store, oid, &loose_err);
  if (rc == HF_NOT_FOUND) return failure;
  if (rc == HF_TOO_LARGE) return rc;
  if (rc < 0) *err = loose_err;
  return rc;
}

static int read_object(hf_object **out, git_object_t *type, size_t *size, size_t limit, hf_store *store, const git_oid *oid, hf_error *err) {
  int rc = read_once(out, type, size, limit, store, oid, err);
  if (rc == HF_NOT_FOUND) {
    bool changed;
    rc = refresh(store, &changed, err);
    if (rc == HF_OK) rc = changed ? read_once(out, type, size, limit, store, oid, err) : HF_NOT_FOUND;
  }
  if (rc == HF_OK || rc == HF_TOO_LARGE) return rc;
  char hex[GIT_OID_HEXSZ + 1];
  git_oid_tostr(hex, sizeof(hex), oid);
  if (rc == HF_NOT_FOUND) return hf_fail_about(err, HF_NOT_FOUND, hex, GIT_OID_HEXSZ, "object not found");
  if (rc < 0) memcpy(err->subject, hex, sizeof(hex));
  return rc;
}

int hf_store_read(hf_object **out, hf_store *store, const git_oid *oid, hf_error *err) {
  size_t size;
  return hf_store_read_up_to(out, &size, SIZE_MAX, store, oid, err);
}

int hf_store_read_up_to(hf_object **out, size_t *size, size_t limit, hf_store *store, const git_oid *oid, hf_error *err) {
  git_object_t type;
  return read_object(out, &type, size, limit, store, oid, err);
}

int hf_store_read_header(git_object_t *type, size_t *size, hf_store *store, const git_oid *oid, hf_error *err) {
  return read_object(NULL, type, size, SIZE_MAX, store, oid, err);
}

/* ---- streams ---- */

/** Inflates the header of a loose object byte by byte, so that what follows is the content. */
static int skip_loose_header(hf_inflater *inflater, git_object_t *type, size_t *size, hf_error *err) {
  uint8_t head[LOOSE_HEADER_BYTES];
  for (size_t length = 0; length < sizeof(head); length++) {
    ssize_t got = hf_inflate_some(inflater, head + length, 1, err);
    if (got < 0) return (int)got;
    if (got == 0) break;
    if (head[length] == 0) return parse_loose_header(type, size, head, length + 1) ? HF_OK : hf_fail(err, HF_CORRUPT, "a file that is no object");
  }
  return hf_fail(err, HF_CORRUPT, "a file that is no object");
}

static int stream_loose(hf_inflater **out, git_object_t *type, size_t *size, const object_dir *dir, const git_oid *oid, hf_error *err) {
  char path[4096];
  loose_path(path, sizeof(path), dir, oid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT || errno == ENOTDIR ? hf_fail(err, HF_NOT_FOUND, "object not found") : hf_fail_os(err, errno, "open %s", path);
  hf_inflater *inflater = hf_inflater_new(fd, 0, err);
  if (!inflater) return err->code;
  int rc = skip_loose_header(inflater, type, size, err);
  if (rc == HF_OK) *out = inflater;
  else hf_inflater_free(inflater);
  return rc;
}

int hf_store_stream(hf_inflater **out, git_object_t *type, size_t *size, hf_store *store, const git_oid *oid, hf_error *err) {
  int rc = HF_NOT_FOUND;
  uint64_t offset;
  hf_pack *pack = find_pack(&offset, store, oid, 0, &rc, err);
  if (pack) {
    rc = hf_pack_stream(out, type, size, pack, offset, err);
    hf_pack_release(pack);
    return rc;
  }
  rc = hf_fail(err, HF_NOT_FOUND, "object not found");
  for (size_t i = 0; rc == HF_NOT_FOUND && i < store->count; i++) rc = stream_loose(out, type, size, &store->dirs[i], oid, err);
  return rc;
}

/* ---- prefixes ---- */

static void add_found(git_oid *found, size_t *count, size_t max, const git_oid *oid) {
  for (size_t i = 0; i < *count; i++)
    if (git_oid_equal(&found[i], oid)) return;
  if (*count < max) found[(*count)++] = *oid;
}

static void find_loose_prefix(git_oid *found, size_t *count, size_t max, const object_dir *dir, const git_oid *prefix, size_t length) {
  char path[4096], hex[GIT_OID_HEXSZ + 1];
  snprintf(path, sizeof(path), "%s/%02x", dir->path, prefix->id[0]);
  DIR *handle = opendir(path);
  for (struct dirent *entry; handle && (entry = readdir(handle));) {
    git_oid oid;
    if (strlen(entry->d_name) != GIT_OID_HEXSZ - 2) continue;
    snprintf(hex, sizeof(hex), "%02x%.38s", prefix->id[0], entry->d_name);
    if (hf_oid_prefix(&oid, hex, GIT_OID_HEXSZ) == GIT_OID_HEXSZ && git_oid_ncmp(&oid, prefix, length) == 0) add_found(found, count, max, &oid);
  }
  if (handle) closedir(handle);
}

int hf_store_find_prefix(git_oid *found, size_t *count, size_t max, hf_store *store, const git_oid *prefix, size_t length, hf_error *err) {
  bool changed;
  int rc = refresh(store, &changed, err);
  pthread_rwlock_rdlock(&store->lock);
  for (size_t i = 0; rc == HF_OK && i < store->count; i++) {
    const object_dir *dir = &store->dirs[i];
    for (size_t j = 0; rc == HF_OK && j < dir->count; j++) {
      git_oid some[8];
      size_t some_count = 0;
      rc = hf_pack_find_prefix(some, &some_count, HF_ARRAY_SIZE(some), dir->packs[j], prefix, length, err);
      if (rc == HF_NO_REPOSITORY) rc = HF_OK;
      for (size_t k = 0; k < some_count; k++) add_found(found, count, max, &some[k]);
    }
    find_loose_prefix(found, count, max, dir, prefix, length);
  }
  pthread_rwlock_unlock(&store->lock);
  return rc;
}
