/* Changed paths of commits and pairs of trees, as `git diff-tree --stdin -r --no-renames` lists them. */
#include "patch.h"

/** No further request is answered after so many bytes. */
#define PART_OUTPUT_BYTES (1024u * 1024)

typedef struct {
  hf_repo *repo;
  const hf_cancel *cancel;
  hf_error *err;
  hf_buffer *out;
  uint32_t request;
} listing;

static void put_row(listing *l, const hf_changes *changes, const hf_change *change) {
  hf_buffer_put_u32(l->out, l->request);
  hf_buffer_put_u8(l->out, (uint8_t)change->status);
  hf_buffer_put_u32(l->out, change->old_mode);
  hf_buffer_put_u32(l->out, change->new_mode);
  hf_buffer_put_oid(l->out, &change->old_oid);
  hf_buffer_put_oid(l->out, &change->new_oid);
  hf_buffer_put_text(l->out, hf_change_path(changes, change), change->path_len);
}

static int diff_treeish(hf_changes *out, listing *l, const git_oid *left, const git_oid *right_tree) {
  git_oid left_tree;
  int rc = hf_peel(&left_tree, l->repo, left, GIT_OBJECT_TREE, l->err);
  return rc < 0 ? rc : hf_tree_diff(out, l->repo, &left_tree, right_tree, NULL, l->cancel, l->err);
}

/* ---- merges: paths that differ from all parents ---- */

static int compare_paths(const hf_changes *a, const hf_change *x, const hf_changes *b, const hf_change *y) {
  size_t common = x->path_len < y->path_len ? x->path_len : y->path_len;
  int order = memcmp(hf_change_path(a, x), hf_change_path(b, y), common);
  return order != 0 ? order : x->path_len < y->path_len ? -1 : x->path_len > y->path_len;
}

/** Moves each list to the path of the first list's change; false when one does not have it. */
static bool all_have(const hf_changes *diffs, size_t *places, size_t count) {
  const hf_change *first = &diffs[0].items[places[0]];
  bool all = true;
  for (size_t i = 1; i < count; i++) {
    while (places[i] < diffs[i].count && compare_paths(&diffs[i], &diffs[i].items[places[i]], &diffs[0], first) < 0) places[i]++;
    if (places[i] == diffs[i].count || compare_paths(&diffs[i], &diffs[i].items[places[i]], &diffs[0], first) != 0) all = false;
  }
  return all;
}

static int list_against_all(listing *l, const git_oid *tree, const git_oid *parents, size_t count) {
  hf_changes *diffs = calloc(count, sizeof(*diffs));
  size_t *places = calloc(count, sizeof(*places));
  int rc = diffs && places ? HF_OK : hf_fail_memory(l->err);
  for (size_t i = 0; rc == HF_OK && i < count; i++) rc = diff_treeish(&diffs[i], l, &parents[i], tree);
  if (rc == HF_OK)
    for (; places[0] < diffs[0].count; places[0]++) {
      if (!all_have(diffs, places, count)) continue;
      for (size_t i = 0; i < count; i++) put_row(l, &diffs[i], &diffs[i].items[places[i]]);
    }
  for (size_t i = 0; diffs && i < count; i++) hf_changes_free(&diffs[i]);
  free(diffs);
  free(places);
  return rc;
}

static int list_against_each(listing *l, const git_oid *tree, const git_oid *parents, size_t count) {
  int rc = HF_OK;
  for (size_t i = 0; rc == HF_OK && i < count; i++) {
    hf_changes changes = {0};
    rc = diff_treeish(&changes, l, &parents[i], tree);
    for (size_t k = 0; rc == HF_OK && k < changes.count; k++) put_row(l, &changes, &changes.items[k]);
    hf_changes_free(&changes);
  }
  return rc;
}

/* ---- requests ---- */

/** Parents of a request, one after the other. */
static git_oid *parents_in(const hf_buffer *parents) { return (git_oid *)parents->data; }

static int own_parents(hf_buffer *parents, listing *l, const git_oid *commit) {
  hf_object *object;
  int rc = hf_repo_read(&object, l->repo, commit, l->err);
  if (rc < 0) return rc;
  git_oid parent;
  for (size_t i = 0; hf_commit_parent(&parent, hf_object_data(object), hf_object_size(object), i) == HF_OK; i++)
    hf_buffer_put_oid(parents, &parent);
  hf_object_free(object);
  return parents->failed ? hf_fail_memory(l->err) : HF_OK;
}

static int list_trees(listing *l, const git_oid *left, const git_oid *right) {
  git_oid tree;
  int rc = hf_peel(&tree, l->repo, right, GIT_OBJECT_TREE, l->err);
  return rc < 0 ? rc : list_against_each(l, &tree, left, 1);
}

static int list_commit(listing *l, const git_oid *id, hf_buffer *parents, bool all_parents) {
  git_oid commit, tree;
  int rc = hf_peel(&commit, l->repo, id, GIT_OBJECT_COMMIT, l->err);
  if (rc == HF_OK) rc = hf_peel(&tree, l->repo, &commit, GIT_OBJECT_TREE, l->err);
  if (rc == HF_OK && parents->length == 0) rc = own_parents(parents, l, &commit);
  if (rc < 0) return rc;
  size_t count = parents->length / GIT_OID_RAWSZ;
  return all_parents && count > 1 ? list_against_all(l, &tree, parents_in(parents), count)
                                  : list_against_each(l, &tree, parents_in(parents), count);
}

static int list_request(listing *l, hf_reader *reader, bool all_parents) {
  uint8_t kind = hf_reader_u8(reader);
  git_oid id, parent;
  hf_reader_oid(reader, &id);
  hf_buffer parents = {0};
  for (uint32_t count = hf_reader_u32(reader); count > 0 && !reader->failed; count--) {
    hf_reader_oid(reader, &parent);
    hf_buffer_put_oid(&parents, &parent);
  }
  int rc;
  if (parents.failed) rc = hf_fail_memory(l->err);
  else if (reader->failed || (kind == 't' && parents.length != GIT_OID_RAWSZ)) rc = hf_fail(l->err, HF_INVALID, "malformed request");
  else if (kind == 't') rc = list_trees(l, &id, parents_in(&parents));
  else rc = list_commit(l, &id, &parents, all_parents);
  hf_buffer_free(&parents);
  return rc;
}

int hf_changed_paths(hf_buffer *out, hf_repo *repo, const uint8_t *requests, size_t requests_len, bool all_parents,
                     const hf_cancel *cancel, hf_error *err) {
  hf_reader reader = {requests, requests + requests_len, false};
  listing l = {.repo = repo, .cancel = cancel, .err = err, .out = out};
  uint32_t count = hf_reader_u32(&reader);
  /* Asked even when no request needs it, so that all parts of a long list of requests get the same answer. */
  int rc = hf_require_plain_parents(repo, err);
  if (rc == HF_OK && reader.failed) rc = hf_fail(err, HF_INVALID, "malformed requests");
  size_t start = out->length;
  hf_buffer_put_u32(out, 0);
  for (; rc == HF_OK && l.request < count && out->length - start < PART_OUTPUT_BYTES; l.request++) {
    if (hf_cancelled(cancel)) rc = hf_fail_cancelled(err);
    else rc = list_request(&l, &reader, all_parents);
  }
  hf_buffer_set_u32(out, start, l.request);
  if (rc == HF_OK && out->failed) rc = hf_fail_memory(err);
  return rc;
}
