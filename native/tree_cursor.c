#include "tree_cursor.h"

static bool written_plainly(const uint8_t *start, uint32_t mode, const uint8_t *oid) {
  if (*start == '0' || mode != hf_canonical_mode(mode)) return false;
  return !hf_mode_is_tree(mode) || memcmp(oid, hf_empty_tree.id, GIT_OID_RAWSZ) != 0;
}

int hf_tree_cursor_next(hf_tree_cursor *cursor, hf_error *err) {
  hf_tree_entry before = cursor->entry;
  bool had = cursor->present;
  cursor->start = cursor->at;
  int rc = hf_tree_next(&cursor->entry, &cursor->at, cursor->end);
  cursor->present = rc > 0;
  if (rc == 0) return HF_OK;
  if (rc < 0 || cursor->entry.name_len == 0) {
    cursor->present = false;
    char hex[GIT_OID_HEXSZ + 1];
    git_oid_tostr(hex, sizeof(hex), &cursor->id);
    return hf_fail_about(err, HF_CORRUPT, hex, GIT_OID_HEXSZ, "malformed tree");
  }
  if (!written_plainly(cursor->start, cursor->entry.mode, cursor->entry.oid)) cursor->plain = false;
  cursor->entry.mode = hf_canonical_mode(cursor->entry.mode);
  if (had && hf_tree_compare(before.name, before.name_len, hf_mode_is_tree(before.mode), cursor->entry.name,
                             cursor->entry.name_len, hf_mode_is_tree(cursor->entry.mode)) >= 0)
    cursor->sorted = false;
  return HF_OK;
}

int hf_tree_cursor_open(hf_tree_cursor *out, hf_repo *repo, const git_oid *id, hf_error *err) {
  *out = (hf_tree_cursor){.plain = true, .sorted = true};
  if (!id) return HF_OK;
  out->id = *id;
  int rc = hf_repo_read(&out->object, repo, id, err);
  if (rc < 0) return rc;
  if (hf_object_type(out->object) != GIT_OBJECT_TREE) {
    char hex[GIT_OID_HEXSZ + 1];
    git_oid_tostr(hex, sizeof(hex), id);
    return hf_fail_about(err, HF_CORRUPT, hex, GIT_OID_HEXSZ, "not a tree");
  }
  out->at = hf_object_data(out->object);
  out->end = out->at + hf_object_size(out->object);
  return hf_tree_cursor_next(out, err);
}

void hf_tree_cursor_close(hf_tree_cursor *cursor) {
  hf_object_free(cursor->object);
  *cursor = (hf_tree_cursor){0};
}

bool hf_tree_cursor_has_directory(const hf_tree_cursor *cursor, const char *name, size_t name_len) {
  hf_tree_entry entry = cursor->entry;
  const uint8_t *at = cursor->at;
  for (int more = cursor->present; more > 0; more = hf_tree_next(&entry, &at, cursor->end)) {
    bool begins = entry.name_len >= name_len && memcmp(entry.name, name, name_len) == 0;
    if (begins && entry.name_len == name_len) {
      if (hf_mode_is_tree(entry.mode)) return true;
    } else if (hf_tree_compare(entry.name, entry.name_len, hf_mode_is_tree(entry.mode), name, name_len, true) > 0) {
      return false;
    }
  }
  return false;
}
