/*
 * A transaction of references. Prepare goes through the names in order: lock, read the value under the lock, compare, check
 * names against what exists; a symbolic reference adds the one it points at. Whatever is to be written is written and flushed
 * before commit. Commit replaces packed-refs first, since that is the step which can fail for everyone, then renames.
 */
#include "ref_transaction.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <unistd.h>

/** Descriptors that are held open while content waits for its flush. */
#define FLUSH_GROUP 64
#define NO_INDEX SIZE_MAX

typedef struct {
  char *name;
  git_oid new_oid, expected, old_oid;
  bool has_expected;
  bool removes;   /* the reference goes away */
  bool writes;    /* the lock file holds the new value */
  bool lock_only; /* a symbolic reference whose target is changed instead */
  bool loose;     /* a loose file is there to be removed */
  hf_ref_lock lock;
  size_t parent; /* the symbolic reference that led here */
} update;

struct hf_ref_transaction {
  char *gitdir;
  update *updates;
  size_t count, capacity;
  size_t change_count;
  git_oid *old_oids;
  size_t *order;    /* update of each change */
  size_t *by_name;  /* updates sorted by name, referents included */
  hf_ref_lock packed_lock;
  bool packed_new; /* packed-refs.new is ready */
};

/** What the steps of prepare share. */
typedef struct {
  hf_ref_transaction *own;
  hf_ref_refusal *refusal;
  hf_repo *repo;
  const hf_ref_options *options;
  const hf_cancel *cancel;
  hf_error *err;
  size_t unflushed[FLUSH_GROUP];
  size_t unflushed_count;
} preparation;

static const git_oid zero_oid;

static void free_transaction(hf_ref_transaction *own) {
  for (size_t i = 0; i < own->count; i++) {
    hf_ref_lock_release(&own->updates[i].lock);
    free(own->updates[i].name);
  }
  hf_ref_lock_release(&own->packed_lock);
  free(own->updates);
  free(own->old_oids);
  free(own->order);
  free(own->by_name);
  free(own->gitdir);
  free(own);
}

/* ---- refusals: 1, and nothing is changed ---- */

static int refuse(preparation *p, hf_ref_refusal_kind kind, const char *name) {
  p->refusal->kind = kind;
  if (name) hf_buffer_put_text(&p->refusal->names, name, strlen(name));
  return 1;
}

static int refuse_conflict(preparation *p, const char *name, const char *other, size_t other_len) {
  refuse(p, HF_REFUSED_NAME_CONFLICT, name);
  hf_buffer_put_text(&p->refusal->names, other, other_len);
  return 1;
}

static int refuse_mismatch(preparation *p, const update *each, const git_oid *actual) {
  p->refusal->first = each->expected;
  p->refusal->second = *actual;
  return refuse(p, HF_REFUSED_MISMATCH, each->name);
}

static int refuse_object(preparation *p, hf_ref_refusal_kind kind, const git_oid *oid) {
  p->refusal->first = *oid;
  return refuse(p, kind, NULL);
}

/* ---- the names of the transaction ---- */

/** Place of the first name that is not below `name`. */
static size_t lower_bound(const hf_ref_transaction *own, size_t count, const char *name) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (strcmp(own->updates[own->by_name[middle]].name, name) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

static const char *name_at(const hf_ref_transaction *own, size_t place) {
  return place < own->count ? own->updates[own->by_name[place]].name : NULL;
}

static bool is_changed(const hf_ref_transaction *own, const char *name) {
  const char *found = name_at(own, lower_bound(own, own->count, name));
  return found && strcmp(found, name) == 0;
}

/** Adds an update; its name must not be there yet. Takes over `name`. */
static int add_update(hf_ref_transaction *own, char *name, size_t *index, hf_error *err) {
  if (own->count == own->capacity) {
    size_t capacity = own->capacity ? own->capacity * 2 : 4;
    update *updates = realloc(own->updates, capacity * sizeof(*updates));
    if (updates) own->updates = updates;
    size_t *by_name = updates ? realloc(own->by_name, capacity * sizeof(*by_name)) : NULL;
    if (!by_name) {
      free(name);
      return hf_fail_memory(err);
    }
    own->by_name = by_name;
    own->capacity = capacity;
  }
  size_t place = lower_bound(own, own->count, name);
  memmove(own->by_name + place + 1, own->by_name + place, (own->count - place) * sizeof(*own->by_name));
  own->by_name[place] = own->count;
  own->updates[own->count] = (update){.name = name, .parent = NO_INDEX, .lock = {.fd = -1}};
  *index = own->count++;
  return HF_OK;
}

static int compare_changes(const void *a, const void *b, void *changes) {
  const hf_ref_change *list = changes;
  return strcmp(list[*(const size_t *)a].name, list[*(const size_t *)b].name);
}

/** Adds the changes in the order of their names. */
static int add_changes(preparation *p, const hf_ref_change *changes, size_t count) {
  hf_ref_transaction *own = p->own;
  size_t *sorted = malloc((count ? count : 1) * sizeof(*sorted));
  if (!sorted) return hf_fail_memory(p->err);
  for (size_t i = 0; i < count; i++) sorted[i] = i;
  qsort_r(sorted, count, sizeof(*sorted), compare_changes, (void *)changes);
  int rc = HF_OK;
  for (size_t i = 0; rc == HF_OK && i < count; i++) {
    const hf_ref_change *change = &changes[sorted[i]];
    bool removes = git_oid_is_zero(&change->new_oid);
    if (!(removes ? hf_ref_name_deletable(change->name) : hf_ref_name_writable(change->name))) {
      rc = refuse(p, HF_REFUSED_NAME, change->name);
    } else if (i > 0 && strcmp(change->name, changes[sorted[i - 1]].name) == 0) {
      rc = refuse(p, HF_REFUSED_REPEATED, change->name);
    } else {
      char *name = strdup(change->name);
      size_t index;
      rc = name ? add_update(own, name, &index, p->err) : hf_fail_memory(p->err);
      if (rc < 0) break;
      own->order[sorted[i]] = index;
      update *added = &own->updates[index];
      added->new_oid = change->new_oid;
      added->removes = removes;
      added->has_expected = change->has_expected;
      if (change->has_expected) added->expected = change->expected;
    }
  }
  free(sorted);
  return rc;
}

/* ---- files and folders do not share names ---- */

/** Is there a reference whose name is a folder of this one's, in the repository or among the changes? */
static int check_parents(preparation *p, const hf_packed *packed, const char *name, bool look_at_loose) {
  char parent[HF_REF_NAME_MAX + 1];
  for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
    size_t length = (size_t)(slash - name);
    memcpy(parent, name, length);
    parent[length] = '\0';
    hf_packed_record record;
    int rc = hf_packed_find(&record, packed, parent, length, p->err);
    if (rc < 0) return rc;
    if (rc == 0 && look_at_loose) {
      hf_ref_value value;
      if ((rc = hf_ref_read(&value, p->own->gitdir, parent, p->err)) < 0) return rc;
      rc = value.kind != HF_REF_ABSENT;
    }
    if (rc > 0 || is_changed(p->own, parent)) return refuse_conflict(p, name, parent, length);
  }
  return HF_OK;
}

/** Finds a reference below `folder` (a name with its slash) that is loose: 1 and its name. */
static int find_loose_below(preparation *p, const char *folder, hf_listed_ref *found, hf_refs_listing **listing) {
  const char *const prefixes[] = {folder};
  int rc = hf_refs_list_open(listing, p->own->gitdir, prefixes, 1, p->cancel, p->err);
  return rc < 0 ? rc : hf_refs_list_next(found, *listing, NULL, p->err);
}

static int check_children(preparation *p, const hf_packed *packed, const char *name, bool look_at_loose) {
  char folder[HF_REF_NAME_MAX + 2];
  size_t length = (size_t)snprintf(folder, sizeof(folder), "%s/", name);
  const char *at;
  hf_packed_record record;
  int rc = hf_packed_seek(&at, packed, folder, length, p->err);
  if (rc == HF_OK) rc = hf_packed_next(&record, packed, &at, p->err);
  if (rc < 0) return rc;
  if (rc > 0 && record.name_len > length && memcmp(record.name, folder, length) == 0) {
    return refuse_conflict(p, name, record.name, record.name_len);
  }
  if (look_at_loose) {
    hf_refs_listing *listing = NULL;
    hf_listed_ref found;
    rc = find_loose_below(p, folder, &found, &listing);
    if (rc > 0) refuse_conflict(p, name, found.name, found.name_len);
    hf_refs_list_free(listing);
    if (rc != 0) return rc;
  }
  const char *changed = name_at(p->own, lower_bound(p->own, p->own->count, folder));
  if (changed && strncmp(changed, folder, length) == 0) return refuse_conflict(p, name, changed, strlen(changed));
  return HF_OK;
}

static int check_name_free(preparation *p, const char *name, bool look_at_loose) {
  hf_packed *packed;
  int rc = hf_packed_acquire(&packed, p->own->gitdir, p->err);
  if (rc < 0) return rc;
  rc = check_parents(p, packed, name, look_at_loose);
  if (rc == HF_OK) rc = check_children(p, packed, name, look_at_loose);
  hf_packed_release(packed);
  return rc;
}

/* ---- one reference ---- */

/** A reference that is not there: its name must be free, and an empty folder in its place goes away. */
static int prepare_absent(preparation *p, const update *each, bool directory) {
  if (each->has_expected && !git_oid_is_zero(&each->expected)) return refuse_mismatch(p, each, &zero_oid);
  if (directory) {
    char path[PATH_MAX];
    bool fits = (size_t)snprintf(path, sizeof(path), "%s/%s", p->own->gitdir, each->name) < sizeof(path);
    if (!fits || !hf_remove_empty_tree(path)) {
      int rc = check_name_free(p, each->name, true);
      /* Nothing but lock files of others in that folder: they are about to make a reference there. */
      return rc == HF_OK ? refuse(p, HF_REFUSED_LOCKED, each->name) : rc;
    }
  }
  return check_name_free(p, each->name, false);
}

static int compare_expected(preparation *p, const update *each, const git_oid *actual) {
  bool same = !each->has_expected || git_oid_equal(&each->expected, actual);
  return same ? HF_OK : refuse_mismatch(p, each, actual);
}

/** A symbolic reference that is changed itself: what it leads to is its old value. */
static int prepare_symbolic_itself(preparation *p, update *each) {
  hf_ref_resolved resolved;
  int rc = hf_ref_resolve(&resolved, p->own->gitdir, each->name, p->err);
  if (rc < 0) return rc;
  if (resolved.kind == HF_REF_DIRECT) each->old_oid = resolved.oid;
  if (resolved.kind == HF_REF_BROKEN && each->has_expected) return refuse_mismatch(p, each, &zero_oid);
  return compare_expected(p, each, &each->old_oid);
}

/** The target of a symbolic reference is changed in its place. */
static int add_referent(preparation *p, size_t index, const char *target) {
  hf_ref_transaction *own = p->own;
  bool removes = own->updates[index].removes;
  if (!(removes ? hf_ref_name_deletable(target) : hf_ref_name_writable(target))) return refuse(p, HF_REFUSED_NAME, target);
  if (is_changed(own, target)) return refuse(p, HF_REFUSED_REPEATED, target);
  char *name = strdup(target);
  size_t added;
  int rc = name ? add_update(own, name, &added, p->err) : hf_fail_memory(p->err);
  if (rc < 0) return rc;
  update *referent = &own->updates[added], *symbolic = &own->updates[index];
  referent->new_oid = symbolic->new_oid;
  referent->removes = symbolic->removes;
  referent->expected = symbolic->expected;
  referent->has_expected = symbolic->has_expected;
  referent->parent = index;
  symbolic->lock_only = true;
  return HF_OK;
}

static int flush_group(preparation *p);

static bool is_branch(const char *name) { return strcmp(name, "HEAD") == 0 || strncmp(name, "refs/heads/", 11) == 0; }

static int check_object(preparation *p, const update *each) {
  git_object_t type;
  size_t size;
  int rc = hf_repo_read_header(&type, &size, p->repo, &each->new_oid, p->err);
  if (rc == HF_NOT_FOUND) return refuse_object(p, HF_REFUSED_NO_OBJECT, &each->new_oid);
  if (rc < 0) return rc;
  bool fits = type == GIT_OBJECT_COMMIT || !is_branch(each->name);
  return fits ? HF_OK : refuse_object(p, HF_REFUSED_NOT_A_COMMIT, &each->new_oid);
}

static int write_value(preparation *p, size_t index) {
  update *each = &p->own->updates[index];
  int rc = check_object(p, each);
  if (rc != HF_OK) return rc;
  char line[GIT_OID_HEXSZ + 1];
  git_oid_fmt(line, &each->new_oid);
  line[GIT_OID_HEXSZ] = '\n';
  if ((rc = hf_ref_lock_write(&each->lock, line, sizeof(line), p->err)) < 0) return rc;
  each->writes = true;
  p->unflushed[p->unflushed_count++] = index;
  return p->unflushed_count == FLUSH_GROUP ? flush_group(p) : HF_OK;
}

/** Reads and compares under the lock, and writes what is new. */
static int prepare_locked(preparation *p, size_t index) {
  update *each = &p->own->updates[index];
  hf_ref_value value;
  int rc = hf_ref_read(&value, p->own->gitdir, each->name, p->err);
  if (rc < 0) return rc;
  each->loose = value.loose;
  bool same = false;
  /* Without HEAD itself git takes the directory for no repository. */
  bool itself = value.kind != HF_REF_SYMBOLIC || !p->options->deref;
  if (each->removes && itself && strcmp(each->name, "HEAD") == 0) return refuse(p, HF_REFUSED_NAME, each->name);
  switch (value.kind) {
    case HF_REF_BROKEN:
      return hf_fail_about(p->err, HF_CORRUPT, each->name, strlen(each->name), "the reference is broken");
    case HF_REF_SYMBOLIC:
      if (p->options->deref) {
        hf_ref_lock_close(&each->lock);
        return add_referent(p, index, value.target);
      }
      rc = prepare_symbolic_itself(p, each);
      break;
    case HF_REF_DIRECT:
      each->old_oid = value.oid;
      same = git_oid_equal(&value.oid, &each->new_oid);
      rc = compare_expected(p, each, &value.oid);
      break;
    case HF_REF_ABSENT:
      rc = prepare_absent(p, each, value.directory);
      break;
  }
  if (rc != HF_OK) return rc;
  if (each->removes || same) {
    hf_ref_lock_close(&each->lock);
    return HF_OK;
  }
  return write_value(p, index);
}

/** A file stands where a folder is needed. */
static int prepare_blocked(preparation *p, const update *each) {
  if (each->has_expected && !git_oid_is_zero(&each->expected)) return refuse_mismatch(p, each, &zero_oid);
  int rc = check_name_free(p, each->name, true);
  return rc == HF_OK ? refuse(p, HF_REFUSED_LOCKED, each->name) : rc;
}

static int prepare_update(preparation *p, size_t index) {
  update *each = &p->own->updates[index];
  /* Once one is known to be locked the others are only asked whether they are too. */
  unsigned timeout_ms = p->refusal->kind == HF_REFUSED_LOCKED ? 0 : p->options->lock_timeout_ms;
  int rc = hf_ref_lock_take(&each->lock, p->own->gitdir, each->name, timeout_ms, p->cancel, p->err);
  if (rc == HF_LOCK_BLOCKED) return prepare_blocked(p, each);
  if (rc == HF_LOCK_BUSY) {
    refuse(p, HF_REFUSED_LOCKED, each->name);
    return HF_OK;
  }
  if (rc < 0) return rc == HF_INVALID ? refuse(p, HF_REFUSED_NAME, each->name) : rc;
  return p->refusal->kind == HF_REFUSED_LOCKED ? HF_OK : prepare_locked(p, index);
}

/* ---- flushing ---- */

typedef struct {
  hf_ref_transaction *own;
  const size_t *indexes;
  pthread_mutex_t lock;
  int rc;
  hf_error err;
} flush_work;

static void flush_one(void *context, size_t index) {
  flush_work *work = context;
  hf_ref_lock *lock = &work->own->updates[work->indexes[index]].lock;
  hf_error err;
  int rc = hf_ref_lock_flush(lock, &err);
  hf_ref_lock_close(lock);
  if (rc == HF_OK) return;
  pthread_mutex_lock(&work->lock);
  work->rc = rc;
  work->err = err;
  pthread_mutex_unlock(&work->lock);
}

/** Flushes what was written since the last time, all at once, and closes it. */
static int flush_group(preparation *p) {
  flush_work work = {.own = p->own, .indexes = p->unflushed, .lock = PTHREAD_MUTEX_INITIALIZER, .rc = HF_OK};
  hf_parallel(flush_one, &work, p->unflushed_count);
  p->unflushed_count = 0;
  if (work.rc < 0) *p->err = work.err;
  return work.rc;
}

/* ---- packed-refs without what is removed ---- */

static int write_span(int fd, const char *at, const char *end, hf_error *err) {
  while (at < end) {
    ssize_t count = write(fd, at, (size_t)(end - at));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return hf_fail_os(err, errno, "write packed-refs.new");
    at += count;
  }
  return HF_OK;
}

/** Copies all records but the removed ones; both are sorted, so whole spans are copied. */
static int copy_kept(preparation *p, const hf_packed *packed, int fd) {
  const hf_ref_transaction *own = p->own;
  const char *start, *end;
  hf_packed_bytes(packed, &start, &end);
  const char *header = hf_packed_header(packed);
  int rc = write_span(fd, header, header + strlen(header), p->err);
  for (size_t i = 0; rc == HF_OK && i < own->count; i++) {
    const update *each = &own->updates[own->by_name[i]];
    if (!each->removes || each->lock_only) continue;
    hf_packed_record record;
    rc = hf_packed_find(&record, packed, each->name, strlen(each->name), p->err);
    if (rc <= 0) continue;
    rc = write_span(fd, start, record.start, p->err);
    start = record.end;
  }
  if (rc == HF_OK) rc = write_span(fd, start, end, p->err);
  if (rc == HF_OK && fsync(fd) < 0) rc = hf_fail_os(p->err, errno, "flush packed-refs.new");
  return rc;
}

static int is_any_packed(preparation *p, const hf_packed *packed) {
  int rc = 0;
  for (size_t i = 0; rc == 0 && i < p->own->count; i++) {
    const update *each = &p->own->updates[i];
    hf_packed_record record;
    if (each->removes && !each->lock_only) rc = hf_packed_find(&record, packed, each->name, strlen(each->name), p->err);
  }
  return rc;
}

static int write_packed_new(preparation *p, const hf_packed *packed) {
  char path[PATH_MAX];
  if ((size_t)snprintf(path, sizeof(path), "%s/packed-refs.new", p->own->gitdir) >= sizeof(path)) {
    return hf_fail(p->err, HF_NO_REPOSITORY, "the path is too long");
  }
  /* The lock is held, so one that is there was left by a crash. */
  unlink(path);
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) return hf_fail_os(p->err, errno, "make packed-refs.new");
  p->own->packed_new = true;
  int rc = copy_kept(p, packed, fd);
  close(fd);
  return rc;
}

/**
 * Removals keep packed-refs locked until they are done, even when it need not change: nobody may pack a reference that is
 * about to go away.
 */
static int prepare_packed(preparation *p) {
  bool removes = false;
  for (size_t i = 0; i < p->own->count; i++) removes |= p->own->updates[i].removes && !p->own->updates[i].lock_only;
  if (!removes) return HF_OK;
  int rc = hf_ref_lock_take(&p->own->packed_lock, p->own->gitdir, "packed-refs", p->options->packed_lock_timeout_ms, p->cancel, p->err);
  if (rc == HF_LOCK_BUSY || rc == HF_LOCK_BLOCKED) return refuse(p, HF_REFUSED_LOCKED, "packed-refs");
  if (rc < 0) return rc;
  hf_ref_lock_close(&p->own->packed_lock);
  hf_packed *packed;
  if ((rc = hf_packed_acquire(&packed, p->own->gitdir, p->err)) < 0) return rc;
  rc = is_any_packed(p, packed);
  if (rc > 0) rc = write_packed_new(p, packed);
  hf_packed_release(packed);
  return rc;
}

static void remove_packed_new(hf_ref_transaction *own) {
  char path[PATH_MAX];
  if (!own->packed_new) return;
  snprintf(path, sizeof(path), "%s/packed-refs.new", own->gitdir);
  unlink(path);
  own->packed_new = false;
}

/* ---- the steps together ---- */

/** Reflogs are git's: a repository that keeps them is written to by git. */
static int check_reflogs(hf_repo *repo, hf_error *err) {
  char path[PATH_MAX];
  bool fits = (size_t)snprintf(path, sizeof(path), "%s/logs", repo->gitdir) < sizeof(path);
  if (fits && access(path, F_OK) == 0) return hf_fail(err, HF_UNSUPPORTED, "the repository has reflogs");
  git_repository *git;
  git_config *config;
  int rc = hf_repo_git(&git, repo, err);
  if (rc < 0) return rc;
  if ((rc = git_repository_config_snapshot(&config, git)) < 0) return hf_fail_git(err, rc, "read the configuration");
  int bare = 0;
  const char *wanted = NULL;
  if (git_config_get_bool(&bare, config, "core.bare") < 0) bare = 0;
  if (git_config_get_string(&wanted, config, "core.logallrefupdates") < 0) wanted = bare ? "false" : "true";
  bool off = strcasecmp(wanted, "false") == 0 || strcasecmp(wanted, "no") == 0 || strcasecmp(wanted, "off") == 0 ||
             strcmp(wanted, "0") == 0;
  git_config_free(config);
  git_error_clear();
  return off ? HF_OK : hf_fail(err, HF_UNSUPPORTED, "the repository keeps reflogs");
}

static void take_old_values(hf_ref_transaction *own) {
  /* Referents come after the symbolic references that led to them. */
  for (size_t i = own->count; i-- > 0;) {
    const update *each = &own->updates[i];
    if (each->parent != NO_INDEX) own->updates[each->parent].old_oid = each->old_oid;
  }
  for (size_t i = 0; i < own->change_count; i++) own->old_oids[i] = own->updates[own->order[i]].old_oid;
}

/** HEAD and the branch that it names cannot change together: git would have to log HEAD twice. */
static int check_head(preparation *p) {
  hf_ref_value head;
  if (!is_changed(p->own, "HEAD")) return HF_OK;
  int rc = hf_ref_read(&head, p->own->gitdir, "HEAD", p->err);
  if (rc < 0) return rc;
  return head.kind == HF_REF_SYMBOLIC && is_changed(p->own, head.target) ? refuse(p, HF_REFUSED_REPEATED, head.target) : HF_OK;
}

static int prepare_all(preparation *p, const hf_ref_change *changes, size_t count) {
  hf_ref_transaction *own = p->own;
  int rc = add_changes(p, changes, count);
  if (rc == HF_OK) rc = check_head(p);
  for (size_t i = 0; rc == HF_OK && i < own->count; i++) rc = prepare_update(p, i);
  if (rc == HF_OK && p->refusal->kind != HF_REFUSED_NOT) rc = 1;
  if (rc == HF_OK) rc = flush_group(p);
  if (rc == HF_OK) rc = prepare_packed(p);
  if (rc == HF_OK) take_old_values(own);
  return rc;
}

int hf_ref_transaction_prepare(hf_ref_transaction **out, hf_ref_refusal *refusal, hf_repo *repo, const hf_ref_change *changes,
                               size_t count, const hf_ref_options *options, const hf_cancel *cancel, hf_error *err) {
  *out = NULL;
  *refusal = (hf_ref_refusal){0};
  int rc = check_reflogs(repo, err);
  if (rc < 0) return rc;
  hf_ref_transaction *own = calloc(1, sizeof(*own));
  if (!own) return hf_fail_memory(err);
  own->packed_lock.fd = -1;
  own->change_count = count;
  own->gitdir = strdup(repo->gitdir);
  own->old_oids = calloc(count ? count : 1, sizeof(*own->old_oids));
  own->order = calloc(count ? count : 1, sizeof(*own->order));
  preparation p = {.own = own, .refusal = refusal, .repo = repo, .options = options, .cancel = cancel, .err = err};
  rc = own->gitdir && own->old_oids && own->order ? prepare_all(&p, changes, count) : hf_fail_memory(err);
  if (rc == HF_OK) {
    *out = own;
    return HF_OK;
  }
  hf_ref_transaction_abort(own);
  if (rc > 0 && refusal->names.failed) rc = hf_fail_memory(err);
  return rc < 0 ? rc : HF_OK;
}

const git_oid *hf_ref_transaction_old(const hf_ref_transaction *transaction, size_t *count) {
  *count = transaction->change_count;
  return transaction->old_oids;
}

void hf_ref_transaction_abort(hf_ref_transaction *transaction) {
  remove_packed_new(transaction);
  free_transaction(transaction);
}

/* ---- commit ---- */

/** Folders whose entries changed, each as a path. */
typedef struct {
  hf_buffer paths; /* char * */
  pthread_mutex_t lock;
  int rc;
  hf_error err;
} touched_folders;

static void touch(touched_folders *touched, const char *path, size_t length) {
  char *copy = strndup(path, length);
  if (copy) hf_buffer_put(&touched->paths, &copy, sizeof(copy));
  else touched->paths.failed = true;
}

/** The folder of a file, and the folders above it up to the first that was there before. */
static void touch_above(touched_folders *touched, const char *path, size_t made_dirs) {
  size_t length = strlen(path);
  for (size_t i = 0; i <= made_dirs; i++) {
    while (length > 0 && path[length - 1] != '/') length--;
    if (length <= 1) return;
    touch(touched, path, --length);
  }
}

static int by_path(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void flush_folder(void *context, size_t index) {
  touched_folders *touched = context;
  char *path = ((char **)touched->paths.data)[index];
  int fd;
  /* A folder that became empty and was removed: its parent has changed then. */
  while ((fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 && (errno == ENOENT || errno == ENOTDIR)) {
    char *slash = strrchr(path, '/');
    if (!slash || slash == path) break;
    *slash = '\0';
  }
  int os_errno = fd < 0 || fsync(fd) < 0 ? errno : 0;
  if (fd >= 0) close(fd);
  if (os_errno == 0) return;
  pthread_mutex_lock(&touched->lock);
  touched->rc = hf_fail_os(&touched->err, os_errno, "flush a folder of references");
  pthread_mutex_unlock(&touched->lock);
}

/** Flushes each folder once, all at the same time; frees the paths. */
static int flush_folders(touched_folders *touched, hf_error *err) {
  char **paths = (char **)touched->paths.data;
  size_t count = touched->paths.length / sizeof(*paths), kept = 0;
  if (count > 1) qsort(paths, count, sizeof(*paths), by_path);
  for (size_t i = 0; i < count; i++) {
    if (kept > 0 && strcmp(paths[kept - 1], paths[i]) == 0) free(paths[i]);
    else paths[kept++] = paths[i];
  }
  touched->rc = touched->paths.failed ? hf_fail_memory(&touched->err) : HF_OK;
  hf_parallel(flush_folder, touched, kept);
  for (size_t i = 0; i < kept; i++) free(paths[i]);
  hf_buffer_free(&touched->paths);
  if (touched->rc < 0) *err = touched->err;
  return touched->rc;
}

static int commit_packed(hf_ref_transaction *own, touched_folders *touched, hf_error *err) {
  char from[PATH_MAX], to[PATH_MAX];
  if (!own->packed_new) return HF_OK;
  snprintf(from, sizeof(from), "%s/packed-refs.new", own->gitdir);
  snprintf(to, sizeof(to), "%s/packed-refs", own->gitdir);
  if (rename(from, to) < 0) return hf_fail_os(err, errno, "replace packed-refs");
  own->packed_new = false;
  touch(touched, own->gitdir, strlen(own->gitdir));
  return HF_OK;
}

static int commit_update(hf_ref_transaction *own, update *each, touched_folders *touched, hf_error *err) {
  if (each->writes) {
    touch_above(touched, each->lock.path, each->lock.made_dirs);
    return hf_ref_lock_rename(&each->lock, err);
  }
  if (!each->removes || each->lock_only || !each->loose) return HF_OK;
  if (unlink(each->lock.path) < 0 && errno != ENOENT) return hf_fail_os(err, errno, "remove a reference");
  touch_above(touched, each->lock.path, 0);
  hf_ref_lock_release(&each->lock);
  hf_remove_empty_parents(own->gitdir, each->name);
  return HF_OK;
}

int hf_ref_transaction_commit(hf_ref_transaction *own, hf_error *err) {
  touched_folders touched = {.lock = PTHREAD_MUTEX_INITIALIZER};
  int rc = commit_packed(own, &touched, err);
  bool moved = rc == HF_OK && touched.paths.length > 0;
  /* Once one has moved the rest follows even after an error: the journal will finish such a change, not undo it. */
  for (size_t i = 0; (rc == HF_OK || moved) && i < own->count; i++) {
    hf_error later;
    int each_rc = commit_update(own, &own->updates[i], &touched, rc == HF_OK ? err : &later);
    moved |= each_rc == HF_OK && (own->updates[i].writes || own->updates[i].removes);
    if (rc == HF_OK) rc = each_rc;
  }
  int flush_rc = flush_folders(&touched, rc == HF_OK ? err : &(hf_error){0});
  if (rc == HF_OK) rc = flush_rc;
  hf_ref_transaction_abort(own);
  return rc;
}

/* ---- HEAD ---- */

int hf_ref_set_head(hf_ref_refusal *refusal, hf_repo *repo, const char *target, const hf_cancel *cancel, hf_error *err) {
  *refusal = (hf_ref_refusal){0};
  preparation p = {.refusal = refusal, .err = err};
  if (strncmp(target, "refs/", 5) != 0 || !hf_ref_name_valid(target, false)) {
    refuse(&p, HF_REFUSED_NAME, target);
    return HF_OK;
  }
  int rc = check_reflogs(repo, err);
  if (rc < 0) return rc;
  hf_ref_lock lock;
  rc = hf_ref_lock_take(&lock, repo->gitdir, "HEAD", HF_REF_LOCK_TIMEOUT_MS, cancel, err);
  if (rc == HF_LOCK_BUSY || rc == HF_LOCK_BLOCKED) {
    refuse(&p, HF_REFUSED_LOCKED, "HEAD");
    return HF_OK;
  }
  if (rc < 0) return rc;
  char line[HF_REF_NAME_MAX + 8];
  size_t length = (size_t)snprintf(line, sizeof(line), "ref: %s\n", target);
  rc = hf_ref_lock_write(&lock, line, length, err);
  if (rc == HF_OK) rc = hf_ref_lock_flush(&lock, err);
  if (rc == HF_OK) rc = hf_ref_lock_rename(&lock, err);
  hf_ref_lock_release(&lock);
  return rc == HF_OK ? hf_fsync_path(repo->gitdir, err) : rc;
}
