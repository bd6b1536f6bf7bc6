/*
 * packed-refs, as git writes it: a header that names its traits, then one line for each reference, sorted, a tag's followed by
 * a line with what it finally points at. A name is found by binary search over the bytes; the file is never parsed as a whole.
 * Git replaces the file by a rename and never writes into it; the mapping keeps the old file, and so its inode number, alive,
 * which is why equal stat data mean an equal file.
 */
#include "refs.h"
#include "slots.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEX 40
#define SLOTS_MAX 256
/** A copy of a small file is safe from whoever truncates it in place, against git's rules. */
#define COPY_MAX (1024 * 1024)
#define FILE_MAX ((off_t)4 * 1024 * 1024 * 1024)

struct hf_packed {
  atomic_uint users;
  dev_t device;
  ino_t inode;
  off_t size;
  struct timespec modified;
  void *map;
  char *copy;
  const char *start, *end; /* the records */
  bool peeled, fully_peeled;
};

typedef struct {
  hf_slot slot;
  hf_packed *current;
} packed_slot;

static void empty_slot(hf_slot *slot) {
  packed_slot *own = (packed_slot *)slot;
  if (own->current) hf_packed_release(own->current);
}

static hf_slots slots = HF_SLOTS_INIT(packed_slot, empty_slot, SLOTS_MAX);

void hf_packed_release(hf_packed *packed) {
  if (atomic_fetch_sub(&packed->users, 1) != 1) return;
  if (packed->map) munmap(packed->map, (size_t)packed->size);
  free(packed->copy);
  free(packed);
}

static int damaged(hf_error *err) { return hf_fail(err, HF_CORRUPT, "packed-refs is damaged"); }

/* ---- records ---- */

static int compare_names(const char *a, size_t a_len, const char *b, size_t b_len) {
  int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
  return order ? order : (a_len > b_len) - (a_len < b_len);
}

/** Reads the record at `at`, which is the start of one. */
static bool read_record(hf_packed_record *out, const hf_packed *packed, const char *at) {
  const char *end = packed->end;
  if (end - at < HEX + 3 || at[HEX] != ' ') return false;
  const char *line_end = memchr(at + HEX + 1, '\n', (size_t)(end - at - HEX - 1));
  if (!line_end) return false;
  out->start = out->hex = at;
  out->name = at + HEX + 1;
  out->name_len = (size_t)(line_end - out->name);
  out->peeled_hex = NULL;
  at = line_end + 1;
  if (at < end && *at == '^') {
    if (end - at < HEX + 2 || at[HEX + 1] != '\n') return false;
    out->peeled_hex = at + 1;
    at += HEX + 2;
  }
  out->end = at;
  out->peel_known = packed->fully_peeled || (packed->peeled && strncmp(out->name, "refs/tags/", 10) == 0);
  return true;
}

/** The start of the record that holds the byte at `at`. */
static const char *record_start(const char *first, const char *at) {
  while (at > first && (at[-1] != '\n' || at[0] == '^')) at--;
  return at;
}

/** Binary search: 1 with the record of that name, else 0 and in `*place` where it would stand. */
static int search(hf_packed_record *out, const char **place, const hf_packed *packed, const char *name, size_t name_len,
                  hf_error *err) {
  const char *low = packed->start, *high = packed->end;
  while (low < high) {
    const char *middle = record_start(low, low + (high - low) / 2);
    hf_packed_record record;
    if (!read_record(&record, packed, middle)) return damaged(err);
    int order = compare_names(record.name, record.name_len, name, name_len);
    if (order == 0) {
      *out = record;
      *place = record.start;
      return 1;
    }
    if (order < 0) low = record.end;
    else high = middle;
  }
  *place = low;
  return 0;
}

int hf_packed_find(hf_packed_record *out, const hf_packed *packed, const char *name, size_t name_len, hf_error *err) {
  const char *place;
  return search(out, &place, packed, name, name_len, err);
}

int hf_packed_seek(const char **at, const hf_packed *packed, const char *name, size_t name_len, hf_error *err) {
  hf_packed_record record;
  int rc = search(&record, at, packed, name, name_len, err);
  return rc < 0 ? rc : HF_OK;
}

int hf_packed_next(hf_packed_record *out, const hf_packed *packed, const char **at, hf_error *err) {
  if (*at >= packed->end) return 0;
  if (!read_record(out, packed, *at)) return damaged(err);
  *at = out->end;
  return 1;
}

void hf_packed_bytes(const hf_packed *packed, const char **start, const char **end) {
  *start = packed->start;
  *end = packed->end;
}

const char *hf_packed_header(const hf_packed *packed) {
  if (packed->start == packed->end || packed->fully_peeled) return "# pack-refs with: peeled fully-peeled sorted \n";
  return packed->peeled ? "# pack-refs with: peeled sorted \n" : "# pack-refs with: sorted \n";
}

/* ---- opening ---- */

static int by_name(const void *a, const void *b) {
  const hf_packed_record *left = a, *right = b;
  return compare_names(left->name, left->name_len, right->name, right->name_len);
}

/** A file that does not say that it is sorted gets a sorted copy. */
static int sort_records(hf_packed *packed, hf_error *err) {
  hf_buffer records = {0}, bytes = {0};
  const char *at = packed->start;
  hf_packed_record record;
  int rc;
  while ((rc = hf_packed_next(&record, packed, &at, err)) > 0) hf_buffer_put(&records, &record, sizeof(record));
  if (rc < 0) goto done;
  hf_packed_record *list = (hf_packed_record *)records.data;
  size_t count = records.length / sizeof(record);
  if (count > 1) qsort(list, count, sizeof(record), by_name);
  for (size_t i = 0; i < count; i++) hf_buffer_put(&bytes, list[i].start, (size_t)(list[i].end - list[i].start));
  if (records.failed || bytes.failed) {
    rc = hf_fail_memory(err);
    goto done;
  }
  free(packed->copy);
  packed->copy = (char *)bytes.data;
  packed->start = packed->copy;
  packed->end = packed->copy + bytes.length;
  bytes = (hf_buffer){0};
  rc = HF_OK;
done:
  hf_buffer_free(&records);
  hf_buffer_free(&bytes);
  return rc;
}

static bool has_trait(const char *line, size_t length, const char *trait) {
  const char *found = memmem(line, length, trait, strlen(trait));
  return found != NULL;
}

/** Finds the records behind the header; `size` bytes are at `bytes`. */
static int read_header(hf_packed *packed, const char *bytes, size_t size, hf_error *err) {
  bool sorted = false;
  packed->start = bytes;
  packed->end = bytes + size;
  if (size == 0) return HF_OK;
  if (bytes[size - 1] != '\n') return damaged(err);
  if (bytes[0] == '#') {
    const char *line_end = memchr(bytes, '\n', size);
    size_t length = (size_t)(line_end - bytes);
    packed->fully_peeled = has_trait(bytes, length, " fully-peeled ");
    packed->peeled = packed->fully_peeled || has_trait(bytes, length, " peeled ");
    sorted = has_trait(bytes, length, " sorted ");
    packed->start = line_end + 1;
  }
  return sorted ? HF_OK : sort_records(packed, err);
}

static int read_all(char *bytes, size_t size, int fd, hf_error *err) {
  size_t done = 0;
  while (done < size) {
    ssize_t count = pread(fd, bytes + done, size - done, (off_t)done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return hf_fail_os(err, errno, "read packed-refs");
    if (count == 0) return damaged(err);
    done += (size_t)count;
  }
  return HF_OK;
}

static int open_packed(hf_packed **out, const char *path, hf_error *err) {
  hf_packed *packed = calloc(1, sizeof(*packed));
  if (!packed) return hf_fail_memory(err);
  atomic_init(&packed->users, 1);
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    if (errno == ENOENT) {
      *out = packed;
      return HF_OK;
    }
    int rc = hf_fail_os(err, errno, "open packed-refs");
    free(packed);
    return rc;
  }
  struct stat st;
  int rc = fstat(fd, &st) < 0 ? hf_fail_os(err, errno, "stat packed-refs") : HF_OK;
  if (rc == HF_OK && (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)) rc = damaged(err);
  if (rc < 0) goto failed;
  packed->device = st.st_dev;
  packed->inode = st.st_ino;
  packed->size = st.st_size;
  packed->modified = st.st_mtim;
  size_t size = (size_t)st.st_size;
  if (size > 0) {
    packed->map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (packed->map == MAP_FAILED) {
      packed->map = NULL;
      rc = hf_fail_os(err, errno, "map packed-refs");
      goto failed;
    }
    const char *bytes = packed->map;
    if (size <= COPY_MAX) {
      packed->copy = malloc(size);
      rc = packed->copy ? read_all(packed->copy, size, fd, err) : hf_fail_memory(err);
      if (rc < 0) goto failed;
      bytes = packed->copy;
    }
    if ((rc = read_header(packed, bytes, size, err)) < 0) goto failed;
  }
  close(fd);
  *out = packed;
  return HF_OK;

failed:
  close(fd);
  hf_packed_release(packed);
  return rc;
}

static bool is_current(const hf_packed *packed, const struct stat *st) {
  return packed->device == st->st_dev && packed->inode == st->st_ino && packed->size == st->st_size &&
         packed->modified.tv_sec == st->st_mtim.tv_sec && packed->modified.tv_nsec == st->st_mtim.tv_nsec;
}

int hf_packed_acquire(hf_packed **out, const char *gitdir, hf_error *err) {
  char path[PATH_MAX];
  if ((size_t)snprintf(path, sizeof(path), "%s/packed-refs", gitdir) >= sizeof(path)) {
    return hf_fail(err, HF_NO_REPOSITORY, "the path is too long");
  }
  hf_slot *slot;
  int rc = hf_slot_acquire(&slot, &slots, gitdir, err);
  if (rc < 0) return rc;
  packed_slot *own = (packed_slot *)slot;
  struct stat st;
  if (stat(path, &st) < 0) memset(&st, 0, sizeof(st));
  pthread_mutex_lock(&slot->lock);
  hf_packed *packed = own->current;
  if (packed && !is_current(packed, &st)) {
    own->current = NULL;
    hf_packed_release(packed);
    packed = NULL;
  }
  if (!packed) {
    rc = open_packed(&packed, path, err);
    if (rc == HF_OK) own->current = packed;
  }
  if (rc == HF_OK) atomic_fetch_add(&packed->users, 1);
  pthread_mutex_unlock(&slot->lock);
  hf_slot_release(&slots, slot);
  if (rc == HF_OK) *out = packed;
  return rc;
}
