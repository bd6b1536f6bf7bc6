/* Reading objects by id, and the raw forms of trees and commits. Content is never parsed into libgit2's structures: walking the bytes is several times faster. */
#include "repository.h"
#include "revision.h"

#define SMALL_BYTES_MAX (64 * 1024)

const git_oid hf_empty_tree = {{0x4b, 0x82, 0x5d, 0xc6, 0x42, 0xcb, 0x6e, 0xb9, 0xa0, 0x60,
                                0xe5, 0x4b, 0xf8, 0xd6, 0x92, 0x88, 0xfb, 0xee, 0x49, 0x04}};

static int read_up_to(hf_object **out, size_t *size, size_t limit, hf_store *store, hf_quarantine *quarantine, const git_oid *oid, hf_error *err) {
  *size = 0;
  if (git_oid_equal(oid, &hf_empty_tree)) return (*out = hf_object_new(GIT_OBJECT_TREE, 0)) ? HF_OK : hf_fail_memory(err);
  if (quarantine && (*out = hf_quarantine_find(quarantine, oid))) {
    *size = (*out)->size;
    return HF_OK;
  }
  int rc = hf_store_read_up_to(out, size, limit, store, oid, err);
  hf_store *disk = rc == HF_NOT_FOUND && quarantine ? hf_quarantine_store(quarantine) : NULL;
  return disk ? hf_store_read_up_to(out, size, limit, disk, oid, err) : rc;
}

int hf_objects_read(hf_object **out, hf_store *store, hf_quarantine *quarantine, const git_oid *oid, hf_error *err) {
  size_t size;
  return read_up_to(out, &size, SIZE_MAX, store, quarantine, oid, err);
}

int hf_objects_read_header(git_object_t *type, size_t *size, hf_store *store, hf_quarantine *quarantine, const git_oid *oid, hf_error *err) {
  hf_object *object = quarantine ? hf_quarantine_find(quarantine, oid) : NULL;
  if (object || git_oid_equal(oid, &hf_empty_tree)) {
    *type = object ? object->type : GIT_OBJECT_TREE;
    *size = object ? object->size : 0;
    hf_object_free(object);
    return HF_OK;
  }
  int rc = hf_store_read_header(type, size, store, oid, err);
  hf_store *disk = rc == HF_NOT_FOUND && quarantine ? hf_quarantine_store(quarantine) : NULL;
  return disk ? hf_store_read_header(type, size, disk, oid, err) : rc;
}

int hf_objects_find_prefix(git_oid *out, hf_store *store, hf_quarantine *quarantine, const git_oid *prefix, size_t length, hf_error *err) {
  git_oid found[8];
  size_t count = 0;
  int rc = hf_store_find_prefix(found, &count, HF_ARRAY_SIZE(found), store, prefix, length, err);
  hf_store *disk = quarantine ? hf_quarantine_store(quarantine) : NULL;
  if (rc == HF_OK && disk) rc = hf_store_find_prefix(found, &count, HF_ARRAY_SIZE(found), disk, prefix, length, err);
  if (quarantine) hf_quarantine_find_prefix(found, &count, HF_ARRAY_SIZE(found), quarantine, prefix, length);
  if (rc < 0) return rc;
  if (count == 0) return hf_fail(err, HF_NOT_FOUND, "no object begins so");
  for (size_t i = 1; i < count; i++)
    if (!git_oid_equal(&found[i], &found[0])) return hf_fail(err, HF_AMBIGUOUS, "several objects begin so");
  *out = found[0];
  return HF_OK;
}

int hf_repo_read(hf_object **out, hf_repo *repo, const git_oid *oid, hf_error *err) {
  return hf_objects_read(out, repo->store, repo->quarantine, oid, err);
}

int hf_repo_read_up_to(hf_object **out, size_t *size, size_t limit, hf_repo *repo, const git_oid *oid, hf_error *err) {
  int rc = read_up_to(out, size, limit, repo->store, repo->quarantine, oid, err);
  if (rc != HF_TOO_LARGE) return rc;
  *out = NULL;
  return HF_OK;
}

int hf_repo_read_header(git_object_t *type, size_t *size, hf_repo *repo, const git_oid *oid, hf_error *err) {
  return hf_objects_read_header(type, size, repo->store, repo->quarantine, oid, err);
}

bool hf_repo_exists(hf_repo *repo, const git_oid *oid) {
  hf_error ignored;
  git_object_t type;
  size_t size;
  return hf_repo_read_header(&type, &size, repo, oid, &ignored) == HF_OK;
}

int hf_repo_find_prefix(git_oid *out, hf_repo *repo, const git_oid *prefix, size_t length, hf_error *err) {
  return hf_objects_find_prefix(out, repo->store, repo->quarantine, prefix, length, err);
}

int hf_repo_write(git_oid *out, hf_repo *repo, git_object_t type, const void *data, size_t size, hf_error *err) {
  if (!repo->quarantine) return hf_fail(err, HF_INVALID, "objects are written only into a quarantine");
  if (!data) data = "";
  int rc = git_odb_hash(out, data, size, type);
  if (rc < 0) return hf_fail_git(err, rc, "hash an object");
  return hf_quarantine_put(repo->quarantine, out, type, data, size, err);
}

int hf_tree_next(hf_tree_entry *out, const uint8_t **at, const uint8_t *end) {
  const uint8_t *cursor = *at;
  if (cursor == end) return 0;
  uint32_t mode = 0;
  while (cursor < end && *cursor >= '0' && *cursor <= '7') mode = mode << 3 | (uint32_t)(*cursor++ - '0');
  if (cursor == *at || cursor >= end || *cursor != ' ') return -1;
  const uint8_t *name = ++cursor;
  const uint8_t *zero = memchr(name, 0, (size_t)(end - name));
  if (!zero || zero == name || (size_t)(end - zero) < 1 + GIT_OID_RAWSZ) return -1;
  out->mode = mode;
  out->name = (const char *)name;
  out->name_len = (size_t)(zero - name);
  out->oid = zero + 1;
  *at = zero + 1 + GIT_OID_RAWSZ;
  return 1;
}

int hf_tree_compare(const char *a, size_t a_len, bool a_is_tree, const char *b, size_t b_len, bool b_is_tree) {
  size_t common = a_len < b_len ? a_len : b_len;
  int order = memcmp(a, b, common);
  if (order != 0) return order;
  unsigned char after_a = a_len > common ? (unsigned char)a[common] : a_is_tree ? '/' : 0;
  unsigned char after_b = b_len > common ? (unsigned char)b[common] : b_is_tree ? '/' : 0;
  return (int)after_a - (int)after_b;
}

size_t hf_oid_prefix(git_oid *out, const char *hex, size_t length) {
  memset(out, 0, sizeof(*out));
  size_t i = 0;
  for (; i < length && i < GIT_OID_HEXSZ; i++) {
    char digit = hex[i];
    int value = digit >= '0' && digit <= '9'   ? digit - '0'
                : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                               : -1;
    if (value < 0) break;
    out->id[i / 2] |= (unsigned char)(i % 2 ? value : value << 4);
  }
  return i;
}

/** Reads `prefix`, 40 digits and a newline; moves behind them. */
static bool header_oid(git_oid *out, const char **at, const char *end, const char *prefix) {
  size_t prefix_len = strlen(prefix);
  if ((size_t)(end - *at) < prefix_len + GIT_OID_HEXSZ + 1 || memcmp(*at, prefix, prefix_len) != 0) return false;
  const char *hex = *at + prefix_len;
  if (hf_oid_prefix(out, hex, GIT_OID_HEXSZ) != GIT_OID_HEXSZ || hex[GIT_OID_HEXSZ] != '\n') return false;
  *at = hex + GIT_OID_HEXSZ + 1;
  return true;
}

int hf_commit_tree(git_oid *out, const void *data, size_t size) {
  const char *at = data;
  return header_oid(out, &at, at + size, "tree ") ? HF_OK : HF_CORRUPT;
}

int hf_commit_parent(git_oid *out, const void *data, size_t size, size_t parent) {
  const char *at = data, *end = at + size;
  if (!header_oid(out, &at, end, "tree ")) return HF_CORRUPT;
  for (size_t i = 0; header_oid(out, &at, end, "parent "); i++)
    if (i == parent) return HF_OK;
  return HF_NOT_FOUND;
}

/**
 * The type of an object, and the object itself where it is small, else NULL: to find the type of a delta costs as much as to read it, and
 * what is peeled is nearly always read next.
 */
static int read_small(hf_object **out, git_object_t *type, hf_repo *repo, const git_oid *oid, hf_error *err) {
  size_t size;
  int rc = hf_repo_read_up_to(out, &size, SMALL_BYTES_MAX, repo, oid, err);
  if (rc < 0) *out = NULL;
  else if (*out) *type = hf_object_type(*out);
  else rc = hf_repo_read_header(type, &size, repo, oid, err);
  return rc;
}

int hf_peel(git_oid *out, hf_repo *repo, const git_oid *oid, git_object_t type, hf_error *err) {
  git_oid at = *oid;
  for (;;) {
    hf_object *object;
    git_object_t found;
    int rc = read_small(&object, &found, repo, &at, err);
    if (rc < 0) return rc;
    if (found == type || type == GIT_OBJECT_ANY) {
      hf_object_free(object);
      *out = at;
      return HF_OK;
    }
    bool to_tree = found == GIT_OBJECT_COMMIT && type == GIT_OBJECT_TREE;
    if (!to_tree && found != GIT_OBJECT_TAG) {
      hf_object_free(object);
      char hex[GIT_OID_HEXSZ + 1];
      git_oid_tostr(hex, sizeof(hex), &at);
      return hf_fail_about(err, HF_WRONG_TYPE, hex, GIT_OID_HEXSZ, "the object is a %s, not a %s", git_object_type2string(found),
                           git_object_type2string(type));
    }
    if (!object && (rc = hf_repo_read(&object, repo, &at, err)) < 0) return rc;
    const char *content = hf_object_data(object), *end = content + hf_object_size(object);
    bool ok = header_oid(&at, &content, end, to_tree ? "tree " : "object ");
    hf_object_free(object);
    if (!ok) return hf_fail(err, HF_CORRUPT, "a %s without a target", git_object_type2string(found));
  }
}

int hf_tag_target(git_oid *out, hf_repo *repo, const git_oid *tag, hf_error *err) {
  hf_object *object;
  int rc = hf_repo_read(&object, repo, tag, err);
  if (rc < 0) return rc;
  const char *content = hf_object_data(object), *end = content + hf_object_size(object);
  bool ok = header_oid(out, &content, end, "object ");
  hf_object_free(object);
  return ok ? HF_OK : hf_fail(err, HF_CORRUPT, "a tag without a target");
}

int hf_read_tree(hf_object **out, hf_repo *repo, const git_oid *treeish, hf_error *err) {
  git_oid at = *treeish;
  for (;;) {
    int rc = hf_repo_read(out, repo, &at, err);
    if (rc < 0) return rc;
    git_object_t type = hf_object_type(*out);
    if (type == GIT_OBJECT_TREE) return HF_OK;
    const char *content = hf_object_data(*out), *end = content + hf_object_size(*out);
    bool ok = (type == GIT_OBJECT_COMMIT && header_oid(&at, &content, end, "tree ")) ||
              (type == GIT_OBJECT_TAG && header_oid(&at, &content, end, "object "));
    hf_object_free(*out);
    *out = NULL;
    if (ok) continue;
    if (type == GIT_OBJECT_BLOB) return hf_fail(err, HF_WRONG_TYPE, "the object is a blob, not a tree");
    return hf_fail(err, HF_CORRUPT, "a %s without a target", git_object_type2string(type));
  }
}

/** Finds a name in the bytes of a tree; -1 when these are malformed. */
static int find_name(hf_tree_entry *out, const uint8_t *at, const uint8_t *end, const char *name, size_t length) {
  int rc;
  while ((rc = hf_tree_next(out, &at, end)) > 0)
    if (out->name_len == length && memcmp(out->name, name, length) == 0) return 1;
  return rc;
}

int hf_tree_find(hf_found_entry *out, hf_repo *repo, const git_oid *treeish, const char *path, size_t path_len, hf_error *err) {
  const char *end = path + path_len;
  git_oid at = *treeish;
  while (path < end) {
    const char *slash = memchr(path, '/', (size_t)(end - path));
    size_t length = (size_t)((slash ? slash : end) - path);
    hf_object *tree;
    int rc = hf_read_tree(&tree, repo, &at, err);
    if (rc < 0) return rc;
    const uint8_t *bytes = hf_object_data(tree);
    hf_tree_entry entry;
    int found = find_name(&entry, bytes, bytes + hf_object_size(tree), path, length);
    if (found > 0) {
      out->mode = entry.mode;
      memcpy(out->oid.id, entry.oid, GIT_OID_RAWSZ);
    }
    hf_object_free(tree);
    if (found < 0) return hf_fail(err, HF_CORRUPT, "a malformed tree");
    if (found > 0 && !slash) return HF_OK;
    if (found == 0 || !hf_mode_is_tree(out->mode)) break;
    at = out->oid;
    path = slash + 1;
  }
  return hf_fail(err, HF_NOT_FOUND, "path not found");
}
