/* The objects of one or several object directories: packs and loose files. Any thread may read. */
#ifndef HOLDFAST_STORE_H
#define HOLDFAST_STORE_H

#include "inflate.h"
#include "object.h"

typedef struct hf_store hf_store;

/** A store over directories (a repository's own, then its alternates'); nothing is opened yet. NULL without memory. */
hf_store *hf_store_new(const char *const *dirs, size_t count);
void hf_store_free(hf_store *store);

/** Sees by one stat call for each directory whether packs came or went; what did not change stays open and cached. */
int hf_store_check(hf_store *store, hf_error *err);

/** Names the packs that there were at the last check: no two states of any store have the same number. 0 before the first. */
uint64_t hf_store_generation(hf_store *store);

/** HF_NOT_FOUND only after packs that came or went were looked for again. */
int hf_store_read(hf_object **out, hf_store *store, const git_oid *oid, hf_error *err);
/** The same, but HF_TOO_LARGE and the size alone for an object of more than `limit` bytes; one that is at hand is given all the same. */
int hf_store_read_up_to(hf_object **out, size_t *size, size_t limit, hf_store *store, const git_oid *oid, hf_error *err);
int hf_store_read_header(git_object_t *type, size_t *size, hf_store *store, const git_oid *oid, hf_error *err);
/** Starts to inflate an object that stands whole somewhere. HF_UNSUPPORTED where it is a delta; HF_NOT_FOUND. */
int hf_store_stream(hf_inflater **out, git_object_t *type, size_t *size, hf_store *store, const git_oid *oid, hf_error *err);
/** Adds ids that begin with `length` digits of a prefix, each once, to `found`, until there are `max`. */
int hf_store_find_prefix(git_oid *found, size_t *count, size_t max, hf_store *store, const git_oid *prefix, size_t length, hf_error *err);

#endif
