/*
 * The merge walks the three trees together and enters a directory only when it is not the same in all three. What one side
 * changed is taken; what both changed in the same way is taken; anything else is left to git.
 *
 * That is git's result (merge-ort) where renames play no part. ort pairs paths that a side deleted with paths that it added,
 * so a side that did only one of the two has no renames. A side that did both may have some, but they change the result only
 * where the other side touched an end of the pair, or added a path below a directory that this side emptied (which ort may
 * take for a directory that moved). The walk notes these facts, and the merge is refused where they meet.
 */
#include "merge.h"
#include "patch.h"
#include "tree_cursor.h"

enum { BASE, OURS, THEIRS, SIDES };
#define CANCEL_INTERVAL 1024

/** A tree that the merge made and has not written yet: a refused merge writes nothing. */
typedef struct pending_tree {
  struct pending_tree *next;
  hf_buffer content;
} pending_tree;

typedef struct {
  hf_repo *repo;
  const hf_cancel *cancel;
  hf_error *err;
  unsigned depth;
  unsigned steps;
  /* By side; BASE is not used. */
  bool added[SIDES], deleted[SIDES];
  bool added_where_lost[SIDES]; /* the other side added a path below a directory that this side lost */
  bool deleted_by_both, added_by_both;
  pending_tree *pending;
} merge;

/** A directory, or the lack of one, on each side. */
typedef struct {
  git_oid ids[SIDES];
  bool present[SIDES];
  bool lost[SIDES]; /* the base had it, or a directory above, and the side has not */
} directory;

typedef struct {
  git_oid id;
  bool present;
} merged;

static int merge_directory(merge *m, merged *out, const directory *dir, bool build);

/* ---- values ---- */

static bool same_directory(const directory *dir, int a, int b) {
  return dir->present[a] == dir->present[b] && (!dir->present[a] || git_oid_equal(&dir->ids[a], &dir->ids[b]));
}

/** Do two cursors agree on the name at hand? `has` says which of them stand on it. */
static bool same_entry(const hf_tree_cursor *cursors, const bool *has, int a, int b) {
  if (has[a] != has[b]) return false;
  const hf_tree_entry *x = &cursors[a].entry, *y = &cursors[b].entry;
  return !has[a] || (x->mode == y->mode && memcmp(x->oid, y->oid, GIT_OID_RAWSZ) == 0);
}

static void put_entry(hf_buffer *out, uint32_t mode, const hf_tree_entry *named, const uint8_t *oid) {
  char text[16];
  hf_buffer_put(out, text, (size_t)snprintf(text, sizeof(text), "%o ", mode));
  hf_buffer_put(out, named->name, named->name_len);
  hf_buffer_put_u8(out, '\0');
  hf_buffer_put(out, oid, GIT_OID_RAWSZ);
}

/* ---- files ---- */

static void note_change(merge *m, const bool *has, int side, const bool *lost) {
  int other = side == OURS ? THEIRS : OURS;
  if (!has[side]) m->deleted[side] = true;
  if (!has[BASE]) {
    m->added[side] = true;
    if (lost[other]) m->added_where_lost[other] = true;
  }
}

/** Which side's entry the merge takes, or -1 when git has to look into it. */
static int choose(merge *m, const hf_tree_cursor *cursors, const bool *has, const bool *lost) {
  bool ours_kept = same_entry(cursors, has, BASE, OURS), theirs_kept = same_entry(cursors, has, BASE, THEIRS);
  if (ours_kept && theirs_kept) return BASE;
  if (ours_kept || theirs_kept) {
    int side = ours_kept ? THEIRS : OURS;
    note_change(m, has, side, lost);
    return side;
  }
  if (!same_entry(cursors, has, OURS, THEIRS)) return -1;
  note_change(m, has, OURS, lost);
  note_change(m, has, THEIRS, lost);
  if (!has[OURS]) m->deleted_by_both = true;
  else if (!has[BASE]) m->added_by_both = true;
  return OURS;
}

static int merge_file(merge *m, hf_buffer *out, const hf_tree_cursor *cursors, const bool *has, const bool *lost) {
  const hf_tree_entry *named = &cursors[has[BASE] ? BASE : has[OURS] ? OURS : THEIRS].entry;
  int taken = choose(m, cursors, has, lost);
  if (taken < 0) return hf_fail(m->err, HF_UNSUPPORTED, "both sides changed a file");
  if (taken != BASE)
    for (int i = BASE; i < SIDES; i++)
      if (hf_tree_cursor_has_directory(&cursors[i], named->name, named->name_len))
        return hf_fail(m->err, HF_UNSUPPORTED, "a name is a file and a directory");
  if (out && has[taken]) put_entry(out, cursors[taken].entry.mode, named, cursors[taken].entry.oid);
  return HF_OK;
}

/* ---- directories ---- */

static int merge_subdirectory(merge *m, hf_buffer *out, const hf_tree_cursor *cursors, const bool *has, const bool *lost) {
  directory child = {0};
  const hf_tree_entry *named = NULL;
  for (int i = BASE; i < SIDES; i++) {
    child.present[i] = has[i];
    child.lost[i] = lost[i] || (has[BASE] && !has[i]);
    if (!has[i]) continue;
    named = &cursors[i].entry;
    memcpy(child.ids[i].id, named->oid, GIT_OID_RAWSZ);
  }
  merged result;
  int rc = merge_directory(m, &result, &child, out != NULL);
  if (rc == HF_OK && out && result.present) put_entry(out, 0040000, named, result.id.id);
  return rc;
}

/** Marks the cursors that stand on the first name in order; false when all are at their ends. */
static bool first_name(const hf_tree_cursor *cursors, bool *has) {
  int first = -1;
  for (int i = BASE; i < SIDES; i++) {
    has[i] = false;
    if (!cursors[i].present) continue;
    int order = first < 0 ? -1 : hf_tree_cursor_compare(&cursors[i], &cursors[first]);
    if (order < 0) {
      for (int k = BASE; k < i; k++) has[k] = false;
      first = i;
    }
    has[i] = order <= 0;
  }
  return first >= 0;
}

static int merge_entries(merge *m, hf_buffer *out, hf_tree_cursor *cursors, const directory *dir) {
  bool has[SIDES];
  while (first_name(cursors, has)) {
    if (++m->steps % CANCEL_INTERVAL == 0 && hf_cancelled(m->cancel)) return hf_fail_cancelled(m->err);
    const hf_tree_entry *entry = &cursors[has[BASE] ? BASE : has[OURS] ? OURS : THEIRS].entry;
    int rc = HF_OK;
    if (same_entry(cursors, has, BASE, OURS) && same_entry(cursors, has, BASE, THEIRS)) {
      if (out) put_entry(out, entry->mode, entry, entry->oid);
    } else if (hf_mode_is_tree(entry->mode)) {
      rc = merge_subdirectory(m, out, cursors, has, dir->lost);
    } else {
      rc = merge_file(m, out, cursors, has, dir->lost);
    }
    for (int i = BASE; rc == HF_OK && i < SIDES; i++)
      if (has[i]) rc = hf_tree_cursor_next(&cursors[i], m->err);
    if (rc < 0) return rc;
  }
  /* git would write such entries in its own form where it writes the tree anew. */
  for (int i = BASE; i < SIDES; i++)
    if (!cursors[i].plain || !cursors[i].sorted) return hf_fail(m->err, HF_UNSUPPORTED, "a tree is not written as git writes it");
  return HF_OK;
}

/** Keeps a tree for later and answers its id. */
static int add_pending(merge *m, merged *out, hf_buffer *content) {
  pending_tree *pending = content->failed ? NULL : malloc(sizeof(*pending));
  if (!pending) return hf_fail_memory(m->err);
  *pending = (pending_tree){.next = m->pending, .content = *content};
  m->pending = pending;
  *content = (hf_buffer){0};
  out->present = true;
  int rc = git_odb_hash(&out->id, pending->content.data, pending->content.length, GIT_OBJECT_TREE);
  return rc < 0 ? hf_fail_git(m->err, rc, "hash a tree") : HF_OK;
}

/** With `build` false only the facts about renames are wanted: the result is known from further up. */
static int merge_directory(merge *m, merged *out, const directory *dir, bool build) {
  int taken = same_directory(dir, OURS, THEIRS) || same_directory(dir, BASE, THEIRS) ? OURS : same_directory(dir, BASE, OURS) ? THEIRS : -1;
  *out = (merged){0};
  if (taken >= 0) {
    build = false;
    out->present = dir->present[taken];
    if (out->present) out->id = dir->ids[taken];
  }
  if (same_directory(dir, BASE, OURS) && same_directory(dir, BASE, THEIRS)) return HF_OK;
  if (++m->depth > HF_TREE_DEPTH_MAX) return hf_fail(m->err, HF_UNSUPPORTED, "trees are nested too deeply");
  hf_tree_cursor cursors[SIDES] = {0};
  hf_buffer content = {0};
  int rc = HF_OK;
  for (int i = BASE; rc == HF_OK && i < SIDES; i++)
    rc = hf_tree_cursor_open(&cursors[i], m->repo, dir->present[i] ? &dir->ids[i] : NULL, m->err);
  if (rc == HF_OK) rc = merge_entries(m, build ? &content : NULL, cursors, dir);
  if (rc == HF_OK && build && content.length > 0) rc = add_pending(m, out, &content);
  for (int i = BASE; i < SIDES; i++) hf_tree_cursor_close(&cursors[i]);
  hf_buffer_free(&content);
  m->depth--;
  return rc;
}

/* ---- the whole ---- */

static int check_renames(const merge *m) {
  for (int side = OURS; side < SIDES; side++) {
    bool possible = m->added[side] && m->deleted[side];
    if (possible && (m->deleted_by_both || m->added_by_both || m->added_where_lost[side]))
      return hf_fail(m->err, HF_UNSUPPORTED, "a rename could decide the merge");
  }
  return HF_OK;
}

static int write_pending(const merge *m) {
  for (const pending_tree *tree = m->pending; tree; tree = tree->next) {
    git_oid id;
    int rc = hf_repo_write(&id, m->repo, GIT_OBJECT_TREE, tree->content.data, tree->content.length, m->err);
    if (rc < 0) return rc;
  }
  return HF_OK;
}

int hf_merge_trees(git_oid *out, hf_repo *repo, const git_oid *base, const git_oid *ours, const git_oid *theirs,
                   const hf_cancel *cancel, hf_error *err) {
  merge m = {.repo = repo, .cancel = cancel, .err = err};
  const git_oid *given[SIDES] = {base ? base : &hf_empty_tree, ours, theirs};
  directory root = {0};
  merged result = {0};
  int rc = hf_require_plain_settings(repo, err);
  for (int i = BASE; rc == HF_OK && i < SIDES; i++) {
    rc = hf_peel(&root.ids[i], repo, given[i], GIT_OBJECT_TREE, err);
    root.present[i] = true;
  }
  if (rc == HF_OK) rc = merge_directory(&m, &result, &root, true);
  if (rc == HF_OK) rc = check_renames(&m);
  if (rc == HF_OK) rc = write_pending(&m);
  if (rc == HF_OK && result.present) *out = result.id;
  if (rc == HF_OK && !result.present) rc = hf_repo_write(out, repo, GIT_OBJECT_TREE, "", 0, err);
  while (m.pending) {
    pending_tree *next = m.pending->next;
    hf_buffer_free(&m.pending->content);
    free(m.pending);
    m.pending = next;
  }
  return rc;
}
