/*
 * A stamp of all references: what stat says of HEAD, packed-refs and every file below refs/. Git gives a reference a new file
 * whenever it changes, and even a file that is written in place gets a new time, so an equal stamp means equal references, unless
 * the clock of the file system has not ticked between two changes: there is no stamp while the newest change is that young.
 */
#include "refs.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <time.h>
#include <unistd.h>

/** Longer than any tick of a file system's clock that is worth a stamp. */
#define SETTLED_NS (200 * 1000 * 1000LL)
#define CANCEL_INTERVAL 64
#define FOLDER_DEPTH_MAX 200

typedef struct {
  uint64_t low, high;
  int64_t newest_ns;
  bool crowded; /* more entries than allowed */
  bool unknown; /* something that is better read each time */
  size_t entries, entries_max;
  const hf_cancel *cancel;
} stamp_walk;

static uint64_t mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
  hash ^= hash >> 29;
  hash *= 0xbf58476d1ce4e5b9ULL;
  return hash ^ (hash >> 32);
}

static int64_t ns_of(struct timespec time) { return (int64_t)time.tv_sec * 1000000000LL + time.tv_nsec; }

static uint64_t hash_name(uint64_t hash, const char *name) {
  for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 0x100000001b3ULL;
  return mix(hash, '/');
}

/** Adds a file: sums do not care in which order a folder is read. */
static void add_file(stamp_walk *walk, uint64_t name_hash, const struct stat *st) {
  int64_t changed = ns_of(st->st_ctim), modified = ns_of(st->st_mtim);
  if (changed > walk->newest_ns) walk->newest_ns = changed;
  const uint64_t words[] = {name_hash, (uint64_t)st->st_dev, (uint64_t)st->st_ino, (uint64_t)st->st_size, (uint64_t)changed, (uint64_t)modified};
  uint64_t low = 0x243f6a8885a308d3ULL, high = 0x13198a2e03707344ULL;
  for (size_t i = 0; i < HF_ARRAY_SIZE(words); i++) {
    low = mix(low, words[i]);
    high = mix(high, words[i] + 0x9216d5d98979fb1bULL * (i + 1));
  }
  walk->low += low;
  walk->high += high;
}

/** Takes over the folder's descriptor. */
static int walk_folder(stamp_walk *walk, int fd, uint64_t name_hash, int depth, hf_error *err) {
  DIR *dir = fdopendir(fd);
  if (!dir) {
    close(fd);
    return hf_fail_memory(err);
  }
  int rc = HF_OK;
  if (depth > FOLDER_DEPTH_MAX) walk->unknown = true;
  while (rc == HF_OK && !walk->unknown) {
    errno = 0;
    const struct dirent *entry = readdir(dir);
    if (!entry) {
      if (errno) rc = hf_fail_os(err, errno, "read a folder of references");
      break;
    }
    if (entry->d_name[0] == '.') continue;
    if (++walk->entries > walk->entries_max) walk->crowded = walk->unknown = true;
    if (walk->entries % CANCEL_INTERVAL == 0 && hf_cancelled(walk->cancel)) rc = hf_fail_cancelled(err);
    uint64_t child_hash = hash_name(name_hash, entry->d_name);
    struct stat st;
    bool is_folder = entry->d_type == DT_DIR;
    if (!is_folder) {
      if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        walk->unknown = true; /* it went while we looked */
        continue;
      }
      is_folder = S_ISDIR(st.st_mode);
      if (!is_folder && !S_ISREG(st.st_mode)) walk->unknown = true;
      if (!is_folder) add_file(walk, child_hash, &st);
    }
    if (is_folder) {
      int child = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
      if (child < 0) walk->unknown = true;
      else rc = walk_folder(walk, child, child_hash, depth + 1, err);
    }
  }
  closedir(dir);
  return rc;
}

static void add_top_file(stamp_walk *walk, int gitdir, const char *name) {
  struct stat st;
  if (fstatat(gitdir, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
    if (!S_ISREG(st.st_mode)) walk->unknown = true;
    add_file(walk, hash_name(1, name), &st);
  } else if (errno != ENOENT) {
    walk->unknown = true;
  }
}

int hf_refs_stamp(hf_ref_stamp *out, const char *gitdir, size_t entries_max, const hf_cancel *cancel, hf_error *err) {
  stamp_walk walk = {.entries_max = entries_max, .cancel = cancel};
  out->known = out->crowded = false;
  int fd = open(gitdir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return hf_fail_os(err, errno, "open a repository");
  /* Loose files first, as in a listing: a reference that is packed meanwhile changes the stamp either way. */
  int refs = openat(fd, "refs", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  int rc = HF_OK;
  if (refs < 0) walk.unknown = true;
  else rc = walk_folder(&walk, refs, 0, 0, err);
  add_top_file(&walk, fd, "packed-refs");
  add_top_file(&walk, fd, "HEAD");
  close(fd);
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (rc < 0) return rc;
  out->known = !walk.unknown && ns_of(now) - walk.newest_ns > SETTLED_NS;
  out->crowded = walk.crowded;
  out->low = walk.low;
  out->high = walk.high;
  return HF_OK;
}
