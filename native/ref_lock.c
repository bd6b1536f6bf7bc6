/* Lock files as git takes them: NAME.lock, made exclusively, renamed over NAME or removed. */
#include "ref_transaction.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <time.h>
#include <unistd.h>

#define LOCK_SUFFIX ".lock"
/** Others remove empty folders while we make them; each attempt starts from the top. */
#define FOLDER_ATTEMPTS_MAX 20
#define BACKOFF_FIRST_US 500
#define BACKOFF_MAX_US 20000
#define TREE_DEPTH_MAX 256

static uint64_t now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

/** Makes the folders of `path`, which is absolute and is changed only for the moment. Counts those that were missing. */
static int make_folders(char *path, size_t from, size_t *made, bool *blocked, hf_error *err) {
  for (char *slash = strchr(path + from, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    int rc = mkdir(path, 0777);
    int os_errno = rc < 0 ? errno : 0;
    struct stat st;
    if (os_errno == EEXIST && stat(path, &st) == 0 && !S_ISDIR(st.st_mode)) *blocked = true;
    *slash = '/';
    if (rc == 0) *made += 1;
    else if (*blocked || os_errno == ENOTDIR) {
      *blocked = true;
      return HF_OK;
    } else if (os_errno == ENOENT) {
      return HF_OK; /* removed under our hands: the caller tries again */
    } else if (os_errno != EEXIST) {
      return hf_fail_os(err, os_errno, "make a folder for a reference");
    }
  }
  return HF_OK;
}

static int lock_path(char *out, size_t size, const char *path) {
  return (size_t)snprintf(out, size, "%s" LOCK_SUFFIX, path) < size ? HF_OK : HF_INVALID;
}

/** Removes up to `count` empty folders above `path`, the deepest first, but none of refs/X/, as git keeps them. */
static void remove_folders(const char *path, size_t top, size_t count) {
  char folder[PATH_MAX];
  size_t length = strlen(path);
  if (length >= sizeof(folder) || length < top || strncmp(path + top, "refs/", 5) != 0) return;
  memcpy(folder, path, length + 1);
  const char *kept = strchr(folder + top + 5, '/');
  if (!kept) return;
  for (char *slash; count-- > 0 && (slash = strrchr(folder, '/')) > kept;) {
    *slash = '\0';
    if (rmdir(folder) < 0) return;
  }
}

int hf_ref_lock_take(hf_ref_lock *out, const char *gitdir, const char *name, unsigned timeout_ms, const hf_cancel *cancel, hf_error *err) {
  char lock[PATH_MAX];
  out->fd = -1;
  out->made_dirs = 0;
  out->path = hf_path_join(gitdir, name, NULL);
  if (!out->path) return hf_fail_memory(err);
  out->top = strlen(gitdir) + 1;
  uint64_t deadline = now_us() + (uint64_t)timeout_ms * 1000;
  unsigned backoff_us = BACKOFF_FIRST_US;
  int rc = lock_path(lock, sizeof(lock), out->path) < 0 ? hf_fail(err, HF_INVALID, "the name is too long") : HF_OK;
  for (int folders = 0; rc == HF_OK;) {
    out->fd = open(lock, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (out->fd >= 0) return HF_LOCK_TAKEN;
    if (errno == ENOENT && folders++ < FOLDER_ATTEMPTS_MAX) {
      bool blocked = false;
      rc = make_folders(out->path, out->top, &out->made_dirs, &blocked, err);
      if (rc == HF_OK && blocked) rc = HF_LOCK_BLOCKED;
    } else if (errno == ENOTDIR) {
      rc = HF_LOCK_BLOCKED;
    } else if (errno != EEXIST) {
      rc = errno == ENAMETOOLONG ? hf_fail(err, HF_INVALID, "the name is too long") : hf_fail_os(err, errno, "lock a reference");
    } else if (hf_cancelled(cancel)) {
      rc = hf_fail_cancelled(err);
    } else if (now_us() + backoff_us > deadline) {
      rc = HF_LOCK_BUSY;
    } else {
      usleep(backoff_us);
      if ((backoff_us += backoff_us / 2) > BACKOFF_MAX_US) backoff_us = BACKOFF_MAX_US;
    }
  }
  remove_folders(out->path, out->top, out->made_dirs);
  free(out->path);
  out->path = NULL;
  return rc;
}

int hf_ref_lock_write(hf_ref_lock *lock, const void *bytes, size_t length, hf_error *err) {
  const char *at = bytes;
  while (length > 0) {
    ssize_t count = write(lock->fd, at, length);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return hf_fail_os(err, errno, "write a lock file");
    at += count;
    length -= (size_t)count;
  }
  return HF_OK;
}

int hf_ref_lock_flush(hf_ref_lock *lock, hf_error *err) {
  if (fsync(lock->fd) < 0) return hf_fail_os(err, errno, "flush a lock file");
  return HF_OK;
}

void hf_ref_lock_close(hf_ref_lock *lock) {
  if (lock->fd >= 0) close(lock->fd);
  lock->fd = -1;
}

static void forget(hf_ref_lock *lock) {
  hf_ref_lock_close(lock);
  free(lock->path);
  lock->path = NULL;
}

int hf_ref_lock_rename(hf_ref_lock *lock, hf_error *err) {
  char from[PATH_MAX];
  lock_path(from, sizeof(from), lock->path);
  int rc = rename(from, lock->path);
  if (rc < 0 && (errno == EISDIR || errno == ENOTEMPTY || errno == EEXIST)) {
    hf_remove_empty_tree(lock->path);
    rc = rename(from, lock->path);
  }
  if (rc < 0) return hf_fail_os(err, errno, "rename a lock file");
  forget(lock);
  return HF_OK;
}

void hf_ref_lock_release(hf_ref_lock *lock) {
  if (!lock->path) return;
  char path[PATH_MAX];
  lock_path(path, sizeof(path), lock->path);
  unlink(path);
  remove_folders(lock->path, lock->top, lock->made_dirs);
  forget(lock);
}

static int remove_tree(const char *path, int depth) {
  if (rmdir(path) == 0 || errno == ENOENT) return 1;
  if (depth >= TREE_DEPTH_MAX || (errno != ENOTEMPTY && errno != EEXIST)) return 0;
  DIR *dir = opendir(path);
  if (!dir) return 0;
  int empty = 1;
  const struct dirent *entry;
  while (empty && (entry = readdir(dir))) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    char *inner = hf_path_join(path, entry->d_name, NULL);
    /* rmdir refuses a file, so nothing but an empty folder is ever removed. */
    empty = inner ? remove_tree(inner, depth + 1) : 0;
    free(inner);
  }
  closedir(dir);
  return empty && (rmdir(path) == 0 || errno == ENOENT);
}

int hf_remove_empty_tree(const char *path) { return remove_tree(path, 0); }

void hf_remove_empty_parents(const char *gitdir, const char *name) {
  char path[PATH_MAX];
  if ((size_t)snprintf(path, sizeof(path), "%s/%s", gitdir, name) >= sizeof(path)) return;
  remove_folders(path, strlen(gitdir) + 1, SIZE_MAX);
}
