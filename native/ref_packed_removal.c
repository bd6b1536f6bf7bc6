/* Writes packed-refs.new, which is packed-refs without the references that a transaction removes. */
#include "ref_update.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

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
static int copy_kept(hf_ref_preparation *p, const hf_packed *packed, int fd) {
  const hf_ref_transaction *own = p->own;
  const char *start, *end;
  hf_packed_bytes(packed, &start, &end);
  const char *header = hf_packed_header(packed);
  int rc = write_span(fd, header, header + strlen(header), p->err);
  for (size_t i = 0; rc == HF_OK && i < own->count; i++) {
    const hf_ref_update *each = &own->updates[own->by_name[i]];
    if (hf_cancelled(p->cancel)) return hf_fail_cancelled(p->err);
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

static int is_any_packed(hf_ref_preparation *p, const hf_packed *packed) {
  int rc = 0;
  for (size_t i = 0; rc == 0 && i < p->own->count; i++) {
    const hf_ref_update *each = &p->own->updates[i];
    hf_packed_record record;
    if (each->removes && !each->lock_only) rc = hf_packed_find(&record, packed, each->name, strlen(each->name), p->err);
  }
  return rc;
}

static int write_packed_new(hf_ref_preparation *p, const hf_packed *packed) {
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
int hf_ref_prepare_packed(hf_ref_preparation *p) {
  bool removes = false;
  for (size_t i = 0; i < p->own->count; i++) removes |= p->own->updates[i].removes && !p->own->updates[i].lock_only;
  if (!removes) return HF_OK;
  if (hf_cancelled(p->cancel)) return hf_fail_cancelled(p->err);
  int rc = hf_ref_lock_take(&p->own->packed_lock, p->own->gitdir, "packed-refs", p->options->packed_lock_timeout_ms, p->cancel, p->err);
  if (rc == HF_LOCK_BUSY || rc == HF_LOCK_BLOCKED) return hf_ref_refuse(p, HF_REFUSED_LOCKED, "packed-refs");
  if (rc < 0) return rc;
  hf_ref_lock_close(&p->own->packed_lock);
  hf_packed *packed;
  if ((rc = hf_packed_acquire(&packed, p->own->gitdir, p->err)) < 0) return rc;
  rc = is_any_packed(p, packed);
  if (rc > 0) rc = write_packed_new(p, packed);
  hf_packed_release(packed);
  return rc;
}

void hf_ref_remove_packed_new(hf_ref_transaction *own) {
  char path[PATH_MAX];
  if (!own->packed_new) return;
  snprintf(path, sizeof(path), "%s/packed-refs.new", own->gitdir);
  unlink(path);
  own->packed_new = false;
}
