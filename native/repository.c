/*
 * Open repositories. For each git directory one store of objects is shared by all threads, beside a stack of idle git_repository
 * handles, each of which belongs to one view at a time and reads through that store.
 *
 * Nothing tells us what git does beside us, so each opening of a view compares a few files by stat: the directory itself, its
 * configuration, its alternates and theirs, its pack folders. A change of the packs is taken in; any other starts a new entry, and
 * views that use the old one keep it until they close. What is new without such a trace (a loose object) is simply read.
 */
#include "repository.h"
#include <errno.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>
#include <malloc.h>
#include <pthread.h>
#include <time.h>

#define BUCKETS 1024
#define IDLE_HANDLES_MAX 8
#define ALTERNATES_DEPTH_MAX 5
#define SWEEP_INTERVAL_MS 1000

/** What a file was when it was looked at. A missing file is all zeros. */
typedef struct {
  dev_t device;
  ino_t inode;
  off_t size;
  struct timespec modified;
} stamp;

typedef struct {
  char *path;
  bool identity_only; /* the directory changes with every lock file in it: only whether it is the same one counts */
  stamp seen;
} watch;

typedef struct idle_handle {
  struct idle_handle *next;
  git_repository *git;
} idle_handle;

struct hf_entry {
  hf_entry *next_in_bucket;
  hf_entry *newer, *older;
  char *gitdir;
  char *objects_dir;
  watch *watches;
  size_t watch_count;
  hf_store *store;
  idle_handle *idle;
  unsigned idle_count;
  unsigned users; /* views and quarantines, plus one for the table */
  bool listed;
  uint64_t used_ms;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static hf_entry *buckets[BUCKETS];
static hf_entry *newest, *oldest;
static size_t listed_count;
static uint64_t swept_ms;
static hf_limits limits = {
  .repositories_max = 64,
  .idle_ms = 60000,
  .cache_bytes = 12 * 1024 * 1024,
};

static uint64_t now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

void hf_set_limits(const hf_limits *given) {
  pthread_mutex_lock(&lock);
  if (given->repositories_max) limits.repositories_max = given->repositories_max;
  if (given->idle_ms) limits.idle_ms = given->idle_ms;
  if (given->cache_bytes) limits.cache_bytes = given->cache_bytes;
  hf_cache_set_limit(limits.cache_bytes);
  pthread_mutex_unlock(&lock);
}

static void start_once(void) {
  /* Few arenas: jobs run on many threads, and memory that one thread freed should serve the next. */
  mallopt(M_ARENA_MAX, 2);
  if (git_libgit2_init() < 0) return;
  for (int level = GIT_CONFIG_LEVEL_PROGRAMDATA; level <= GIT_CONFIG_LEVEL_GLOBAL; level++)
    git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
  git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
  /* Objects come from our own store, which has a cache. As git itself, it trusts packs until fsck. */
  git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
  git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
  git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 0);
  /* Known, and harmless for a bare repository; their values are looked at below. */
  const char *extensions[] = {"preciousobjects", "worktreeconfig", "objectformat", "refstorage"};
  git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions, HF_ARRAY_SIZE(extensions));
  hf_cache_set_limit(limits.cache_bytes);
}

int hf_start(hf_error *err) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, start_once);
  int major = 0, minor = 0, revision = 0;
  git_libgit2_version(&major, &minor, &revision);
  if (major < 1 || (major == 1 && minor < 5)) return hf_fail(err, HF_UNSUPPORTED, "libgit2 %d.%d is too old; 1.5 is needed", major, minor);
  return HF_OK;
}

/* ---- watched files ---- */

static void look(stamp *out, const char *path, bool identity_only) {
  struct stat st;
  memset(out, 0, sizeof(*out));
  if (stat(path, &st) < 0) return;
  out->device = st.st_dev;
  out->inode = st.st_ino;
  if (identity_only) return;
  out->size = S_ISDIR(st.st_mode) ? 0 : st.st_size;
  out->modified = st.st_mtim;
}

static bool same(const stamp *a, const stamp *b) {
  return a->device == b->device && a->inode == b->inode && a->size == b->size && a->modified.tv_sec == b->modified.tv_sec &&
         a->modified.tv_nsec == b->modified.tv_nsec;
}

static bool unchanged(const hf_entry *entry) {
  for (size_t i = 0; i < entry->watch_count; i++) {
    stamp now;
    look(&now, entry->watches[i].path, entry->watches[i].identity_only);
    if (!same(&now, &entry->watches[i].seen)) return false;
  }
  return true;
}

/** Takes over `path`. */
static int add_watch(hf_entry *entry, char *path, bool identity_only, hf_error *err) {
  watch *watches = path ? realloc(entry->watches, (entry->watch_count + 1) * sizeof(*watches)) : NULL;
  if (!watches) {
    free(path);
    return hf_fail_memory(err);
  }
  entry->watches = watches;
  watch *added = &watches[entry->watch_count++];
  added->path = path;
  added->identity_only = identity_only;
  look(&added->seen, path, identity_only);
  return HF_OK;
}

/** The object directories of a repository: its own, and those that alternates name. */
typedef struct {
  char **paths;
  size_t count;
} directories;

static void free_directories(directories *dirs) {
  for (size_t i = 0; i < dirs->count; i++) free(dirs->paths[i]);
  free(dirs->paths);
}

/** Adds a directory and watches its list of alternates, then adds those. Takes over `path`. */
static int add_directory(hf_entry *entry, directories *dirs, char *path, int depth, hf_error *err) {
  char **paths = path ? realloc(dirs->paths, (dirs->count + 1) * sizeof(*paths)) : NULL;
  if (!paths) {
    free(path);
    return hf_fail_memory(err);
  }
  dirs->paths = paths;
  dirs->paths[dirs->count++] = path;
  char *alternates = hf_path_join(path, "info/alternates", NULL);
  int rc = add_watch(entry, alternates, false, err);
  if (rc < 0) return rc;
  FILE *file = depth < ALTERNATES_DEPTH_MAX ? fopen(alternates, "re") : NULL;
  if (!file) return HF_OK;
  char *line = NULL;
  size_t capacity = 0;
  ssize_t length;
  while (rc == HF_OK && (length = getline(&line, &capacity, file)) > 0) {
    if (line[length - 1] == '\n') line[--length] = '\0';
    if (length == 0 || line[0] == '#') continue;
    rc = add_directory(entry, dirs, line[0] == '/' ? strdup(line) : hf_path_join(path, line, NULL), depth + 1, err);
  }
  free(line);
  fclose(file);
  return rc;
}

/* ---- libgit2's view of our objects ---- */

typedef struct {
  git_odb_backend parent;
  hf_store *store;
  hf_quarantine *quarantine;
} view_backend;

static int git_code(int rc, const hf_error *err) {
  if (rc == HF_NOT_FOUND) return GIT_ENOTFOUND;
  if (rc == HF_AMBIGUOUS) return GIT_EAMBIGUOUS;
  if (rc < 0) git_error_set_str(rc == HF_MEMORY ? GIT_ERROR_NOMEMORY : rc == HF_OS ? GIT_ERROR_OS : GIT_ERROR_ODB, err->message);
  return rc < 0 ? -1 : 0;
}

static int view_read(void **data, size_t *size, git_object_t *type, git_odb_backend *backend, const git_oid *oid) {
  view_backend *view = (view_backend *)backend;
  hf_object *object;
  hf_error err;
  int rc = hf_objects_read(&object, view->store, view->quarantine, oid, &err);
  if (rc < 0) return git_code(rc, &err);
  *size = object->size;
  *type = object->type;
  *data = git_odb_backend_data_alloc(backend, object->size + 1);
  if (*data) memcpy(*data, object->data, object->size + 1);
  hf_object_free(object);
  return *data ? 0 : -1;
}

static int view_read_header(size_t *size, git_object_t *type, git_odb_backend *backend, const git_oid *oid) {
  view_backend *view = (view_backend *)backend;
  hf_error err;
  return git_code(hf_objects_read_header(type, size, view->store, view->quarantine, oid, &err), &err);
}

static int view_exists(git_odb_backend *backend, const git_oid *oid) {
  size_t size;
  git_object_t type;
  return view_read_header(&size, &type, backend, oid) == 0;
}

static int view_exists_prefix(git_oid *out, git_odb_backend *backend, const git_oid *prefix, size_t length) {
  view_backend *view = (view_backend *)backend;
  hf_error err;
  return git_code(hf_objects_find_prefix(out, view->store, view->quarantine, prefix, length, &err), &err);
}

static int view_read_prefix(git_oid *out, void **data, size_t *size, git_object_t *type, git_odb_backend *backend, const git_oid *prefix,
                            size_t length) {
  int rc = view_exists_prefix(out, backend, prefix, length);
  return rc < 0 ? rc : view_read(data, size, type, backend, out);
}

static int view_write(git_odb_backend *backend, const git_oid *oid, const void *data, size_t size, git_object_t type) {
  view_backend *view = (view_backend *)backend;
  hf_error err;
  int rc = view->quarantine ? hf_quarantine_put(view->quarantine, oid, type, data, size, &err)
                            : hf_fail(&err, HF_INVALID, "objects are written only into a quarantine");
  return git_code(rc, &err);
}

/** Says "not here", so that libgit2 writes the object anew: looking for it costs more, and gc may be about to drop it. */
static int view_freshen(git_odb_backend *backend, const git_oid *oid) {
  (void)backend;
  (void)oid;
  return GIT_ENOTFOUND;
}

static void view_free(git_odb_backend *backend) { free(backend); }

static int make_odb(git_odb **out, hf_store *store, hf_quarantine *quarantine, hf_error *err) {
  view_backend *backend = calloc(1, sizeof(*backend));
  git_odb *odb = NULL;
  if (!backend) return hf_fail_memory(err);
  git_odb_init_backend(&backend->parent, GIT_ODB_BACKEND_VERSION);
  backend->parent.read = view_read;
  backend->parent.read_prefix = view_read_prefix;
  backend->parent.read_header = view_read_header;
  backend->parent.exists = view_exists;
  backend->parent.exists_prefix = view_exists_prefix;
  backend->parent.write = view_write;
  backend->parent.freshen = view_freshen;
  backend->parent.free = view_free;
  backend->store = store;
  backend->quarantine = quarantine;
  int rc = git_odb_new(&odb);
  if (rc == 0 && (rc = git_odb_add_backend(odb, &backend->parent, 1)) == 0) {
    *out = odb;
    return HF_OK;
  }
  rc = hf_fail_git(err, rc, "make an object database");
  git_odb_free(odb);
  free(backend);
  return rc;
}

/* ---- entries ---- */

static void free_entry(hf_entry *entry) {
  while (entry->idle) {
    idle_handle *handle = entry->idle;
    entry->idle = handle->next;
    git_repository_free(handle->git);
    free(handle);
  }
  hf_store_free(entry->store);
  for (size_t i = 0; i < entry->watch_count; i++) free(entry->watches[i].path);
  free(entry->watches);
  free(entry->objects_dir);
  free(entry->gitdir);
  free(entry);
}

static int fail_open(hf_error *err, int rc, const char *gitdir) {
  const git_error *last = git_error_last();
  bool unsupported = last && strncmp(last->message, "unsupported", strlen("unsupported")) == 0;
  hf_fail_git(err, rc, gitdir);
  if (unsupported) err->code = HF_UNSUPPORTED;
  else if (err->code != HF_MEMORY) err->code = HF_NO_REPOSITORY;
  return err->code;
}

static bool is_known_extension(const git_config_entry *entry) {
  const char *name = entry->name + strlen("extensions.");
  if (strcmp(name, "noop") == 0 || strcmp(name, "preciousobjects") == 0 || strcmp(name, "worktreeconfig") == 0) return true;
  if (strcmp(name, "objectformat") == 0) return entry->value && strcmp(entry->value, "sha1") == 0;
  return strcmp(name, "refstorage") == 0 && entry->value && strcmp(entry->value, "files") == 0;
}

/**
 * Refuses repositories of formats that libgit2 does not know. It would do so too, but its way to find extensions leaks memory
 * for every line of the configuration (1.5.1: git_regexp_match without a match).
 */
static int check_format(const char *gitdir, hf_error *err) {
  char *path = hf_path_join(gitdir, "config", NULL);
  git_config *config = NULL;
  git_config_iterator *iterator = NULL;
  git_config_entry *entry;
  int32_t version = 0;
  int rc = path ? HF_OK : hf_fail_memory(err);
  if (rc == HF_OK && git_config_open_ondisk(&config, path) == 0 && git_config_get_int32(&version, config, "core.repositoryformatversion") == 0 &&
      version > 0) {
    if (version > 1) rc = hf_fail(err, HF_UNSUPPORTED, "repository format %d", (int)version);
    else if (git_config_iterator_new(&iterator, config) < 0) rc = hf_fail_git(err, -1, "read the configuration");
    while (rc == HF_OK && git_config_next(&entry, iterator) == 0)
      if (strncmp(entry->name, "extensions.", strlen("extensions.")) == 0 && !is_known_extension(entry))
        rc = hf_fail(err, HF_UNSUPPORTED, "repository with %s", entry->name);
  }
  git_config_iterator_free(iterator);
  git_config_free(config);
  git_error_clear();
  free(path);
  return rc;
}

static int open_handle(git_repository **out, const char *gitdir, hf_error *err) {
  int rc = git_repository_open_ext(out, gitdir, GIT_REPOSITORY_OPEN_NO_SEARCH | GIT_REPOSITORY_OPEN_BARE, NULL);
  return rc < 0 ? fail_open(err, rc, gitdir) : HF_OK;
}

static int open_entry(hf_entry **out, const char *gitdir, hf_error *err) {
  git_repository *git = NULL;
  git_buf objects = {0};
  directories dirs = {0};
  hf_entry *entry = calloc(1, sizeof(*entry));
  if (!entry) return hf_fail_memory(err);
  int rc;
  entry->gitdir = strdup(gitdir);
  if (!entry->gitdir) {
    rc = hf_fail_memory(err);
    goto failed;
  }
  /* Watches come first: what changes after them is seen next time. */
  if ((rc = add_watch(entry, strdup(gitdir), true, err)) < 0) goto failed;
  if ((rc = add_watch(entry, hf_path_join(gitdir, "config", NULL), false, err)) < 0) goto failed;
  if ((rc = check_format(gitdir, err)) < 0) goto failed;
  if ((rc = open_handle(&git, gitdir, err)) < 0) goto failed;
  if ((rc = git_repository_item_path(&objects, git, GIT_REPOSITORY_ITEM_OBJECTS)) < 0) {
    rc = hf_fail_git(err, rc, "find the object directory");
    goto failed;
  }
  entry->objects_dir = strdup(objects.ptr);
  if (!entry->objects_dir) {
    rc = hf_fail_memory(err);
    goto failed;
  }
  size_t length = strlen(entry->objects_dir);
  while (length > 1 && entry->objects_dir[length - 1] == '/') entry->objects_dir[--length] = '\0';
  if ((rc = add_directory(entry, &dirs, strdup(entry->objects_dir), 0, err)) < 0) goto failed;
  entry->store = hf_store_new((const char *const *)dirs.paths, dirs.count);
  if (!entry->store) {
    rc = hf_fail_memory(err);
    goto failed;
  }
  free_directories(&dirs);
  git_buf_dispose(&objects);
  git_repository_free(git);
  *out = entry;
  return HF_OK;

failed:
  free_directories(&dirs);
  git_buf_dispose(&objects);
  git_repository_free(git);
  free_entry(entry);
  return rc;
}

/* ---- the table; all of these with the lock held ---- */

static size_t bucket_of(const char *gitdir) {
  uint64_t hash = 14695981039346656037u;
  for (const char *at = gitdir; *at; at++) hash = (hash ^ (uint8_t)*at) * 1099511628211u;
  return (size_t)(hash ^ hash >> 32) % BUCKETS;
}

static hf_entry *find_entry(const char *gitdir) {
  for (hf_entry *entry = buckets[bucket_of(gitdir)]; entry; entry = entry->next_in_bucket)
    if (strcmp(entry->gitdir, gitdir) == 0) return entry;
  return NULL;
}

static void unlink_use(hf_entry *entry) {
  if (entry->newer) entry->newer->older = entry->older;
  else newest = entry->older;
  if (entry->older) entry->older->newer = entry->newer;
  else oldest = entry->newer;
  entry->newer = entry->older = NULL;
}

static void link_newest(hf_entry *entry) {
  entry->older = newest;
  if (newest) newest->newer = entry;
  else oldest = entry;
  newest = entry;
}

/** Takes an entry off the table; returns it when nobody uses it any more, for free_entry without the lock. */
static hf_entry *unlist(hf_entry *entry) {
  if (!entry->listed) return NULL;
  hf_entry **at = &buckets[bucket_of(entry->gitdir)];
  while (*at != entry) at = &(*at)->next_in_bucket;
  *at = entry->next_in_bucket;
  unlink_use(entry);
  entry->listed = false;
  listed_count--;
  return --entry->users == 0 ? entry : NULL;
}

static void list_entry(hf_entry *entry) {
  size_t bucket = bucket_of(entry->gitdir);
  entry->next_in_bucket = buckets[bucket];
  buckets[bucket] = entry;
  link_newest(entry);
  entry->listed = true;
  entry->users++;
  listed_count++;
}

static void use(hf_entry *entry, uint64_t now) {
  entry->users++;
  entry->used_ms = now;
  if (newest != entry && entry->listed) {
    unlink_use(entry);
    link_newest(entry);
  }
}

/** Unlists what is over the limits. The result is a chain (by next_in_bucket) to be freed without the lock. */
static hf_entry *sweep(uint64_t now, bool everything_idle) {
  hf_entry *chain = NULL;
  for (hf_entry *entry = oldest, *next; entry; entry = next) {
    next = entry->newer;
    bool idle_too_long = everything_idle || now - entry->used_ms > limits.idle_ms;
    if (!idle_too_long && listed_count <= limits.repositories_max) break;
    if (entry->users > 1) continue;
    hf_entry *freed = unlist(entry);
    if (!freed) continue;
    freed->next_in_bucket = chain;
    chain = freed;
  }
  return chain;
}

static void free_chain(hf_entry *chain) {
  while (chain) {
    hf_entry *next = chain->next_in_bucket;
    free_entry(chain);
    chain = next;
  }
}

/* ---- views ---- */

void hf_entry_retain(hf_entry *entry) {
  pthread_mutex_lock(&lock);
  entry->users++;
  pthread_mutex_unlock(&lock);
}

void hf_entry_release(hf_entry *entry) {
  pthread_mutex_lock(&lock);
  bool last = --entry->users == 0;
  pthread_mutex_unlock(&lock);
  if (last) free_entry(entry);
}

int hf_entry_acquire(hf_entry **out, const char *gitdir, hf_error *err) {
  uint64_t now = now_ms();
  hf_entry *chain = NULL;
  pthread_mutex_lock(&lock);
  hf_entry *entry = find_entry(gitdir);
  if (entry) use(entry, now);
  if (now - swept_ms > SWEEP_INTERVAL_MS || listed_count > limits.repositories_max) {
    swept_ms = now;
    chain = sweep(now, false);
  }
  pthread_mutex_unlock(&lock);
  free_chain(chain);
  if (entry && unchanged(entry)) {
    int rc = hf_store_check(entry->store, err);
    if (rc == HF_OK) *out = entry;
    else hf_entry_release(entry);
    return rc;
  }

  hf_entry *fresh = NULL;
  int rc = open_entry(&fresh, gitdir, err);
  pthread_mutex_lock(&lock);
  hf_entry *replaced = find_entry(gitdir);
  hf_entry *freed = replaced ? unlist(replaced) : NULL;
  if (rc == HF_OK) {
    list_entry(fresh);
    use(fresh, now);
  }
  pthread_mutex_unlock(&lock);
  if (freed) free_entry(freed);
  if (entry) hf_entry_release(entry);
  if (rc == HF_OK) *out = fresh;
  return rc;
}

hf_store *hf_entry_store(hf_entry *entry) { return entry->store; }

const char *hf_entry_objects_dir(hf_entry *entry) { return entry->objects_dir; }

int hf_repo_open(hf_repo *repo, const char *gitdir, const char *quarantine_dir, hf_error *err) {
  memset(repo, 0, sizeof(*repo));
  int rc = hf_entry_acquire(&repo->entry, gitdir, err);
  if (rc < 0) return rc;
  repo->gitdir = repo->entry->gitdir;
  repo->store = repo->entry->store;
  if (!quarantine_dir) return HF_OK;
  rc = hf_quarantine_acquire(&repo->quarantine, repo->entry, quarantine_dir, err);
  if (rc < 0) hf_repo_close(repo);
  return rc;
}

int hf_repo_open_seen(hf_repo *repo, const char *gitdir, uint64_t generation, hf_error *err) {
  pthread_mutex_lock(&lock);
  hf_entry *entry = generation > 0 ? find_entry(gitdir) : NULL;
  if (entry && hf_store_generation(entry->store) != generation) entry = NULL;
  if (entry) use(entry, now_ms());
  pthread_mutex_unlock(&lock);
  if (!entry) return hf_repo_open(repo, gitdir, NULL, err);
  *repo = (hf_repo){.gitdir = entry->gitdir, .store = entry->store, .entry = entry};
  return HF_OK;
}

int hf_repo_git(git_repository **out, hf_repo *repo, hf_error *err) {
  if (!repo->git && !repo->quarantine) {
    pthread_mutex_lock(&lock);
    idle_handle *handle = repo->entry->idle;
    if (handle) {
      repo->entry->idle = handle->next;
      repo->entry->idle_count--;
    }
    pthread_mutex_unlock(&lock);
    if (handle) {
      repo->git = handle->git;
      free(handle);
    }
  }
  if (!repo->git) {
    git_repository *git = NULL;
    git_odb *odb = NULL;
    int rc = open_handle(&git, repo->gitdir, err);
    if (rc < 0) return rc;
    if ((rc = make_odb(&odb, repo->store, repo->quarantine, err)) == HF_OK && (rc = git_repository_set_odb(git, odb)) < 0)
      rc = hf_fail_git(err, rc, "set the object database");
    git_odb_free(odb);
    if (rc < 0) {
      git_repository_free(git);
      return rc;
    }
    repo->git = git;
  }
  *out = repo->git;
  return HF_OK;
}

void hf_repo_close(hf_repo *repo) {
  git_repository *git = repo->git;
  if (git && !repo->quarantine) {
    idle_handle *handle = malloc(sizeof(*handle));
    pthread_mutex_lock(&lock);
    if (handle && repo->entry->listed && repo->entry->idle_count < IDLE_HANDLES_MAX) {
      handle->git = git;
      handle->next = repo->entry->idle;
      repo->entry->idle = handle;
      repo->entry->idle_count++;
      handle = NULL;
      git = NULL;
    }
    pthread_mutex_unlock(&lock);
    free(handle);
  }
  git_repository_free(git);
  if (repo->quarantine) hf_quarantine_release(repo->quarantine);
  if (repo->entry) hf_entry_release(repo->entry);
  memset(repo, 0, sizeof(*repo));
}

int hf_repo_generation(uint64_t *out, const char *gitdir, hf_error *err) {
  hf_entry *entry;
  int rc = hf_entry_acquire(&entry, gitdir, err);
  if (rc < 0) return rc;
  *out = hf_store_generation(entry->store);
  /* An entry that has just been opened has not looked for packs yet. */
  if (*out == 0 && (rc = hf_store_check(entry->store, err)) == HF_OK) *out = hf_store_generation(entry->store);
  hf_entry_release(entry);
  return rc;
}

void hf_repo_forget(const char *gitdir) {
  pthread_mutex_lock(&lock);
  hf_entry *entry = find_entry(gitdir);
  hf_entry *freed = entry ? unlist(entry) : NULL;
  pthread_mutex_unlock(&lock);
  if (freed) free_entry(freed);
}

void hf_repo_reap(void) {
  pthread_mutex_lock(&lock);
  hf_entry *chain = sweep(now_ms(), false);
  pthread_mutex_unlock(&lock);
  free_chain(chain);
}

void hf_repo_close_idle(void) {
  pthread_mutex_lock(&lock);
  hf_entry *chain = sweep(now_ms(), true);
  pthread_mutex_unlock(&lock);
  free_chain(chain);
}

size_t hf_repo_count(void) {
  pthread_mutex_lock(&lock);
  size_t count = listed_count;
  pthread_mutex_unlock(&lock);
  return count;
}
