/* One reference: its loose file, else its record in packed-refs; symbolic ones followed. */
#include "refs.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

/** "ref: ", the longest name, white space around it. */
#define LOOSE_FILE_MAX (HF_REF_NAME_MAX + 64)

static bool parse_hex(git_oid *out, const char *text, size_t length) {
  return length >= GIT_OID_HEXSZ && hf_oid_prefix(out, text, GIT_OID_HEXSZ) == GIT_OID_HEXSZ;
}

static void set_target(hf_ref_value *out, const char *target, size_t length) {
  if (length == 0 || length > HF_REF_NAME_MAX || memchr(target, '\0', length)) {
    out->kind = HF_REF_BROKEN;
    return;
  }
  out->kind = HF_REF_SYMBOLIC;
  out->target_len = length;
  memcpy(out->target, target, length);
  out->target[length] = '\0';
}

static void parse_loose(hf_ref_value *out, const char *text, size_t length) {
  while (length > 0 && isspace((unsigned char)text[length - 1])) length--;
  if (length >= 4 && memcmp(text, "ref:", 4) == 0) {
    text += 4;
    length -= 4;
    while (length > 0 && isspace((unsigned char)*text)) text++, length--;
    set_target(out, text, length);
    return;
  }
  bool ends = length == GIT_OID_HEXSZ || (length > GIT_OID_HEXSZ && isspace((unsigned char)text[GIT_OID_HEXSZ]));
  bool valid = ends && parse_hex(&out->oid, text, length) && !git_oid_is_zero(&out->oid);
  out->kind = valid ? HF_REF_DIRECT : HF_REF_BROKEN;
}

/** Old repositories have symbolic links for symbolic references: HEAD -> refs/heads/main. */
static bool read_link(hf_ref_value *out, int dir, const char *path) {
  char target[HF_REF_NAME_MAX + 2];
  ssize_t length = readlinkat(dir, path, target, sizeof(target));
  if (length < 0 || length > HF_REF_NAME_MAX) return false;
  target[length] = '\0';
  if (strncmp(target, "refs/", 5) != 0 || !hf_ref_name_valid(target, false)) return false;
  set_target(out, target, (size_t)length);
  return true;
}

static bool means_absent(int os_errno) {
  return os_errno == ENOENT || os_errno == ENOTDIR || os_errno == ENAMETOOLONG || os_errno == ELOOP;
}

int hf_ref_read_loose(hf_ref_value *out, int dir, const char *path, hf_error *err) {
  out->kind = HF_REF_ABSENT;
  out->directory = false;
  out->loose = false;
  int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (fd < 0 && errno == ELOOP) {
    out->loose = true;
    if (read_link(out, dir, path)) return HF_OK;
    out->loose = false;
    fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  }
  if (fd < 0) return means_absent(errno) ? HF_OK : hf_fail_os(err, errno, "open a reference");
  char text[LOOSE_FILE_MAX];
  size_t length = 0;
  ssize_t count;
  while ((count = read(fd, text + length, sizeof(text) - length)) != 0) {
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    length += (size_t)count;
  }
  int os_errno = count < 0 ? errno : 0;
  close(fd);
  if (os_errno == EISDIR) {
    out->directory = true;
    return HF_OK;
  }
  out->loose = true;
  if (os_errno == EAGAIN) out->kind = HF_REF_BROKEN; /* a named pipe */
  else if (os_errno) return hf_fail_os(err, os_errno, "read a reference");
  else parse_loose(out, text, length);
  return HF_OK;
}

static int read_packed(hf_ref_value *out, const char *gitdir, const char *name, hf_error *err) {
  hf_packed *packed;
  int rc = hf_packed_acquire(&packed, gitdir, err);
  if (rc < 0) return rc;
  hf_packed_record record;
  rc = hf_packed_find(&record, packed, name, strlen(name), err);
  if (rc > 0) {
    bool valid = parse_hex(&out->oid, record.hex, GIT_OID_HEXSZ) && !git_oid_is_zero(&out->oid);
    out->kind = valid ? HF_REF_DIRECT : HF_REF_BROKEN;
  }
  hf_packed_release(packed);
  return rc < 0 ? rc : HF_OK;
}

int hf_ref_read(hf_ref_value *out, const char *gitdir, const char *name, hf_error *err) {
  char path[PATH_MAX];
  if ((size_t)snprintf(path, sizeof(path), "%s/%s", gitdir, name) >= sizeof(path)) {
    out->kind = HF_REF_ABSENT;
    out->directory = out->loose = false;
    return HF_OK;
  }
  int rc = hf_ref_read_loose(out, AT_FDCWD, path, err);
  /*
   * packed-refs is looked at after the loose file was seen to be missing, never before: git renames the new packed-refs into
   * place before it removes a loose file that it packed.
   */
  if (rc == HF_OK && out->kind == HF_REF_ABSENT && strncmp(name, "refs/", 5) == 0) rc = read_packed(out, gitdir, name, err);
  return rc;
}

int hf_ref_resolve(hf_ref_resolved *out, const char *gitdir, const char *name, hf_error *err) {
  hf_ref_value value;
  out->symbolic = false;
  out->kind = HF_REF_BROKEN;
  size_t length = strlen(name);
  if (length > HF_REF_NAME_MAX) return HF_OK;
  memcpy(out->name, name, length + 1);
  for (int depth = 0; depth < HF_SYMREF_DEPTH_MAX; depth++) {
    if (!hf_ref_name_valid(out->name, true)) return HF_OK;
    int rc = hf_ref_read(&value, gitdir, out->name, err);
    if (rc < 0) return rc;
    if (value.kind != HF_REF_SYMBOLIC) {
      out->kind = value.kind;
      if (value.kind == HF_REF_DIRECT) out->oid = value.oid;
      return HF_OK;
    }
    out->symbolic = true;
    memcpy(out->name, value.target, value.target_len + 1);
  }
  return HF_OK;
}

int hf_refs_lookup(git_oid *out, hf_repo *repo, const char *name, hf_error *err) {
  hf_ref_resolved resolved;
  int rc = hf_ref_resolve(&resolved, repo->gitdir, name, err);
  if (rc < 0) return rc;
  if (resolved.kind != HF_REF_DIRECT) return hf_fail_about(err, HF_NOT_FOUND, name, strlen(name), "no such reference");
  *out = resolved.oid;
  return HF_OK;
}
