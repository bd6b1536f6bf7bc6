/* Reading the entries of a tree one by one: what tree diffs and merges of trees walk with. */
#ifndef HOLDFAST_TREE_CURSOR_H
#define HOLDFAST_TREE_CURSOR_H

#include "holdfast.h"

/** Trees nested deeper than this are left to git: the walks recurse. */
#define HF_TREE_DEPTH_MAX 1000

/** A place in a tree. `present` is false at the end; an absent tree is at its end from the start. */
typedef struct {
  git_oid id;
  hf_object *object;
  const uint8_t *start; /* the current entry's bytes, mode first */
  const uint8_t *at;    /* the byte behind it */
  const uint8_t *end;
  hf_tree_entry entry; /* with the mode as git reads it: one of the five */
  bool present;
  bool plain;  /* so far every mode was written as git writes it, and no entry was the empty tree */
  bool sorted; /* so far the names were in order, each once */
} hf_tree_cursor;

/** The mode that git sees: permissions of files other than "executable" do not count. */
static inline uint32_t hf_canonical_mode(uint32_t mode) {
  switch (mode & 0170000) {
    case 0100000: return mode & 0100 ? 0100755 : 0100644;
    case 0120000: return 0120000;
    case 0040000: return 0040000;
    default: return 0160000;
  }
}

/** Places a cursor on the first entry of a tree, or at the end when `id` is NULL. Close it, also after a failure. */
int hf_tree_cursor_open(hf_tree_cursor *out, hf_repo *repo, const git_oid *id, hf_error *err);
int hf_tree_cursor_next(hf_tree_cursor *cursor, hf_error *err);
void hf_tree_cursor_close(hf_tree_cursor *cursor);

/** Are both on the same name, with the same mode and object? Compares their bytes. */
static inline bool hf_tree_cursor_same(const hf_tree_cursor *a, const hf_tree_cursor *b) {
  size_t length = (size_t)(a->at - a->start);
  return length == (size_t)(b->at - b->start) && memcmp(a->start, b->start, length) == 0;
}

/** Orders two present cursors as trees are sorted. */
static inline int hf_tree_cursor_compare(const hf_tree_cursor *a, const hf_tree_cursor *b) {
  return hf_tree_compare(a->entry.name, a->entry.name_len, hf_mode_is_tree(a->entry.mode), b->entry.name, b->entry.name_len,
                         hf_mode_is_tree(b->entry.mode));
}

/** Does the tree have, from here on, a directory of this name? It stands behind a file's place, since it sorts with a slash. */
bool hf_tree_cursor_has_directory(const hf_tree_cursor *cursor, const char *name, size_t name_len);

#endif
