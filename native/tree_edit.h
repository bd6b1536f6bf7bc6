/* Editing trees. */
#ifndef HOLDFAST_TREE_EDIT_H
#define HOLDFAST_TREE_EDIT_H

#include "holdfast.h"

/**
 * Applies edits, in their order, to a tree (NULL: the empty one), and writes all trees that change. `edits` is packed: for each
 * one u32 mode (0: remove what is there, a whole directory too), 20 bytes of id, text path. A path may be edited again; putting
 * an entry below a file replaces the file. HF_INVALID with the path as subject for a malformed one.
 */
int hf_tree_edit(git_oid *out, hf_repo *repo, const git_oid *base, const uint8_t *edits, size_t length, hf_error *err);

#endif
