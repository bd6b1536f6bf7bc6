/* Answers of the diff functions, packed for JavaScript: patches, the whole text of a diff, line counts, changed paths. */
#ifndef HOLDFAST_PATCH_H
#define HOLDFAST_PATCH_H

#include "patch_text.h"
#include "tree_diff.h"

typedef enum {
  HF_DIFF_PATCHES = 0, /* for each path its change, whether it is binary, and its hunks */
  HF_DIFF_TEXT = 1,    /* what `git diff --full-index` prints */
  HF_DIFF_STATS = 2,   /* for each path the lines added and removed */
} hf_diff_kind;

typedef struct {
  hf_diff_kind kind;
  hf_whitespace whitespace;
  bool renames; /* the caller wants renames: then a diff that could have one is left to git */
  git_oid left, right; /* trees, or what can be peeled to one */
  hf_path_limits limits;
} hf_diff_request;

/**
 * Appends an answer: u32 number of paths answered, u32 length of the body, the body, and then what is left, empty when the answer
 * is complete. A body of HF_DIFF_TEXT is the text; otherwise it has for each path
 *   HF_DIFF_PATCHES: u8 status, u8 binary, u32 old mode, u32 new mode, old id, new id, path, patch (both with their length);
 *   HF_DIFF_STATS: u32 additions, u32 deletions, path.
 * Large diffs come in parts: what is left goes into hf_diff_rest. HF_UNSUPPORTED where git might answer differently.
 */
int hf_diff(hf_buffer *out, hf_repo *repo, const hf_diff_request *request, const hf_cancel *cancel, hf_error *err);
/** Goes on with what an answer left; of the request only the kind and white space count. */
int hf_diff_rest(hf_buffer *out, hf_repo *repo, const hf_diff_request *request, const uint8_t *rest, size_t rest_len,
                 const hf_cancel *cancel, hf_error *err);

/**
 * Appends the number of requests that are answered (u32; a long answer stops early, and the others are to be asked again), then
 * rows of changed paths without renames: u32 index of the request, u8 status, u32 old mode, u32 new mode, old id, new id,
 * path. Requests are packed: u32 count; each a u8, 'c' for a commit or 't' for two trees, the id of the commit or the left
 * tree, u32 count of parents (0: the commit's own) and their ids, or 1 and the right tree. Of a merge all parents are
 * compared one after the other, or, with `all_parents`, the paths that differ from all of them are given for each.
 */
int hf_changed_paths(hf_buffer *out, hf_repo *repo, const uint8_t *requests, size_t requests_len, bool all_parents,
                     const hf_cancel *cancel, hf_error *err);

/* ---- patch_git.c: the lines that git writes above the hunks ---- */

/** The text of one change without its hunks: `diff --git`, modes, `index`. */
void hf_patch_put_header(hf_buffer *out, const hf_change *change, const char *path, size_t path_len);
/** The lines `---` and `+++`. */
void hf_patch_put_labels(hf_buffer *out, const hf_change *change, const char *path, size_t path_len);
/** The line `Binary files … differ`. */
void hf_patch_put_binary(hf_buffer *out, const hf_change *change, const char *path, size_t path_len);

/* ---- patch_settings.c ---- */

/** HF_UNSUPPORTED when the repository's own settings or attributes may change what git prints or merges. */
int hf_require_plain_settings(hf_repo *repo, hf_error *err);
/** HF_UNSUPPORTED when git sees other parents than the commits name (shallow clones, grafts). */
int hf_require_plain_parents(hf_repo *repo, hf_error *err);

#endif
