/* Listing trees. */
#ifndef HOLDFAST_TREE_LIST_H
#define HOLDFAST_TREE_LIST_H

#include "holdfast.h"

typedef struct {
  bool recursive;
  const char *prefix; /* written before every path */
  size_t prefix_len;
  const char *after; /* path (without the prefix) of the last entry of the batch before; empty for the first one */
  size_t after_len;
  size_t bytes_max; /* a batch ends when its text is this long */
} hf_tree_list_options;

/** A batch: entries one after the other, as text (40 digits of the id, then the path) and as pairs of u32 (mode, length of the path). */
typedef struct {
  hf_buffer text;
  hf_buffer numbers;
  size_t count;
  bool more;
} hf_tree_batch;

/** Fills `out`, which begins zeroed, and is empty again after an error. Nothing is kept between batches: the walk goes straight to `after`. */
int hf_tree_list(hf_tree_batch *out, hf_repo *repo, const git_oid *treeish, const hf_tree_list_options *options,
                 const hf_cancel *cancel, hf_error *err);
void hf_tree_batch_free(hf_tree_batch *batch);

#endif
