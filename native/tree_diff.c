#include "tree_diff.h"
#include "tree_cursor.h"

/** Asking more would make each entry slow. */
#define PATH_LIMITS_MAX 1000
#define CANCEL_INTERVAL 1024

typedef struct {
  hf_changes *out;
  hf_repo *repo;
  const hf_path_limits *limits;
  const hf_cancel *cancel;
  hf_error *err;
  hf_buffer path; /* the directory that is walked, with a slash at its end unless it is the root */
  unsigned depth;
  unsigned steps;
} walk;

/* ---- the list ---- */

int hf_changes_add(hf_changes *changes, const hf_change *change, const char *path, size_t path_len, hf_error *err) {
  if (changes->count == changes->capacity) {
    size_t capacity = changes->capacity ? changes->capacity * 2 : 16;
    hf_change *items = realloc(changes->items, capacity * sizeof(*items));
    if (!items) return hf_fail_memory(err);
    changes->items = items;
    changes->capacity = capacity;
  }
  hf_change *added = &changes->items[changes->count];
  *added = *change;
  added->path = changes->paths.length;
  added->path_len = path_len;
  hf_buffer_put(&changes->paths, path, path_len);
  if (changes->paths.failed) return hf_fail_memory(err);
  changes->count++;
  if (change->status == 'A') changes->added++;
  if (change->status == 'D') changes->deleted++;
  return HF_OK;
}

void hf_changes_free(hf_changes *changes) {
  free(changes->items);
  hf_buffer_free(&changes->paths);
  *changes = (hf_changes){0};
}

/* ---- limits ---- */

static bool is_literal(const char *path, size_t length) {
  if (length == 0 || path[0] == ':' || path[0] == '/' || path[length - 1] == '/') return false;
  for (size_t i = 0; i < length; i++)
    if (path[i] == '*' || path[i] == '?' || path[i] == '[' || path[i] == '\\' || path[i] == '\0') return false;
  for (const char *at = path, *end = path + length; at < end;) {
    const char *slash = memchr(at, '/', (size_t)(end - at));
    size_t segment = (size_t)((slash ? slash : end) - at);
    if (segment == 0 || (segment == 1 && at[0] == '.') || (segment == 2 && at[0] == '.' && at[1] == '.')) return false;
    at += segment + 1;
  }
  return true;
}

int hf_path_limits_read(hf_path_limits *out, const uint8_t *packed, size_t packed_len, hf_error *err) {
  *out = (hf_path_limits){0};
  if (packed_len == 0) return HF_OK;
  hf_reader reader = {packed, packed + packed_len, false};
  size_t count = hf_reader_u32(&reader);
  if (reader.failed) return hf_fail(err, HF_INVALID, "malformed path limits");
  if (count == 0) return HF_OK;
  if (count > PATH_LIMITS_MAX) return hf_fail(err, HF_UNSUPPORTED, "more than %d paths", PATH_LIMITS_MAX);
  out->paths = calloc(count, sizeof(*out->paths));
  out->lengths = calloc(count, sizeof(*out->lengths));
  if (!out->paths || !out->lengths) return hf_fail_memory(err);
  for (out->count = 0; out->count < count; out->count++) {
    size_t i = out->count;
    out->paths[i] = hf_reader_text(&reader, &out->lengths[i]);
    if (reader.failed) return hf_fail(err, HF_INVALID, "malformed path limits");
    if (!is_literal(out->paths[i], out->lengths[i])) return hf_fail(err, HF_UNSUPPORTED, "a pathspec that is not a plain path");
  }
  return HF_OK;
}

void hf_path_limits_free(hf_path_limits *limits) {
  free(limits->paths);
  free(limits->lengths);
  *limits = (hf_path_limits){0};
}

/** Is the path one of the limits, or below one; or, for a directory, above one? */
static bool wanted(const walk *w, const hf_tree_entry *entry) {
  if (!w->limits || w->limits->count == 0) return true;
  size_t directory_len = w->path.length, length = directory_len + entry->name_len;
  for (size_t i = 0; i < w->limits->count; i++) {
    const char *limit = w->limits->paths[i];
    size_t limit_len = w->limits->lengths[i], common = limit_len < length ? limit_len : length;
    size_t in_directory = common < directory_len ? common : directory_len;
    if (in_directory > 0 && memcmp(limit, w->path.data, in_directory) != 0) continue;
    if (common > directory_len && memcmp(limit + directory_len, entry->name, common - directory_len) != 0) continue;
    if (limit_len == length) return true;
    if (limit_len > length) {
      if (hf_mode_is_tree(entry->mode) && limit[length] == '/') return true;
    } else if (limit_len < directory_len && w->path.data[limit_len] == '/') {
      return true;
    }
  }
  return false;
}

/* ---- the walk ---- */

static int walk_trees(walk *w, const git_oid *left, const git_oid *right);

static int enter(walk *w, const hf_tree_entry *entry, const uint8_t *left, const uint8_t *right) {
  git_oid old_id, new_id;
  if (left) memcpy(old_id.id, left, GIT_OID_RAWSZ);
  if (right) memcpy(new_id.id, right, GIT_OID_RAWSZ);
  if (++w->depth > HF_TREE_DEPTH_MAX) return hf_fail(w->err, HF_UNSUPPORTED, "trees are nested too deeply");
  size_t length = w->path.length;
  hf_buffer_put(&w->path, entry->name, entry->name_len);
  hf_buffer_put_u8(&w->path, '/');
  if (w->path.failed) return hf_fail_memory(w->err);
  int rc = walk_trees(w, left ? &old_id : NULL, right ? &new_id : NULL);
  w->path.length = length;
  w->depth--;
  return rc;
}

static int report(walk *w, const hf_tree_entry *left, const hf_tree_entry *right) {
  const hf_tree_entry *named = left ? left : right;
  hf_change change = {0};
  if (left) {
    change.old_mode = left->mode;
    memcpy(change.old_oid.id, left->oid, GIT_OID_RAWSZ);
  }
  if (right) {
    change.new_mode = right->mode;
    memcpy(change.new_oid.id, right->oid, GIT_OID_RAWSZ);
  }
  if (!left) change.status = 'A';
  else if (!right) change.status = 'D';
  else change.status = (left->mode & 0170000) == (right->mode & 0170000) ? 'M' : 'T';
  size_t length = w->path.length;
  hf_buffer_put(&w->path, named->name, named->name_len);
  if (w->path.failed) return hf_fail_memory(w->err);
  int rc = hf_changes_add(w->out, &change, (const char *)w->path.data, w->path.length, w->err);
  w->path.length = length;
  return rc;
}

/** What stands in one of the trees only. */
static int one_sided(walk *w, const hf_tree_entry *left, const hf_tree_entry *right) {
  const hf_tree_entry *entry = left ? left : right;
  if (!wanted(w, entry)) return HF_OK;
  if (hf_mode_is_tree(entry->mode)) return enter(w, entry, left ? left->oid : NULL, right ? right->oid : NULL);
  return report(w, left, right);
}

/** Two entries of one name, both directories or neither. */
static int both_sides(walk *w, const hf_tree_entry *left, const hf_tree_entry *right) {
  bool same_object = memcmp(left->oid, right->oid, GIT_OID_RAWSZ) == 0;
  if ((same_object && left->mode == right->mode) || !wanted(w, left)) return HF_OK;
  if (hf_mode_is_tree(left->mode)) return enter(w, left, left->oid, right->oid);
  return report(w, left, right);
}

static int walk_trees(walk *w, const git_oid *left, const git_oid *right) {
  hf_tree_cursor old_tree, new_tree = {0};
  int rc = hf_tree_cursor_open(&old_tree, w->repo, left, w->err);
  if (rc == HF_OK) rc = hf_tree_cursor_open(&new_tree, w->repo, right, w->err);
  while (rc == HF_OK && (old_tree.present || new_tree.present)) {
    if (++w->steps % CANCEL_INTERVAL == 0 && hf_cancelled(w->cancel)) {
      rc = hf_fail_cancelled(w->err);
      break;
    }
    int order = !old_tree.present ? 1 : !new_tree.present ? -1 : 0;
    bool same = order == 0 && hf_tree_cursor_same(&old_tree, &new_tree);
    if (order == 0 && !same) order = hf_tree_cursor_compare(&old_tree, &new_tree);
    if (order < 0) rc = one_sided(w, &old_tree.entry, NULL);
    else if (order > 0) rc = one_sided(w, NULL, &new_tree.entry);
    else if (!same) rc = both_sides(w, &old_tree.entry, &new_tree.entry);
    if (rc == HF_OK && order <= 0) rc = hf_tree_cursor_next(&old_tree, w->err);
    if (rc == HF_OK && order >= 0) rc = hf_tree_cursor_next(&new_tree, w->err);
  }
  hf_tree_cursor_close(&old_tree);
  hf_tree_cursor_close(&new_tree);
  return rc;
}

int hf_tree_diff(hf_changes *out, hf_repo *repo, const git_oid *left, const git_oid *right, const hf_path_limits *limits,
                 const hf_cancel *cancel, hf_error *err) {
  if (left && right && git_oid_equal(left, right)) return HF_OK;
  walk w = {.out = out, .repo = repo, .limits = limits, .cancel = cancel, .err = err};
  int rc = walk_trees(&w, left, right);
  hf_buffer_free(&w.path);
  return rc;
}
