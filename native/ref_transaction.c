/*
 * A transaction of references, up to the point where all is ready. It goes through the names in order: lock, read the value under
 * the lock, compare, check names against what exists; a symbolic reference adds the one it points at. What is to be written is
 * written and flushed before commit, which only renames.
 */
#include "ref_update.h"
#include <limits.h>
#include <pthread.h>
#include <unistd.h>

static const git_oid zero_oid;

/* ---- refusals ---- */

int hf_ref_refuse(hf_ref_preparation *p, hf_ref_refusal_kind kind, const char *name) {
  p->refusal->kind = kind;
  if (name) hf_buffer_put_text(&p->refusal->names, name, strlen(name));
  return 1;
}

int hf_ref_refuse_conflict(hf_ref_preparation *p, const char *name, const char *other, size_t other_len) {
  hf_ref_refuse(p, HF_REFUSED_NAME_CONFLICT, name);
  hf_buffer_put_text(&p->refusal->names, other, other_len);
  return 1;
}

int hf_ref_refuse_mismatch(hf_ref_preparation *p, const hf_ref_update *each, const git_oid *actual) {
  p->refusal->first = each->expected;
  p->refusal->second = *actual;
  return hf_ref_refuse(p, HF_REFUSED_MISMATCH, each->name);
}

int hf_ref_refuse_object(hf_ref_preparation *p, hf_ref_refusal_kind kind, const git_oid *oid) {
  p->refusal->first = *oid;
  return hf_ref_refuse(p, kind, NULL);
}

/* ---- one reference ---- */

/** A reference that is not there: its name must be free, and an empty folder in its place goes away. */
static int prepare_absent(hf_ref_preparation *p, const hf_ref_update *each, bool directory) {
  if (each->has_expected && !git_oid_is_zero(&each->expected)) return hf_ref_refuse_mismatch(p, each, &zero_oid);
  if (directory) {
    char path[PATH_MAX];
    bool fits = (size_t)snprintf(path, sizeof(path), "%s/%s", p->own->gitdir, each->name) < sizeof(path);
    if (!fits || !hf_remove_empty_tree(path)) {
      int rc = hf_ref_check_name_free(p, each->name, true);
      /* Nothing but lock files of others in that folder: they are about to make a reference there. */
      return rc == HF_OK ? hf_ref_refuse(p, HF_REFUSED_LOCKED, each->name) : rc;
    }
  }
  return hf_ref_check_name_free(p, each->name, false);
}

static int compare_expected(hf_ref_preparation *p, const hf_ref_update *each, const git_oid *actual) {
  bool same = !each->has_expected || git_oid_equal(&each->expected, actual);
  return same ? HF_OK : hf_ref_refuse_mismatch(p, each, actual);
}

/** A symbolic reference that is changed itself: what it leads to is its old value. */
static int prepare_symbolic_itself(hf_ref_preparation *p, hf_ref_update *each) {
  hf_ref_resolved resolved;
  int rc = hf_ref_resolve(&resolved, p->own->gitdir, each->name, p->err);
  if (rc < 0) return rc;
  if (resolved.kind == HF_REF_DIRECT) each->old_oid = resolved.oid;
  if (resolved.kind == HF_REF_BROKEN && each->has_expected) return hf_ref_refuse_mismatch(p, each, &zero_oid);
  return compare_expected(p, each, &each->old_oid);
}

/** The target of a symbolic reference is changed in its place. */
static int add_referent(hf_ref_preparation *p, size_t index, const char *target) {
  hf_ref_transaction *own = p->own;
  bool removes = own->updates[index].removes;
  if (!(removes ? hf_ref_name_deletable(target) : hf_ref_name_writable(target))) return hf_ref_refuse(p, HF_REFUSED_NAME, target);
  if (hf_ref_updates_have(own, target)) return hf_ref_refuse(p, HF_REFUSED_REPEATED, target);
  char *name = strdup(target);
  size_t added;
  int rc = name ? hf_ref_updates_add(own, name, &added, p->err) : hf_fail_memory(p->err);
  if (rc < 0) return rc;
  hf_ref_update *referent = &own->updates[added], *symbolic = &own->updates[index];
  referent->new_oid = symbolic->new_oid;
  referent->removes = symbolic->removes;
  referent->expected = symbolic->expected;
  referent->has_expected = symbolic->has_expected;
  referent->parent = index;
  symbolic->lock_only = true;
  return HF_OK;
}

static int flush_group(hf_ref_preparation *p);

static bool is_branch(const char *name) { return strcmp(name, "HEAD") == 0 || strncmp(name, "refs/heads/", 11) == 0; }

static int check_object(hf_ref_preparation *p, const hf_ref_update *each) {
  git_object_t type;
  size_t size;
  int rc = hf_repo_read_header(&type, &size, p->repo, &each->new_oid, p->err);
  if (rc == HF_NOT_FOUND) return hf_ref_refuse_object(p, HF_REFUSED_NO_OBJECT, &each->new_oid);
  if (rc < 0) return rc;
  bool fits = type == GIT_OBJECT_COMMIT || !is_branch(each->name);
  return fits ? HF_OK : hf_ref_refuse_object(p, HF_REFUSED_NOT_A_COMMIT, &each->new_oid);
}

static int write_value(hf_ref_preparation *p, size_t index) {
  hf_ref_update *each = &p->own->updates[index];
  int rc = check_object(p, each);
  if (rc != HF_OK) return rc;
  char line[GIT_OID_HEXSZ + 1];
  git_oid_fmt(line, &each->new_oid);
  line[GIT_OID_HEXSZ] = '\n';
  if ((rc = hf_ref_lock_write(&each->lock, line, sizeof(line), p->err)) < 0) return rc;
  each->writes = true;
  p->unflushed[p->unflushed_count++] = index;
  return p->unflushed_count == HF_REF_FLUSH_GROUP ? flush_group(p) : HF_OK;
}

/** Reads and compares under the lock, and writes what is new. */
static int prepare_locked(hf_ref_preparation *p, size_t index) {
  hf_ref_update *each = &p->own->updates[index];
  hf_ref_value value;
  int rc = hf_ref_read(&value, p->own->gitdir, each->name, p->err);
  if (rc < 0) return rc;
  each->loose = value.loose;
  bool same = false;
  /* Without HEAD itself git takes the directory for no repository. */
  bool itself = value.kind != HF_REF_SYMBOLIC || !p->options->deref;
  if (each->removes && itself && strcmp(each->name, "HEAD") == 0) return hf_ref_refuse(p, HF_REFUSED_NAME, each->name);
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
static int prepare_blocked(hf_ref_preparation *p, const hf_ref_update *each) {
  if (each->has_expected && !git_oid_is_zero(&each->expected)) return hf_ref_refuse_mismatch(p, each, &zero_oid);
  int rc = hf_ref_check_name_free(p, each->name, true);
  return rc == HF_OK ? hf_ref_refuse(p, HF_REFUSED_LOCKED, each->name) : rc;
}

static int prepare_update(hf_ref_preparation *p, size_t index) {
  if (hf_cancelled(p->cancel)) return hf_fail_cancelled(p->err);
  hf_ref_update *each = &p->own->updates[index];
  /* Once one is known to be locked the others are only asked whether they are too. */
  unsigned timeout_ms = p->refusal->kind == HF_REFUSED_LOCKED ? 0 : p->options->lock_timeout_ms;
  int rc = hf_ref_lock_take(&each->lock, p->own->gitdir, each->name, timeout_ms, p->cancel, p->err);
  if (rc == HF_LOCK_BLOCKED) return prepare_blocked(p, each);
  if (rc == HF_LOCK_BUSY) {
    hf_ref_refuse(p, HF_REFUSED_LOCKED, each->name);
    return HF_OK;
  }
  if (rc < 0) return rc == HF_INVALID ? hf_ref_refuse(p, HF_REFUSED_NAME, each->name) : rc;
  return p->refusal->kind == HF_REFUSED_LOCKED ? HF_OK : prepare_locked(p, index);
}

/* ---- flushing ---- */

typedef struct {
  hf_ref_transaction *own;
  const size_t *indexes;
  const hf_cancel *cancel;
  pthread_mutex_t lock;
  int rc;
  hf_error err;
} flush_work;

static void flush_one(void *context, size_t index) {
  flush_work *work = context;
  hf_ref_lock *lock = &work->own->updates[work->indexes[index]].lock;
  hf_error err;
  /* What is given up need not reach the disk. */
  int rc = hf_cancelled(work->cancel) ? hf_fail_cancelled(&err) : hf_ref_lock_flush(lock, &err);
  hf_ref_lock_close(lock);
  if (rc == HF_OK) return;
  pthread_mutex_lock(&work->lock);
  work->rc = rc;
  work->err = err;
  pthread_mutex_unlock(&work->lock);
}

/** Flushes what was written since the last time, all at once, and closes it. */
static int flush_group(hf_ref_preparation *p) {
  flush_work work = {.own = p->own, .indexes = p->unflushed, .cancel = p->cancel, .lock = PTHREAD_MUTEX_INITIALIZER, .rc = HF_OK};
  hf_parallel(flush_one, &work, p->unflushed_count);
  p->unflushed_count = 0;
  if (work.rc < 0) *p->err = work.err;
  return work.rc;
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
    const hf_ref_update *each = &own->updates[i];
    if (each->parent != HF_REF_NO_INDEX) own->updates[each->parent].old_oid = each->old_oid;
  }
  for (size_t i = 0; i < own->change_count; i++) own->old_oids[i] = own->updates[own->order[i]].old_oid;
}

/** HEAD and the branch that it names cannot change together: git would have to log HEAD twice. */
static int check_head(hf_ref_preparation *p) {
  hf_ref_value head;
  if (!hf_ref_updates_have(p->own, "HEAD")) return HF_OK;
  int rc = hf_ref_read(&head, p->own->gitdir, "HEAD", p->err);
  if (rc < 0) return rc;
  return head.kind == HF_REF_SYMBOLIC && hf_ref_updates_have(p->own, head.target) ? hf_ref_refuse(p, HF_REFUSED_REPEATED, head.target) : HF_OK;
}

static int prepare_all(hf_ref_preparation *p, const hf_ref_change *changes, size_t count) {
  hf_ref_transaction *own = p->own;
  int rc = hf_ref_updates_add_changes(p, changes, count);
  if (rc == HF_OK) rc = check_head(p);
  for (size_t i = 0; rc == HF_OK && i < own->count; i++) rc = prepare_update(p, i);
  if (rc == HF_OK && p->refusal->kind != HF_REFUSED_NOT) rc = 1;
  if (rc == HF_OK) rc = flush_group(p);
  if (rc == HF_OK) rc = hf_ref_prepare_packed(p);
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
  hf_ref_preparation p = {.own = own, .refusal = refusal, .repo = repo, .options = options, .cancel = cancel, .err = err};
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

/* ---- HEAD ---- */

int hf_ref_set_head(hf_ref_refusal *refusal, hf_repo *repo, const char *target, const hf_cancel *cancel, hf_error *err) {
  *refusal = (hf_ref_refusal){0};
  hf_ref_preparation p = {.refusal = refusal, .err = err};
  if (strncmp(target, "refs/", 5) != 0 || !hf_ref_name_valid(target, false)) {
    hf_ref_refuse(&p, HF_REFUSED_NAME, target);
    return HF_OK;
  }
  int rc = check_reflogs(repo, err);
  if (rc < 0) return rc;
  hf_ref_lock lock;
  rc = hf_ref_lock_take(&lock, repo->gitdir, "HEAD", HF_REF_LOCK_TIMEOUT_MS, cancel, err);
  if (rc == HF_LOCK_BUSY || rc == HF_LOCK_BLOCKED) {
    hf_ref_refuse(&p, HF_REFUSED_LOCKED, "HEAD");
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
