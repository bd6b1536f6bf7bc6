/* Shared by repository.c and quarantine.c only: everyone else uses hf_repo. */
#ifndef HOLDFAST_REPOSITORY_H
#define HOLDFAST_REPOSITORY_H

#include "holdfast.h"

/** Finds or opens the shared part of a repository; release it in the end. */
int hf_entry_acquire(hf_entry **out, const char *gitdir, hf_error *err);
void hf_entry_retain(hf_entry *entry);
void hf_entry_release(hf_entry *entry);
git_odb *hf_entry_odb(hf_entry *entry);
/** Without a slash at the end. */
const char *hf_entry_objects_dir(hf_entry *entry);

/** Gives the database to read from, or NULL while there is none. What it gives lives as long as the borrower. */
typedef git_odb *(*hf_odb_source)(void *context);
/** The source of a database that is there: its context. */
git_odb *hf_odb_itself(void *odb);
/** Makes `odb` read from another one as well. */
int hf_odb_borrow(git_odb *odb, hf_odb_source source, void *context, int priority, hf_error *err);

/** Finds or makes the quarantine of a directory. */
int hf_quarantine_acquire(hf_quarantine **out, hf_entry *entry, const char *dir, hf_error *err);
void hf_quarantine_release(hf_quarantine *quarantine);
git_odb *hf_quarantine_odb(hf_quarantine *quarantine);
int hf_quarantine_put(hf_quarantine *quarantine, const git_oid *oid, git_object_t type, const void *data, size_t size, hf_error *err);

/** Closes every repository that is not in use now. For tests. */
void hf_repo_close_idle(void);

#endif
