/* Turns changed paths into an answer: reads both contents, compares, prints. */
#include "patch.h"

/** git calls larger files binary without a look (core.bigFileThreshold, which the service sets to 50m). */
#define TEXT_BYTES_MAX (50u * 1024 * 1024)
/** A part of an answer ends after so many bytes of output, contents or paths; the next call goes on. */
#define PART_OUTPUT_BYTES (4u * 1024 * 1024)
#define PART_CONTENT_BYTES (32u * 1024 * 1024)
#define PART_PATHS 2000

/** One side of a change, loaded. */
typedef struct {
  hf_object *object;
  char gitlink[64];
  hf_content content;
  bool binary;
} side;

static int load_side(side *out, hf_repo *repo, uint32_t mode, const git_oid *oid, hf_error *err) {
  *out = (side){.content = {"", 0}};
  if (mode == 0) return HF_OK;
  if (hf_mode_is_gitlink(mode)) {
    char hex[GIT_OID_HEXSZ + 1];
    git_oid_tostr(hex, sizeof(hex), oid);
    out->content.data = out->gitlink;
    out->content.size = (size_t)snprintf(out->gitlink, sizeof(out->gitlink), "Subproject commit %s\n", hex);
    return HF_OK;
  }
  git_object_t type;
  size_t size;
  int rc = hf_repo_read_header(&type, &size, repo, oid, err);
  if (rc < 0) return rc;
  if (size > TEXT_BYTES_MAX) {
    out->binary = true;
    return HF_OK;
  }
  if ((rc = hf_repo_read(&out->object, repo, oid, err)) < 0) return rc;
  if (hf_object_size(out->object) > 0)
    out->content = (hf_content){hf_object_data(out->object), hf_object_size(out->object)};
  out->binary = hf_patch_is_binary(out->content);
  return HF_OK;
}

/** What comparing two contents gave. */
typedef struct {
  side old_side, new_side;
  bool binary;
  hf_edits edits;
} comparison;

static int compare(comparison *out, hf_repo *repo, const hf_change *change, hf_whitespace whitespace, hf_error *err) {
  *out = (comparison){.old_side = {.content = {"", 0}}, .new_side = {.content = {"", 0}}};
  if (git_oid_equal(&change->old_oid, &change->new_oid)) return HF_OK;
  int rc = load_side(&out->old_side, repo, change->old_mode, &change->old_oid, err);
  if (rc == HF_OK) rc = load_side(&out->new_side, repo, change->new_mode, &change->new_oid, err);
  if (rc < 0) return rc;
  out->binary = out->old_side.binary || out->new_side.binary;
  return out->binary ? HF_OK : hf_patch_edits(&out->edits, out->old_side.content, out->new_side.content, whitespace, err);
}

static size_t content_bytes(const comparison *compared) {
  return compared->old_side.content.size + compared->new_side.content.size;
}

static void comparison_free(comparison *compared) {
  hf_object_free(compared->old_side.object);
  hf_object_free(compared->new_side.object);
  hf_edits_free(&compared->edits);
}

/* ---- one change ---- */

static int put_hunks(hf_buffer *out, const comparison *compared, hf_error *err) {
  if (compared->edits.count == 0) return HF_OK;
  return hf_patch_hunks(out, compared->old_side.content, compared->new_side.content, &compared->edits, err);
}

/** git shows a change of type as a deletion and an addition. */
static size_t halves(hf_change out[2], const hf_change *change) {
  out[0] = *change;
  if (change->status != 'T') return 1;
  out[1] = *change;
  out[0].new_mode = 0;
  memset(&out[0].new_oid, 0, sizeof(git_oid));
  out[1].old_mode = 0;
  memset(&out[1].old_oid, 0, sizeof(git_oid));
  return 2;
}

static int put_half(hf_buffer *out, hf_repo *repo, const hf_diff_request *request, const hf_change *change, const char *path, bool *binary,
                    size_t *content, hf_error *err) {
  comparison compared;
  int rc = compare(&compared, repo, change, request->whitespace, err);
  if (rc == HF_OK) {
    *binary = *binary || compared.binary;
    *content += content_bytes(&compared);
    if (request->kind == HF_DIFF_TEXT) {
      hf_patch_put_header(out, change, path, change->path_len);
      if (compared.edits.count > 0) hf_patch_put_labels(out, change, path, change->path_len);
    }
    if (compared.binary) hf_patch_put_binary(out, change, path, change->path_len);
    else rc = put_hunks(out, &compared, err);
  }
  comparison_free(&compared);
  return rc;
}

static int put_patch(hf_buffer *out, hf_repo *repo, const hf_diff_request *request, const hf_change *change, const char *path,
                     size_t *content, hf_error *err) {
  size_t flag_at = out->length + 1, patch_at = 0;
  if (request->kind == HF_DIFF_PATCHES) {
    hf_buffer_put_u8(out, (uint8_t)change->status);
    hf_buffer_put_u8(out, 0);
    hf_buffer_put_u32(out, change->old_mode);
    hf_buffer_put_u32(out, change->new_mode);
    hf_buffer_put_oid(out, &change->old_oid);
    hf_buffer_put_oid(out, &change->new_oid);
    hf_buffer_put_text(out, path, change->path_len);
    hf_buffer_put_u32(out, 0);
    patch_at = out->length;
  }
  hf_change parts[2];
  size_t count = halves(parts, change);
  bool binary = false;
  int rc = HF_OK;
  for (size_t i = 0; rc == HF_OK && i < count; i++) rc = put_half(out, repo, request, &parts[i], path, &binary, content, err);
  if (rc == HF_OK && request->kind == HF_DIFF_PATCHES && !out->failed) {
    out->data[flag_at] = binary;
    hf_buffer_set_u32(out, patch_at - 4, (uint32_t)(out->length - patch_at));
  }
  return rc;
}

/** Line counts do not split a change of type: both contents are compared. */
static int put_stat(hf_buffer *out, hf_repo *repo, const hf_change *change, const char *path, size_t *content, hf_error *err) {
  comparison compared;
  int rc = compare(&compared, repo, change, HF_WHITESPACE_KEEP, err);
  if (rc == HF_OK) {
    size_t additions = 0, deletions = 0;
    for (size_t i = 0; i < compared.edits.count; i++) {
      additions += compared.edits.items[i].new_count;
      deletions += compared.edits.items[i].old_count;
    }
    hf_buffer_put_u32(out, (uint32_t)additions);
    hf_buffer_put_u32(out, (uint32_t)deletions);
    hf_buffer_put_text(out, path, change->path_len);
    *content += content_bytes(&compared);
  }
  comparison_free(&compared);
  return rc;
}

/* ---- answers ---- */

static void put_rest(hf_buffer *out, const hf_changes *changes, size_t from) {
  for (size_t i = from; i < changes->count; i++) {
    const hf_change *change = &changes->items[i];
    hf_buffer_put_u8(out, (uint8_t)change->status);
    hf_buffer_put_u32(out, change->old_mode);
    hf_buffer_put_u32(out, change->new_mode);
    hf_buffer_put_oid(out, &change->old_oid);
    hf_buffer_put_oid(out, &change->new_oid);
    hf_buffer_put_text(out, hf_change_path(changes, change), change->path_len);
  }
}

static int read_rest(hf_changes *out, const uint8_t *rest, size_t rest_len, hf_error *err) {
  hf_reader reader = {rest, rest + rest_len, false};
  while (reader.at < reader.end) {
    hf_change change = {.status = (char)hf_reader_u8(&reader)};
    change.old_mode = hf_reader_u32(&reader);
    change.new_mode = hf_reader_u32(&reader);
    hf_reader_oid(&reader, &change.old_oid);
    hf_reader_oid(&reader, &change.new_oid);
    size_t path_len;
    const char *path = hf_reader_text(&reader, &path_len);
    if (reader.failed) return hf_fail(err, HF_INVALID, "malformed rest of a diff");
    int rc = hf_changes_add(out, &change, path, path_len, err);
    if (rc < 0) return rc;
  }
  return HF_OK;
}

static int answer(hf_buffer *out, hf_repo *repo, const hf_diff_request *request, const hf_changes *changes,
                  const hf_cancel *cancel, hf_error *err) {
  size_t head = out->length, content = 0, i = 0;
  hf_buffer_put_u32(out, 0);
  hf_buffer_put_u32(out, 0);
  size_t body = out->length;
  for (; i < changes->count; i++) {
    if (i == PART_PATHS || out->length - body > PART_OUTPUT_BYTES || content > PART_CONTENT_BYTES) break;
    if (hf_cancelled(cancel)) return hf_fail_cancelled(err);
    const hf_change *change = &changes->items[i];
    const char *path = hf_change_path(changes, change);
    int rc = request->kind == HF_DIFF_STATS ? put_stat(out, repo, change, path, &content, err)
                                            : put_patch(out, repo, request, change, path, &content, err);
    if (rc < 0) return rc;
  }
  if (out->length - body > UINT32_MAX) return hf_fail(err, HF_TOO_LARGE, "a patch of more than 4 GiB");
  hf_buffer_set_u32(out, head, (uint32_t)i);
  hf_buffer_set_u32(out, head + 4, (uint32_t)(out->length - body));
  put_rest(out, changes, i);
  return out->failed ? hf_fail_memory(err) : HF_OK;
}

int hf_diff(hf_buffer *out, hf_repo *repo, const hf_diff_request *request, const hf_cancel *cancel, hf_error *err) {
  git_oid left, right;
  hf_changes changes = {0};
  int rc = hf_require_plain_settings(repo, err);
  if (rc == HF_OK) rc = hf_peel(&left, repo, &request->left, GIT_OBJECT_TREE, err);
  if (rc == HF_OK) rc = hf_peel(&right, repo, &request->right, GIT_OBJECT_TREE, err);
  if (rc == HF_OK) rc = hf_tree_diff(&changes, repo, &left, &right, &request->limits, cancel, err);
  if (rc == HF_OK && request->renames && changes.added > 0 && changes.deleted > 0)
    rc = hf_fail(err, HF_UNSUPPORTED, "the diff may have renames");
  if (rc == HF_OK) rc = answer(out, repo, request, &changes, cancel, err);
  hf_changes_free(&changes);
  return rc;
}

int hf_diff_rest(hf_buffer *out, hf_repo *repo, const hf_diff_request *request, const uint8_t *rest, size_t rest_len,
                 const hf_cancel *cancel, hf_error *err) {
  hf_changes changes = {0};
  int rc = read_rest(&changes, rest, rest_len, err);
  if (rc == HF_OK) rc = answer(out, repo, request, &changes, cancel, err);
  hf_changes_free(&changes);
  return rc;
}
