/*
 * Quarantines: new objects that the repository does not have yet. A quarantine is named by its object directory, which storage
 * makes. Objects that we write are kept in memory, so that a commit of one file touches the disk once, when it is accepted;
 * child processes write files into the directory, and large objects go there at once.
 *
 * A view of a quarantine reads from three places: the memory, the repository, the directory.
 * Migration writes or moves everything into the repository: all files are flushed side by side, then named, then all folders
 * are flushed side by side. Two waits for the disk, however many objects there are.
 */
#include "loose.h"
#include "repository.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUCKETS 64
#define LARGE_OBJECT_BYTES (4 * 1024 * 1024)
/* What one quarantine keeps in memory; further objects go to its directory. */
#define MEMORY_BYTES_MAX (32 * 1024 * 1024)
#define MEMORY_OBJECTS_MAX 50000
/* More than this is deflated on several threads. */
#define SHARE_BYTES (256 * 1024)
#define SHARE_OBJECTS 32
#define SHARES 4
/* Files that are open at once. */
#define WAVE 256

typedef struct memory_object {
  struct memory_object *next; /* in the bucket */
  git_oid oid;
  hf_object *object;
  bool on_disk; /* stands in the quarantine's directory too */
} memory_object;

/* Folders of an object directory. */
typedef struct {
  bool fan_out[256];
  bool pack;
  bool root; /* the object directory itself: it gets a folder */
} folder_set;

struct hf_quarantine {
  hf_quarantine *next;
  char *dir;
  hf_entry *entry;
  unsigned users; /* views, plus one for the table */
  bool listed;
  pthread_mutex_t lock; /* of what follows */
  hf_store *disk;       /* the directory, once there is one */
  memory_object **buckets;
  size_t bucket_count;
  size_t count;
  size_t bytes;
  folder_set unflushed; /* of the repository, after a migration */
};

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static hf_quarantine *table[BUCKETS];

/* ---- objects in memory ---- */

static size_t bucket_of(const hf_quarantine *quarantine, const git_oid *oid) {
  size_t hash;
  memcpy(&hash, oid->id, sizeof(hash));
  return hash & (quarantine->bucket_count - 1);
}

static memory_object *find_object(hf_quarantine *quarantine, const git_oid *oid) {
  if (quarantine->count == 0) return NULL;
  for (memory_object *object = quarantine->buckets[bucket_of(quarantine, oid)]; object; object = object->next)
    if (git_oid_equal(&object->oid, oid)) return object;
  return NULL;
}

static bool make_room(hf_quarantine *quarantine) {
  if (quarantine->count < quarantine->bucket_count) return true;
  size_t before = quarantine->bucket_count;
  size_t wanted = before ? before * 4 : 64;
  memory_object **buckets = calloc(wanted, sizeof(*buckets));
  if (!buckets) return before > 0;
  memory_object **old = quarantine->buckets;
  quarantine->buckets = buckets;
  quarantine->bucket_count = wanted;
  for (size_t i = 0; i < before; i++) {
    for (memory_object *object = old[i], *next; object; object = next) {
      next = object->next;
      memory_object **bucket = &buckets[bucket_of(quarantine, &object->oid)];
      object->next = *bucket;
      *bucket = object;
    }
  }
  free(old);
  return true;
}

/** Makes a quarantine's directory, or the folder `name` of it. */
static int make_directory(const char *dir, const char *name, hf_error *err) {
  char *path = name ? hf_path_join(dir, name, NULL) : strdup(dir);
  if (!path) return hf_fail_memory(err);
  int rc = mkdir(path, 0777) == 0 || errno == EEXIST ? HF_OK : hf_fail_os(err, errno, "make %s", path);
  free(path);
  return rc;
}

int hf_quarantine_put(hf_quarantine *quarantine, const git_oid *oid, git_object_t type, const void *data, size_t size, hf_error *err) {
  pthread_mutex_lock(&quarantine->lock);
  if (size > LARGE_OBJECT_BYTES || quarantine->bytes + size > MEMORY_BYTES_MAX || quarantine->count >= MEMORY_OBJECTS_MAX) {
    pthread_mutex_unlock(&quarantine->lock);
    int made = make_directory(quarantine->dir, NULL, err);
    return made < 0 ? made : hf_loose_write(quarantine->dir, oid, type, data, size, err);
  }
  int rc = HF_OK;
  if (!find_object(quarantine, oid)) {
    memory_object *added = make_room(quarantine) ? calloc(1, sizeof(*added)) : NULL;
    if (added) added->object = hf_object_new(type, size);
    if (added && added->object) {
      added->oid = *oid;
      if (size) memcpy(added->object->data, data, size);
      memory_object **bucket = &quarantine->buckets[bucket_of(quarantine, oid)];
      added->next = *bucket;
      *bucket = added;
      quarantine->count++;
      quarantine->bytes += size;
    } else {
      free(added);
      rc = hf_fail_memory(err);
    }
  }
  pthread_mutex_unlock(&quarantine->lock);
  return rc;
}

/* ---- reading ---- */

hf_object *hf_quarantine_find(hf_quarantine *quarantine, const git_oid *oid) {
  pthread_mutex_lock(&quarantine->lock);
  memory_object *found = find_object(quarantine, oid);
  hf_object *object = found ? hf_object_retain(found->object) : NULL;
  pthread_mutex_unlock(&quarantine->lock);
  return object;
}

void hf_quarantine_find_prefix(git_oid *found, size_t *count, size_t max, hf_quarantine *quarantine, const git_oid *prefix, size_t length) {
  pthread_mutex_lock(&quarantine->lock);
  for (size_t i = 0; i < quarantine->bucket_count; i++)
    for (const memory_object *object = quarantine->buckets[i]; object && *count < max; object = object->next)
      if (git_oid_ncmp(&object->oid, prefix, length) == 0) found[(*count)++] = object->oid;
  pthread_mutex_unlock(&quarantine->lock);
}

hf_store *hf_quarantine_store(hf_quarantine *quarantine) {
  pthread_mutex_lock(&quarantine->lock);
  if (!quarantine->disk && access(quarantine->dir, F_OK) == 0) {
    const char *dir = quarantine->dir;
    quarantine->disk = hf_store_new(&dir, 1);
  }
  hf_store *disk = quarantine->disk;
  pthread_mutex_unlock(&quarantine->lock);
  return disk;
}

/* ---- the table of quarantines ---- */

static void free_quarantine(hf_quarantine *quarantine) {
  hf_store_free(quarantine->disk);
  for (size_t i = 0; i < quarantine->bucket_count; i++) {
    for (memory_object *object = quarantine->buckets[i], *next; object; object = next) {
      next = object->next;
      hf_object_free(object->object);
      free(object);
    }
  }
  free(quarantine->buckets);
  pthread_mutex_destroy(&quarantine->lock);
  if (quarantine->entry) hf_entry_release(quarantine->entry);
  free(quarantine->dir);
  free(quarantine);
}

static int make_quarantine(hf_quarantine **out, hf_entry *entry, const char *dir, hf_error *err) {
  hf_quarantine *quarantine = calloc(1, sizeof(*quarantine));
  if (!quarantine) return hf_fail_memory(err);
  pthread_mutex_init(&quarantine->lock, NULL);
  quarantine->dir = strdup(dir);
  if (!quarantine->dir || !make_room(quarantine)) {
    free_quarantine(quarantine);
    return hf_fail_memory(err);
  }
  hf_entry_retain(entry);
  quarantine->entry = entry;
  *out = quarantine;
  return HF_OK;
}

static hf_quarantine **slot_of(const char *dir) {
  uint64_t hash = 14695981039346656037u;
  for (const char *at = dir; *at; at++) hash = (hash ^ (uint8_t)*at) * 1099511628211u;
  return &table[(hash ^ hash >> 32) % BUCKETS];
}

static hf_quarantine *find_quarantine(const char *dir) {
  hf_quarantine *quarantine = *slot_of(dir);
  while (quarantine && strcmp(quarantine->dir, dir) != 0) quarantine = quarantine->next;
  return quarantine;
}

int hf_quarantine_acquire(hf_quarantine **out, hf_entry *entry, const char *dir, hf_error *err) {
  pthread_mutex_lock(&table_lock);
  hf_quarantine *quarantine = find_quarantine(dir);
  if (quarantine) quarantine->users++;
  pthread_mutex_unlock(&table_lock);
  if (quarantine) {
    *out = quarantine;
    return HF_OK;
  }
  hf_quarantine *fresh = NULL;
  int rc = make_quarantine(&fresh, entry, dir, err);
  if (rc < 0) return rc;
  pthread_mutex_lock(&table_lock);
  quarantine = find_quarantine(dir);
  if (!quarantine) {
    hf_quarantine **slot = slot_of(dir);
    fresh->next = *slot;
    *slot = fresh;
    fresh->listed = true;
    fresh->users = 1;
    quarantine = fresh;
    fresh = NULL;
  }
  quarantine->users++;
  pthread_mutex_unlock(&table_lock);
  if (fresh) free_quarantine(fresh);
  *out = quarantine;
  return HF_OK;
}

void hf_quarantine_release(hf_quarantine *quarantine) {
  pthread_mutex_lock(&table_lock);
  bool last = --quarantine->users == 0;
  pthread_mutex_unlock(&table_lock);
  if (last) free_quarantine(quarantine);
}

void hf_quarantine_usage(size_t *count, size_t *bytes) {
  *count = 0;
  *bytes = 0;
  pthread_mutex_lock(&table_lock);
  for (size_t i = 0; i < BUCKETS; i++) {
    for (hf_quarantine *quarantine = table[i]; quarantine; quarantine = quarantine->next) {
      pthread_mutex_lock(&quarantine->lock);
      *count += 1;
      *bytes += quarantine->bytes;
      pthread_mutex_unlock(&quarantine->lock);
    }
  }
  pthread_mutex_unlock(&table_lock);
}

/* ---- what is to be written or moved ---- */

/** One file that must reach the repository (or, when materializing, the quarantine's directory). */
typedef struct {
  memory_object *object;       /* to be written; or NULL: */
  hf_loose_file file;          /* what was written of it */
  char *source;                /* to be moved */
  char *target;
  int rank; /* order in which packs' files are named; 0 for loose objects */
  hf_error err;
  int rc;
} transfer;

typedef struct {
  transfer *items;
  size_t count, capacity;
  size_t bytes;  /* of the objects to be written */
  size_t shares; /* in which they are written */
  size_t first, end; /* of the wave that is carried out */
  const char *objects_dir;
  bool flush;
  folder_set folders; /* that get something */
} plan;

static transfer *add_transfer(plan *work) {
  if (work->count == work->capacity) {
    size_t capacity = work->capacity ? work->capacity * 2 : 16;
    transfer *items = realloc(work->items, capacity * sizeof(*items));
    if (!items) return NULL;
    work->items = items;
    work->capacity = capacity;
  }
  transfer *item = &work->items[work->count++];
  memset(item, 0, sizeof(*item));
  item->file.fd = -1;
  return item;
}

static void free_plan(plan *work) {
  for (size_t i = 0; i < work->count; i++) {
    hf_loose_abort(&work->items[i].file);
    free(work->items[i].source);
    free(work->items[i].target);
  }
  free(work->items);
}

/** Plans the objects in memory; those that stand in the directory as well are moved from there when migrating. */
static int plan_memory(plan *work, hf_quarantine *quarantine, hf_error *err) {
  int rc = HF_OK;
  pthread_mutex_lock(&quarantine->lock);
  for (size_t i = 0; rc == HF_OK && i < quarantine->bucket_count; i++) {
    for (memory_object *object = quarantine->buckets[i]; object; object = object->next) {
      if (object->on_disk) continue;
      transfer *item = add_transfer(work);
      if (!item) {
        rc = hf_fail_memory(err);
        break;
      }
      item->object = object;
      work->bytes += object->object->size;
      work->folders.fan_out[object->oid.id[0]] = true;
    }
  }
  pthread_mutex_unlock(&quarantine->lock);
  return rc;
}

static bool is_hex(const char *text, size_t length) {
  return strlen(text) == length && strspn(text, "0123456789abcdef") == length;
}

static int plan_file(plan *work, const char *folder, const char *subfolder, const char *name, int rank, hf_error *err) {
  transfer *item = add_transfer(work);
  if (!item) return hf_fail_memory(err);
  item->source = hf_path_join(folder, name, NULL);
  item->target = hf_path_join(work->objects_dir, subfolder, name, NULL);
  item->rank = rank;
  return item->source && item->target ? HF_OK : hf_fail_memory(err);
}

/** A pack is found by its index, so that comes last; a .keep protects it before it is there. */
static int rank_of_pack_file(const char *name) {
  const char *dot = strrchr(name, '.');
  if (strncmp(name, "pack-", 5) != 0 || !dot) return 0;
  if (strcmp(dot, ".keep") == 0) return 1;
  if (strcmp(dot, ".pack") == 0) return 2;
  if (strcmp(dot, ".idx") == 0) return 4;
  static const char *const others[] = {".rev", ".mtimes", ".promisor", ".bitmap"};
  for (size_t i = 0; i < HF_ARRAY_SIZE(others); i++)
    if (strcmp(dot, others[i]) == 0) return 3;
  return 0;
}

static int plan_folder(plan *work, const char *dir, const char *subfolder, hf_error *err) {
  char *folder = hf_path_join(dir, subfolder, NULL);
  if (!folder) return hf_fail_memory(err);
  DIR *handle = opendir(folder);
  int rc = HF_OK;
  bool is_pack = strcmp(subfolder, "pack") == 0;
  if (!handle && errno != ENOENT) rc = hf_fail_os(err, errno, "read %s", folder);
  for (struct dirent *found; rc == HF_OK && handle && (found = readdir(handle));) {
    int rank = is_pack ? rank_of_pack_file(found->d_name) : 0;
    if (is_pack ? rank == 0 : !is_hex(found->d_name, GIT_OID_HEXSZ - 2)) continue;
    rc = plan_file(work, folder, subfolder, found->d_name, rank, err);
    if (is_pack) work->folders.pack = true;
    else work->folders.fan_out[strtoul(subfolder, NULL, 16)] = true;
  }
  if (handle) closedir(handle);
  free(folder);
  return rc;
}

static int plan_directory(plan *work, const char *dir, hf_error *err) {
  DIR *handle = opendir(dir);
  if (!handle) return errno == ENOENT ? HF_OK : hf_fail_os(err, errno, "read %s", dir);
  int rc = HF_OK;
  for (struct dirent *found; rc == HF_OK && (found = readdir(handle));)
    if (is_hex(found->d_name, 2) || strcmp(found->d_name, "pack") == 0) rc = plan_folder(work, dir, found->d_name, err);
  closedir(handle);
  return rc;
}

static int make_folders(plan *work, hf_error *err) {
  int rc = HF_OK;
  for (unsigned i = 0; rc == HF_OK && i < 256; i++) {
    bool made = false;
    if (!work->folders.fan_out[i]) continue;
    rc = hf_loose_make_folder(work->objects_dir, (uint8_t)i, &made, err);
    work->folders.root |= made;
  }
  if (rc < 0 || !work->folders.pack) return rc;
  char *path = hf_path_join(work->objects_dir, "pack", NULL);
  if (!path) return hf_fail_memory(err);
  if (mkdir(path, 0777) == 0) work->folders.root = true;
  else if (errno != EEXIST) rc = hf_fail_os(err, errno, "make %s", path);
  free(path);
  return rc;
}

static int write_one(transfer *item, hf_loose_writer *writer, hf_error *err) {
  const hf_object *object = item->object->object;
  int rc = hf_loose_begin(&item->file, writer, &item->object->oid, object->type, object->data, object->size, err);
  if (rc == HF_OK) hf_loose_send(&item->file);
  return rc;
}

/** Writes every n-th object. Runs on several threads. */
static void write_share(void *context, size_t share) {
  plan *work = context;
  hf_loose_writer writer;
  hf_error err;
  int rc = hf_loose_writer_open(&writer, work->objects_dir, &err);
  for (size_t i = work->first + share; i < work->end; i += work->shares) {
    transfer *item = &work->items[i];
    if (!item->object) continue;
    if (rc == HF_OK) item->rc = write_one(item, &writer, &item->err);
    else {
      item->rc = rc;
      item->err = err;
    }
  }
  if (rc == HF_OK) hf_loose_writer_close(&writer);
}

/** Flushes one file, just written or about to be moved. Runs on several threads. */
static void flush_one(void *context, size_t index) {
  plan *work = context;
  transfer *item = &work->items[work->first + index];
  item->rc = item->object ? hf_loose_flush(&item->file, &item->err) : hf_fsync_path(item->source, &item->err);
}

static int first_failure(const plan *work, hf_error *err) {
  for (size_t i = work->first; i < work->end; i++) {
    if (work->items[i].rc == HF_OK) continue;
    *err = work->items[i].err;
    return work->items[i].rc;
  }
  return HF_OK;
}

static int by_rank(const void *a, const void *b) { return ((const transfer *)a)->rank - ((const transfer *)b)->rank; }

typedef struct {
  char *path;
  hf_error err;
  int rc;
} folder_flush;

static void flush_folder(void *context, size_t index) {
  folder_flush *folder = &((folder_flush *)context)[index];
  folder->rc = folder->path ? hf_fsync_path(folder->path, &folder->err) : hf_fail_memory(&folder->err);
}

static int flush_folders(const plan *work, hf_error *err) {
  folder_flush folders[258] = {0};
  size_t count = 0;
  char name[3];
  for (unsigned i = 0; i < 256; i++) {
    if (!work->folders.fan_out[i]) continue;
    snprintf(name, sizeof(name), "%02x", i);
    folders[count++].path = hf_path_join(work->objects_dir, name, NULL);
  }
  if (work->folders.pack) folders[count++].path = hf_path_join(work->objects_dir, "pack", NULL);
  if (work->folders.root) folders[count++].path = strdup(work->objects_dir);
  hf_parallel(flush_folder, folders, count);
  int rc = HF_OK;
  for (size_t i = 0; i < count; i++) {
    if (folders[i].rc < 0 && rc == HF_OK) {
      *err = folders[i].err;
      rc = folders[i].rc;
    }
    free(folders[i].path);
  }
  return rc;
}

/** Writes, flushes and names a part of what was planned. */
static int carry_out_wave(plan *work, hf_error *err) {
  hf_parallel(write_share, work, work->shares);
  int rc = first_failure(work, err);
  if (rc < 0) return rc;
  if (work->flush) hf_parallel(flush_one, work, work->end - work->first);
  if ((rc = first_failure(work, err)) < 0) return rc;
  for (size_t i = work->first; rc == HF_OK && i < work->end; i++) {
    transfer *item = &work->items[i];
    if (item->object) rc = hf_loose_commit(&item->file, err);
    else if (rename(item->source, item->target) < 0) rc = hf_fail_os(err, errno, "move %s", item->source);
  }
  return rc;
}

/** Does what was planned, up to the point where everything has its name. */
static int carry_out(plan *work, hf_error *err) {
  int rc = make_folders(work, err);
  if (rc < 0) return rc;
  qsort(work->items, work->count, sizeof(*work->items), by_rank);
  work->shares = work->bytes > SHARE_BYTES || work->count > SHARE_OBJECTS ? SHARES : 1;
  for (work->first = 0; rc == HF_OK && work->first < work->count; work->first = work->end) {
    work->end = work->count - work->first > WAVE ? work->first + WAVE : work->count;
    rc = carry_out_wave(work, err);
  }
  return rc;
}

int hf_quarantine_materialize(const char *gitdir, const char *dir, hf_error *err) {
  hf_repo repo;
  int rc = hf_repo_open(&repo, gitdir, dir, err);
  if (rc < 0) return rc;
  plan work = {.objects_dir = dir, .flush = false};
  if ((rc = make_directory(dir, NULL, err)) == HF_OK && (rc = plan_memory(&work, repo.quarantine, err)) == HF_OK) rc = carry_out(&work, err);
  if (rc == HF_OK) {
    pthread_mutex_lock(&repo.quarantine->lock);
    for (size_t i = 0; i < work.count; i++) work.items[i].object->on_disk = true;
    pthread_mutex_unlock(&repo.quarantine->lock);
  }
  free_plan(&work);
  hf_repo_close(&repo);
  return rc;
}

/** Adds folders to those that a later flush is to reach. */
static void remember_unflushed(hf_quarantine *quarantine, const folder_set *folders) {
  pthread_mutex_lock(&quarantine->lock);
  for (size_t i = 0; i < 256; i++) quarantine->unflushed.fan_out[i] |= folders->fan_out[i];
  quarantine->unflushed.pack |= folders->pack;
  quarantine->unflushed.root |= folders->root;
  pthread_mutex_unlock(&quarantine->lock);
}

int hf_quarantine_migrate(const char *gitdir, const char *dir, hf_error *err) {
  hf_repo repo;
  int rc = hf_repo_open(&repo, gitdir, dir, err);
  if (rc < 0) return rc;
  plan work = {.objects_dir = hf_entry_objects_dir(repo.entry), .flush = true};
  if ((rc = plan_directory(&work, dir, err)) == HF_OK && (rc = plan_memory(&work, repo.quarantine, err)) == HF_OK &&
      (rc = carry_out(&work, err)) == HF_OK)
    remember_unflushed(repo.quarantine, &work.folders);
  free_plan(&work);
  hf_repo_close(&repo);
  return rc;
}

int hf_quarantine_flush(const char *gitdir, const char *dir, hf_error *err) {
  hf_repo repo;
  int rc = hf_repo_open(&repo, gitdir, dir, err);
  if (rc < 0) return rc;
  plan work = {.objects_dir = hf_entry_objects_dir(repo.entry)};
  pthread_mutex_lock(&repo.quarantine->lock);
  work.folders = repo.quarantine->unflushed;
  pthread_mutex_unlock(&repo.quarantine->lock);
  rc = flush_folders(&work, err);
  hf_repo_close(&repo);
  return rc;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk) {
  (void)st;
  (void)kind;
  (void)walk;
  return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

bool hf_quarantine_forget(const char *dir) {
  pthread_mutex_lock(&table_lock);
  hf_quarantine **at = slot_of(dir);
  while (*at && strcmp((*at)->dir, dir) != 0) at = &(*at)->next;
  hf_quarantine *quarantine = *at;
  bool last = false;
  if (quarantine) {
    *at = quarantine->next;
    quarantine->listed = false;
    last = --quarantine->users == 0;
  }
  pthread_mutex_unlock(&table_lock);
  if (last) free_quarantine(quarantine);
  return rmdir(dir) == 0 || errno == ENOENT;
}

int hf_quarantine_discard(const char *dir, hf_error *err) {
  if (hf_quarantine_forget(dir)) return HF_OK;
  if (nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 && errno != ENOENT)
    return hf_fail_os(err, errno, "remove %s", dir);
  return HF_OK;
}
