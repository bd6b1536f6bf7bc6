/* Blobs that revisions reach, as `git rev-list --objects --in-commit-order` lists them. */
#ifndef HOLDFAST_LIST_BLOBS_H
#define HOLDFAST_LIST_BLOBS_H

#include "holdfast.h"

/** A listing that goes on where it stopped. */
typedef struct hf_blob_listing hf_blob_listing;

/** HF_NOT_FOUND with the revision as the subject; HF_UNSUPPORTED for exclusions. */
int hf_blobs_open(hf_blob_listing **out, hf_repo *repo, const char *const *revisions, size_t count, const hf_cancel *cancel, hf_error *err);
/** Goes on in another call. */
void hf_blobs_resume(hf_blob_listing *listing, hf_repo *repo, const hf_cancel *cancel, hf_error *err);
/** 1 and the next blob, 0 at the end. The path is empty for a blob that was named directly; it is good until the next call. */
int hf_blobs_next(git_oid *oid, const char **path, size_t *path_len, hf_blob_listing *listing);
void hf_blobs_free(hf_blob_listing *listing);

#endif
