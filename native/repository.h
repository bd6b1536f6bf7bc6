/* Shared by repository.c and quarantine.c only: everyone else uses hf_repo. */
#ifndef HOLDFAST_REPOSITORY_H
#define HOLDFAST_REPOSITORY_H

#include "store.h"

/** Finds or opens the shared part of a repository; release it in the end. */
int hf_entry_acquire(hf_entry **out, const char *gitdir, hf_error *err);
void hf_entry_retain(hf_entry *entry);
void hf_entry_release(hf_entry *entry);
hf_store *hf_entry_store(hf_entry *entry);
/** Without a slash at the end. */
const char *hf_entry_objects_dir(hf_entry *entry);

/** Objects of a quarantine (when there is one) and a store. */
int hf_objects_read(hf_object **out, hf_store *store, hf_quarantine *quarantine, const git_oid *oid, hf_error *err);
int hf_objects_read_header(git_object_t *type, size_t *size, hf_store *store, hf_quarantine *quarantine, const git_oid *oid, hf_error *err);
/** The only object whose id begins with `length` digits. HF_NOT_FOUND, HF_AMBIGUOUS. */
int hf_objects_find_prefix(git_oid *out, hf_store *store, hf_quarantine *quarantine, const git_oid *prefix, size_t length, hf_error *err);

/** Finds or makes the quarantine of a directory. */
int hf_quarantine_acquire(hf_quarantine **out, hf_entry *entry, const char *dir, hf_error *err);
void hf_quarantine_release(hf_quarantine *quarantine);
/** An object in the quarantine's memory, retained, or NULL. */
hf_object *hf_quarantine_find(hf_quarantine *quarantine, const git_oid *oid);
/** The objects of its directory, or NULL while there is no directory. */
hf_store *hf_quarantine_store(hf_quarantine *quarantine);
/** Adds ids of objects in memory that begin with a prefix. */
void hf_quarantine_find_prefix(git_oid *found, size_t *count, size_t max, hf_quarantine *quarantine, const git_oid *prefix, size_t length);
int hf_quarantine_put(hf_quarantine *quarantine, const git_oid *oid, git_object_t type, const void *data, size_t size, hf_error *err);

/** Closes every repository that is not in use now. For tests. */
void hf_repo_close_idle(void);

#endif
