/*
 * Changes of references, all or none, in step with git beside us: the same lock files, the same order of looking and locking,
 * the same rules about names. Prepare takes the locks, compares and writes what is new, on disk; commit only renames.
 */
#ifndef HOLDFAST_REF_TRANSACTION_H
#define HOLDFAST_REF_TRANSACTION_H

#include "refs.h"

#define HF_REF_LOCK_TIMEOUT_MS 1000

typedef struct {
  const char *name; /* ends with NUL, is copied */
  git_oid new_oid;  /* zeros delete */
  bool has_expected;
  git_oid expected; /* zeros: must not exist */
} hf_ref_change;

typedef struct {
  bool deref; /* change what a symbolic reference points at, not itself */
  unsigned lock_timeout_ms;
  unsigned packed_lock_timeout_ms;
} hf_ref_options;

/** Why nothing was changed; the caller's fault or someone else's, not a failure. */
typedef enum {
  HF_REFUSED_NOT = 0,
  HF_REFUSED_LOCKED = 1,         /* names: those that are locked */
  HF_REFUSED_MISMATCH = 2,       /* name; first: expected, second: actual */
  HF_REFUSED_NAME_CONFLICT = 3,  /* name, and the one that it conflicts with */
  HF_REFUSED_REPEATED = 4,       /* name */
  HF_REFUSED_NO_OBJECT = 5,      /* first: the missing object */
  HF_REFUSED_NOT_A_COMMIT = 6,   /* first: the object */
  HF_REFUSED_NAME = 7            /* name that git does not allow */
} hf_ref_refusal_kind;

typedef struct {
  hf_ref_refusal_kind kind;
  hf_buffer names; /* hf_buffer_put_text, one after the other */
  git_oid first, second;
} hf_ref_refusal;

typedef struct hf_ref_transaction hf_ref_transaction;

/**
 * Locks and compares. HF_OK with a transaction, or with none and `refusal` filled (free its names). HF_UNSUPPORTED where the
 * repository keeps reflogs; HF_CANCELLED, with all locks given back.
 */
int hf_ref_transaction_prepare(hf_ref_transaction **out, hf_ref_refusal *refusal, hf_repo *repo, const hf_ref_change *changes,
                               size_t count, const hf_ref_options *options, const hf_cancel *cancel, hf_error *err);
/** Values before the change, in the order of the changes. */
const git_oid *hf_ref_transaction_old(const hf_ref_transaction *transaction, size_t *count);
/** Moves the references and flushes the folders; frees the transaction, also when it fails. */
int hf_ref_transaction_commit(hf_ref_transaction *transaction, hf_error *err);
/** Releases the locks and frees it. */
void hf_ref_transaction_abort(hf_ref_transaction *transaction);

/** Points HEAD at a reference, durably. */
int hf_ref_set_head(hf_ref_refusal *refusal, hf_repo *repo, const char *target, const hf_cancel *cancel, hf_error *err);

/* ---- ref_lock.c: lock files -------------------------------------------------------------------------------------- */

/** A `.lock` file that is held. */
typedef struct {
  int fd;           /* -1 once it is closed */
  char *path;       /* of the file that is locked; the lock is `path`.lock */
  size_t top;       /* length of the git directory's path, its slash included */
  size_t made_dirs; /* how many folders above it were made for it */
} hf_ref_lock;

typedef enum { HF_LOCK_TAKEN = 0, HF_LOCK_BUSY = 1, HF_LOCK_BLOCKED = 2 } hf_lock_result;

/**
 * Takes the lock of `gitdir`/`name`, making folders as needed; waits for whoever holds it. HF_LOCK_BUSY when the time is up,
 * HF_LOCK_BLOCKED when a file stands where a folder is needed; negative for errors.
 */
int hf_ref_lock_take(hf_ref_lock *out, const char *gitdir, const char *name, unsigned timeout_ms, const hf_cancel *cancel, hf_error *err);
/** Writes the locked file's new content; not flushed. */
int hf_ref_lock_write(hf_ref_lock *lock, const void *bytes, size_t length, hf_error *err);
int hf_ref_lock_flush(hf_ref_lock *lock, hf_error *err);
/** Closes the file and keeps the lock: a transaction may hold more locks than there are descriptors. */
void hf_ref_lock_close(hf_ref_lock *lock);
/** Gives the lock file the name of what it locks, over an empty folder too. The lock is gone then. */
int hf_ref_lock_rename(hf_ref_lock *lock, hf_error *err);
/** Removes the lock, and the folders that were made for it if they are empty. */
void hf_ref_lock_release(hf_ref_lock *lock);

/** Removes a folder that holds nothing but folders: 1, or 0 when there is a file somewhere. */
int hf_remove_empty_tree(const char *path);
/** Removes the empty folders above a deleted reference, but none of refs/X/. */
void hf_remove_empty_parents(const char *gitdir, const char *name);

#endif
