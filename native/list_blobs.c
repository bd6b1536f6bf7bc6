/*
 * Commit by commit, each tree is gone through depth first; trees and blobs that were seen before are passed over. What revisions
 * name directly comes before the first commit's tree.
 */
#include "list_blobs.h"
#include "log.h"

#define DEPTH_MAX 2048
/** Trees and blobs that are remembered, 20 bytes each and as much again to find them. */
#define OBJECTS_MAX (16u * 1024 * 1024)

typedef struct {
  git_oid *slots;
  uint32_t size, count;
} oid_set;

typedef struct {
  hf_object *tree;
  const uint8_t *at, *end;
  size_t path_len; /* of the folder, its slash included */
} frame;

struct hf_blob_listing {
  hf_log *log;
  hf_tips tips;
  size_t tip_at;
  oid_set seen;
  frame *frames;
  size_t depth, capacity;
  hf_buffer path;
};

/* ---- a set of ids ---- */

static git_oid *slot_of(const oid_set *set, const git_oid *oid) {
  uint32_t at;
  memcpy(&at, oid->id, sizeof(at));
  for (;; at++) {
    git_oid *slot = &set->slots[at & (set->size - 1)];
    if (git_oid_is_zero(slot) || git_oid_equal(slot, oid)) return slot;
  }
}

/** 1 when it is new, 0 when it was there. */
static int add_to_set(oid_set *set, const git_oid *oid, hf_error *err) {
  if (set->count >= set->size / 2) {
    if (set->size >= OBJECTS_MAX * 2) return hf_fail(err, HF_TOO_LARGE, "more than %u objects", OBJECTS_MAX);
    oid_set larger = {.size = set->size ? set->size * 2 : 1024, .count = set->count};
    larger.slots = calloc(larger.size, sizeof(*larger.slots));
    if (!larger.slots) return hf_fail_memory(err);
    for (uint32_t i = 0; i < set->size; i++)
      if (!git_oid_is_zero(&set->slots[i])) *slot_of(&larger, &set->slots[i]) = set->slots[i];
    free(set->slots);
    *set = larger;
  }
  git_oid *slot = slot_of(set, oid);
  if (!git_oid_is_zero(slot)) return 0;
  *slot = *oid;
  set->count++;
  return 1;
}

/* ---- trees ---- */

/** Goes into a tree unless it was seen; the path is that of the folder, its slash included. */
static int enter(hf_blob_listing *listing, const git_oid *oid) {
  hf_walk *walk = hf_log_walk(listing->log);
  int rc = add_to_set(&listing->seen, oid, walk->err);
  if (rc <= 0) return rc;
  if (hf_cancelled(walk->cancel)) return hf_fail_cancelled(walk->err);
  if (listing->depth == DEPTH_MAX) return hf_fail(walk->err, HF_TOO_LARGE, "folders are nested more than %d deep", DEPTH_MAX);
  if (listing->depth == listing->capacity) {
    size_t capacity = listing->capacity ? listing->capacity * 2 : 16;
    frame *frames = realloc(listing->frames, capacity * sizeof(*frames));
    if (!frames) return hf_fail_memory(walk->err);
    listing->frames = frames;
    listing->capacity = capacity;
  }
  hf_object *tree;
  rc = hf_repo_read(&tree, walk->repo, oid, walk->err);
  if (rc == HF_OK && hf_object_type(tree) != GIT_OBJECT_TREE) {
    hf_object_free(tree);
    rc = HF_WRONG_TYPE;
  }
  if (rc == HF_NOT_FOUND || rc == HF_WRONG_TYPE) {
    char hex[GIT_OID_HEXSZ];
    git_oid_fmt(hex, oid);
    return hf_fail_about(walk->err, HF_CORRUPT, hex, sizeof(hex), "a tree is missing or is none");
  }
  if (rc < 0) return rc;
  const uint8_t *content = hf_object_data(tree);
  listing->frames[listing->depth++] = (frame){tree, content, content + hf_object_size(tree), listing->path.length};
  return HF_OK;
}

static void leave(hf_blob_listing *listing) { hf_object_free(listing->frames[--listing->depth].tree); }

/** Looks at the next entry of the innermost tree: 1 with a blob that is new. */
static int step(git_oid *oid, hf_blob_listing *listing) {
  hf_walk *walk = hf_log_walk(listing->log);
  frame *top = &listing->frames[listing->depth - 1];
  hf_tree_entry entry;
  int rc = hf_tree_next(&entry, &top->at, top->end);
  if (rc < 0) return hf_fail(walk->err, HF_CORRUPT, "a tree is malformed");
  if (rc == 0) {
    leave(listing);
    return 0;
  }
  if (hf_mode_is_gitlink(entry.mode)) return 0;
  memcpy(oid->id, entry.oid, GIT_OID_RAWSZ);
  listing->path.length = top->path_len;
  hf_buffer_put(&listing->path, entry.name, entry.name_len);
  if (!hf_mode_is_tree(entry.mode)) {
    rc = add_to_set(&listing->seen, oid, walk->err);
  } else {
    hf_buffer_put_u8(&listing->path, '/');
    rc = enter(listing, oid);
  }
  return listing->path.failed ? hf_fail_memory(walk->err) : rc;
}

/** What a revision named directly: 1 with a blob. */
static int take_tip(git_oid *oid, hf_blob_listing *listing, const hf_tip *tip) {
  hf_walk *walk = hf_log_walk(listing->log);
  size_t length = tip->path ? strlen(tip->path) : 0;
  listing->path.length = 0;
  if (tip->kind == HF_TIP_COMMIT) return 0;
  hf_buffer_put(&listing->path, tip->path, length);
  *oid = tip->oid;
  if (tip->kind == HF_TIP_BLOB) return add_to_set(&listing->seen, oid, walk->err);
  if (length > 0) hf_buffer_put_u8(&listing->path, '/');
  return enter(listing, oid);
}

static int take_commit(hf_blob_listing *listing, bool *end) {
  uint32_t commit;
  git_oid tree;
  int rc = hf_log_next(&commit, listing->log);
  *end = rc == 0;
  if (rc <= 0) return rc;
  hf_commit_tree_oid(&tree, hf_log_walk(listing->log)->commits, commit);
  listing->path.length = 0;
  return enter(listing, &tree);
}

int hf_blobs_next(git_oid *oid, const char **path, size_t *path_len, hf_blob_listing *listing) {
  int rc = 0;
  bool end = false;
  while (rc == 0 && !end) {
    if (listing->depth > 0) rc = step(oid, listing);
    else if (listing->tip_at < listing->tips.count) rc = take_tip(oid, listing, &listing->tips.items[listing->tip_at++]);
    else rc = take_commit(listing, &end);
  }
  *path = (const char *)listing->path.data;
  *path_len = listing->path.length;
  return rc;
}

void hf_blobs_free(hf_blob_listing *listing) {
  if (!listing) return;
  while (listing->depth > 0) leave(listing);
  free(listing->frames);
  free(listing->seen.slots);
  hf_buffer_free(&listing->path);
  hf_tips_free(&listing->tips);
  hf_log_free(listing->log);
  free(listing);
}

void hf_blobs_resume(hf_blob_listing *listing, hf_repo *repo, const hf_cancel *cancel, hf_error *err) {
  hf_log_resume(listing->log, repo, cancel, err);
}

static bool has_exclusion(const hf_tips *tips) {
  for (size_t i = 0; i < tips->count; i++)
    if (tips->items[i].flags & HF_UNINTERESTING) return true;
  return false;
}

int hf_blobs_open(hf_blob_listing **out, hf_repo *repo, const char *const *revisions, size_t count, const hf_cancel *cancel, hf_error *err) {
  hf_blob_listing *listing = calloc(1, sizeof(*listing));
  if (!listing) return hf_fail_memory(err);
  hf_walk walk;
  int rc = hf_walk_open(&walk, repo, HF_NO_BUDGET, cancel, err);
  if (rc == HF_OK) {
    rc = hf_tips_parse(&listing->tips, &walk, revisions, count, true);
    if (rc == HF_OK && has_exclusion(&listing->tips)) rc = hf_fail(err, HF_UNSUPPORTED, "objects without those of others");
    if (rc == HF_OK) {
      hf_log_query query = {.max_parents = -1, .limit = UINT64_MAX};
      rc = hf_log_open_tips(&listing->log, &walk, &listing->tips, &query);
    } else {
      hf_walk_close(&walk);
    }
  }
  if (rc == HF_OK) *out = listing;
  else hf_blobs_free(listing);
  return rc;
}
