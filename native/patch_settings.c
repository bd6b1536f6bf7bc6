/* Settings of a repository that change what git prints or merges. They are rare: a cautious look suffices. */
#include "patch.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define CONFIG_BYTES_MAX (256 * 1024)

/** Beginnings of sections, and names of keys, in lower case. Finding one anywhere in the file is enough to ask git. */
static const char *const telling[] = {
  "[diff", "[merge", "[include", "[color", "[submodule", "attributesfile", "worktreeconfig",
};

static bool tells(const char *text, size_t length) {
  for (size_t i = 0; i < HF_ARRAY_SIZE(telling); i++)
    if (memmem(text, length, telling[i], strlen(telling[i]))) return true;
  return false;
}

static int file_exists(bool *out, hf_repo *repo, const char *name, hf_error *err) {
  char *path = hf_path_join(repo->gitdir, name, NULL);
  if (!path) return hf_fail_memory(err);
  *out = access(path, F_OK) == 0;
  free(path);
  return HF_OK;
}

static int check_config(hf_repo *repo, hf_error *err) {
  char *path = hf_path_join(repo->gitdir, "config", NULL);
  if (!path) return hf_fail_memory(err);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  int open_errno = errno;
  free(path);
  if (file < 0) return open_errno == ENOENT ? HF_OK : hf_fail_os(err, open_errno, "open the configuration");
  char small[4096];
  struct stat st;
  size_t size = fstat(file, &st) == 0 && st.st_size >= 0 && st.st_size < CONFIG_BYTES_MAX ? (size_t)st.st_size : CONFIG_BYTES_MAX;
  char *text = size <= sizeof(small) ? small : malloc(size);
  size_t length = 0;
  for (ssize_t got; text && length < size && (got = read(file, text + length, size - length)) > 0;) length += (size_t)got;
  close(file);
  if (!text) return hf_fail_memory(err);
  for (size_t i = 0; i < length; i++)
    if (text[i] >= 'A' && text[i] <= 'Z') text[i] += 'a' - 'A';
  bool special = size == CONFIG_BYTES_MAX || tells(text, length);
  if (text != small) free(text);
  return special ? hf_fail(err, HF_UNSUPPORTED, "the repository's configuration may change the result") : HF_OK;
}

int hf_require_plain_settings(hf_repo *repo, hf_error *err) {
  bool attributes = false;
  int rc = file_exists(&attributes, repo, "info/attributes", err);
  if (rc < 0) return rc;
  if (attributes) return hf_fail(err, HF_UNSUPPORTED, "the repository has attributes");
  return check_config(repo, err);
}

int hf_require_plain_parents(hf_repo *repo, hf_error *err) {
  bool shallow = false, grafts = false;
  int rc = file_exists(&shallow, repo, "shallow", err);
  if (rc == HF_OK) rc = file_exists(&grafts, repo, "info/grafts", err);
  if (rc < 0) return rc;
  return shallow || grafts ? hf_fail(err, HF_UNSUPPORTED, "the repository is shallow or has grafts") : HF_OK;
}
