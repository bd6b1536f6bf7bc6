/* What the files of a reference transaction share: ref_transaction.c, ref_updates.c, ref_packed_removal.c, ref_commit.c. */
#ifndef HOLDFAST_REF_UPDATE_H
#define HOLDFAST_REF_UPDATE_H

#include "ref_transaction.h"

/** Descriptors that are held open while content waits for its flush. */
#define HF_REF_FLUSH_GROUP 64
#define HF_REF_NO_INDEX SIZE_MAX

typedef struct {
  char *name;
  git_oid new_oid, expected, old_oid;
  bool has_expected;
  bool removes;   /* the reference goes away */
  bool writes;    /* the lock file holds the new value */
  bool lock_only; /* a symbolic reference whose target is changed instead */
  bool loose;     /* a loose file is there to be removed */
  hf_ref_lock lock;
  size_t parent; /* the symbolic reference that led here */
} hf_ref_update;

struct hf_ref_transaction {
  char *gitdir;
  hf_ref_update *updates;
  size_t count, capacity;
  size_t change_count;
  git_oid *old_oids;
  size_t *order;    /* update of each change */
  size_t *by_name;  /* updates sorted by name, referents included */
  hf_ref_lock packed_lock;
  bool packed_new; /* packed-refs.new is ready */
};

/** What the steps of prepare share. */
typedef struct {
  hf_ref_transaction *own;
  hf_ref_refusal *refusal;
  hf_repo *repo;
  const hf_ref_options *options;
  const hf_cancel *cancel;
  hf_error *err;
  size_t unflushed[HF_REF_FLUSH_GROUP];
  size_t unflushed_count;
} hf_ref_preparation;

/* ---- refusals: all return 1, and nothing is changed then ---- */

int hf_ref_refuse(hf_ref_preparation *p, hf_ref_refusal_kind kind, const char *name);
int hf_ref_refuse_conflict(hf_ref_preparation *p, const char *name, const char *other, size_t other_len);
int hf_ref_refuse_mismatch(hf_ref_preparation *p, const hf_ref_update *each, const git_oid *actual);
int hf_ref_refuse_object(hf_ref_preparation *p, hf_ref_refusal_kind kind, const git_oid *oid);

/* ---- ref_updates.c: the names of the transaction ---- */

/** Place, among the sorted names, of the first that is not below `name`; and the name at a place, NULL behind the last. */
size_t hf_ref_updates_place(const hf_ref_transaction *own, const char *name);
const char *hf_ref_updates_name(const hf_ref_transaction *own, size_t place);
bool hf_ref_updates_have(const hf_ref_transaction *own, const char *name);
/** Adds an update; its name must not be there yet. Takes over `name`. */
int hf_ref_updates_add(hf_ref_transaction *own, char *name, size_t *index, hf_error *err);
/** Adds the changes in the order of their names. */
int hf_ref_updates_add_changes(hf_ref_preparation *p, const hf_ref_change *changes, size_t count);
/**
 * Could a reference of this name exist beside all others, those of the transaction included? Loose ones need no look where the
 * lock file could be made.
 */
int hf_ref_check_name_free(hf_ref_preparation *p, const char *name, bool look_at_loose);

/* ---- ref_packed_removal.c: packed-refs without what is removed ---- */

int hf_ref_prepare_packed(hf_ref_preparation *p);
void hf_ref_remove_packed_new(hf_ref_transaction *own);

#endif
