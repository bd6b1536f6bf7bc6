/* The paths in which two trees differ, found by a walk that enters only directories whose ids differ. */
#ifndef HOLDFAST_TREE_DIFF_H
#define HOLDFAST_TREE_DIFF_H

#include "holdfast.h"

/** One changed path. The absent side has mode 0 and the zero id. */
typedef struct {
  char status; /* 'A', 'D', 'M', or 'T' (another type of entry) */
  uint32_t old_mode, new_mode;
  git_oid old_oid, new_oid;
  size_t path; /* where the path begins in hf_changes.paths */
  size_t path_len;
} hf_change;

/** Changed paths in the order of `git diff --raw`. */
typedef struct {
  hf_change *items;
  size_t count, capacity;
  hf_buffer paths;
  size_t added, deleted; /* how many of each */
} hf_changes;

/** Literal paths: each names an entry, and everything below it when it is a directory. */
typedef struct {
  const char **paths;
  size_t *lengths;
  size_t count; /* 0: no limit */
} hf_path_limits;

static inline const char *hf_change_path(const hf_changes *changes, const hf_change *change) {
  return (const char *)changes->paths.data + change->path;
}

/**
 * Appends the differences of two trees to `out`, which starts zeroed; an id may be NULL for no tree. HF_NOT_FOUND, HF_CORRUPT,
 * HF_UNSUPPORTED (nested too deeply).
 */
int hf_tree_diff(hf_changes *out, hf_repo *repo, const git_oid *left, const git_oid *right, const hf_path_limits *limits,
                 const hf_cancel *cancel, hf_error *err);
/** Appends one change with its path. */
int hf_changes_add(hf_changes *changes, const hf_change *change, const char *path, size_t path_len, hf_error *err);
void hf_changes_free(hf_changes *changes);

/**
 * Reads path limits from packed texts (u32 count, then each). Pathspecs that are more than a literal path are HF_UNSUPPORTED.
 * The paths point into the packed bytes.
 */
int hf_path_limits_read(hf_path_limits *out, const uint8_t *packed, size_t packed_len, hf_error *err);
void hf_path_limits_free(hf_path_limits *limits);

#endif
