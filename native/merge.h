/* Three-way merges that need no look into files: those whose result git's ort strategy reaches by ids alone. */
#ifndef HOLDFAST_MERGE_H
#define HOLDFAST_MERGE_H

#include "holdfast.h"

/**
 * Merges two trees (or what can be peeled to one) with a base, NULL for no base, and writes the trees that are new. The tree is
 * the one that git would write. HF_UNSUPPORTED for every other merge: files that both sides changed, a name that is a file here and a
 * directory there, or changes in which git could find a rename that the other side has to follow.
 */
int hf_merge_trees(git_oid *out, hf_repo *repo, const git_oid *base, const git_oid *ours, const git_oid *theirs,
                   const hf_cancel *cancel, hf_error *err);

#endif
