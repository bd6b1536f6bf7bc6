/* One pack with its index (gitformat-pack(5)). Any thread may read. */
#ifndef HOLDFAST_PACK_H
#define HOLDFAST_PACK_H

#include "inflate.h"
#include "object.h"

typedef struct hf_pack hf_pack;

/** A pack below `pack_dir` by its name without a suffix. Files are opened when they are first needed. */
hf_pack *hf_pack_new(const char *pack_dir, const char *name);
hf_pack *hf_pack_retain(hf_pack *pack);
void hf_pack_release(hf_pack *pack);
const char *hf_pack_name(const hf_pack *pack);

/** Where an object stands. HF_NOT_FOUND, or HF_NO_REPOSITORY when the pack's files are gone. */
int hf_pack_find(uint64_t *offset, hf_pack *pack, const git_oid *oid, hf_error *err);
/** Adds the ids that begin with a prefix of `length` digits to `found`, until there are `max`. */
int hf_pack_find_prefix(git_oid *found, size_t *count, size_t max, hf_pack *pack, const git_oid *prefix, size_t length, hf_error *err);

/** HF_TOO_LARGE, with the size alone, for an object of more than `limit` bytes that is not at hand. */
int hf_pack_read(hf_object **out, size_t *size, size_t limit, hf_pack *pack, uint64_t offset, hf_error *err);
int hf_pack_read_header(git_object_t *type, size_t *size, hf_pack *pack, uint64_t offset, hf_error *err);
/** Starts to inflate an object that stands whole in the pack. HF_UNSUPPORTED for a delta. */
int hf_pack_stream(hf_inflater **out, git_object_t *type, size_t *size, hf_pack *pack, uint64_t offset, hf_error *err);

/** Packs whose files are open at most; others are closed when they were not used for the longest time. */
#define HF_PACKS_OPEN_MAX 128

#endif
