/* Errors: copied on the thread that meets them, since libgit2 keeps its text per thread. */
#include "holdfast.h"
#include <errno.h>
#include <stdarg.h>

static const char *const code_names[] = {
  [-HF_OK] = "ok",
  [-HF_NOT_FOUND] = "not_found",
  [-HF_INVALID] = "invalid",
  [-HF_AMBIGUOUS] = "ambiguous",
  [-HF_CORRUPT] = "corrupt",
  [-HF_LOCKED] = "locked",
  [-HF_EXISTS] = "exists",
  [-HF_CANCELLED] = "cancelled",
  [-HF_OS] = "os",
  [-HF_UNSUPPORTED] = "unsupported",
  [-HF_CONFLICT] = "conflict",
  [-HF_MISMATCH] = "mismatch",
  [-HF_WRONG_TYPE] = "wrong_type",
  [-HF_TOO_LARGE] = "too_large",
  [-HF_NO_REPOSITORY] = "no_repository",
  [-HF_MEMORY] = "memory",
  [-HF_INTERNAL] = "internal",
};

const char *hf_code_name(hf_code code) {
  size_t index = (size_t)-(int)code;
  return index < HF_ARRAY_SIZE(code_names) ? code_names[index] : "internal";
}

const char *hf_errno_name(int os_errno) {
  const char *name = strerrorname_np(os_errno);
  return name ? name : "EUNKNOWN";
}

static int fill(hf_error *err, hf_code code, int os_errno, const char *format, va_list list) {
  err->code = code;
  err->os_errno = os_errno;
  err->subject[0] = '\0';
  vsnprintf(err->message, sizeof(err->message), format, list);
  return code;
}

int hf_fail(hf_error *err, hf_code code, const char *format, ...) {
  va_list list;
  va_start(list, format);
  fill(err, code, 0, format, list);
  va_end(list);
  return code;
}

int hf_fail_about(hf_error *err, hf_code code, const char *subject, size_t subject_len, const char *format, ...) {
  va_list list;
  va_start(list, format);
  fill(err, code, 0, format, list);
  va_end(list);
  size_t length = subject_len < sizeof(err->subject) ? subject_len : sizeof(err->subject) - 1;
  memcpy(err->subject, subject, length);
  err->subject[length] = '\0';
  return code;
}

int hf_fail_os(hf_error *err, int os_errno, const char *format, ...) {
  va_list list;
  va_start(list, format);
  fill(err, HF_OS, os_errno, format, list);
  va_end(list);
  size_t used = strlen(err->message);
  snprintf(err->message + used, sizeof(err->message) - used, ": %s", strerrordesc_np(os_errno));
  return HF_OS;
}

int hf_fail_memory(hf_error *err) { return hf_fail(err, HF_MEMORY, "out of memory"); }

int hf_fail_cancelled(hf_error *err) { return hf_fail(err, HF_CANCELLED, "cancelled"); }

static hf_code code_of_git(int rc, int klass) {
  switch (rc) {
    case GIT_ENOTFOUND:
    case GIT_EUNBORNBRANCH:
      return HF_NOT_FOUND;
    case GIT_EEXISTS:
      return HF_EXISTS;
    case GIT_EAMBIGUOUS:
      return HF_AMBIGUOUS;
    case GIT_EINVALID:
    case GIT_EINVALIDSPEC:
      return HF_INVALID;
    case GIT_ELOCKED:
      return HF_LOCKED;
    case GIT_EMODIFIED:
      return HF_MISMATCH;
    case GIT_ECONFLICT:
    case GIT_EMERGECONFLICT:
      return HF_CONFLICT;
    case GIT_EMISMATCH:
      return HF_CORRUPT;
  }
  switch (klass) {
    case GIT_ERROR_NOMEMORY:
      return HF_MEMORY;
    case GIT_ERROR_OS:
      return HF_OS;
    case GIT_ERROR_ZLIB:
    case GIT_ERROR_OBJECT:
    case GIT_ERROR_ODB:
    case GIT_ERROR_TREE:
    case GIT_ERROR_TAG:
    case GIT_ERROR_INDEXER:
    case GIT_ERROR_SHA:
      return HF_CORRUPT;
    default:
      return HF_INTERNAL;
  }
}

int hf_fail_git(hf_error *err, int rc, const char *what) {
  int os_errno = errno;
  const git_error *last = git_error_last();
  hf_code code = code_of_git(rc, last ? last->klass : 0);
  hf_fail(err, code, "%s: %s", what, last && last->message ? last->message : "libgit2 gave no reason");
  if (code == HF_OS) err->os_errno = os_errno;
  git_error_clear();
  return code;
}
