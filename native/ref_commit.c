/*
 * The end of a transaction. Commit replaces packed-refs first, since that is the step which can fail for everyone, then renames, then
 * flushes every folder whose entries changed.
 */
#include "ref_update.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <unistd.h>

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

void hf_ref_transaction_abort(hf_ref_transaction *transaction) {
  hf_ref_remove_packed_new(transaction);
  free_transaction(transaction);
}

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

static int commit_update(hf_ref_transaction *own, hf_ref_update *each, touched_folders *touched, hf_error *err) {
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
