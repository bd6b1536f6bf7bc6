/* Revisions and paths: from names to objects. */
#ifndef HOLDFAST_REVISION_H
#define HOLDFAST_REVISION_H

#include "holdfast.h"

/** What a revision is peeled to, as by `REV^{commit}`. What follows a colon would take such a suffix in, so `REV:PATH` is resolved first. */
typedef enum { HF_PEEL_OBJECT, HF_PEEL_COMMIT, HF_PEEL_TREE, HF_PEEL_BLOB, HF_PEEL_TAG } hf_peel_target;

/** Resolves and peels a revision to an object that exists, as git does. HF_NOT_FOUND when git would find nothing; HF_UNSUPPORTED for syntax that is left to git. */
int hf_resolve(git_oid *out, hf_repo *repo, const char *revision, size_t length, hf_peel_target target, hf_error *err);

/** The object that a tag points at. */
int hf_tag_target(git_oid *out, hf_repo *repo, const git_oid *tag, hf_error *err);

/** Reads the tree that a tree, commit or tag leads to. HF_WRONG_TYPE for a blob. Free with hf_object_free. */
int hf_read_tree(hf_object **out, hf_repo *repo, const git_oid *treeish, hf_error *err);

typedef struct {
  uint32_t mode;
  git_oid oid;
} hf_found_entry;

/** The entry at a path below a tree, a commit or a tag of one. HF_NOT_FOUND; also for an empty path. */
int hf_tree_find(hf_found_entry *out, hf_repo *repo, const git_oid *treeish, const char *path, size_t path_len, hf_error *err);

#endif
