/*
 * The reference store: loose files and packed-refs as git writes them, read directly. Nothing is cached but the mapping of
 * packed-refs, which is compared with the file by stat at each use, so what plain git does beside us is seen at once.
 * References belong to the repository, not to a quarantine. Names are bytes that end with NUL.
 */
#ifndef HOLDFAST_REFS_H
#define HOLDFAST_REFS_H

#include "holdfast.h"

/** Longest name that is served; with the directory before it a path must fit into PATH_MAX. */
#define HF_REF_NAME_MAX 3000
/** Links followed from one symbolic reference to the next, as in git. */
#define HF_SYMREF_DEPTH_MAX 5

/* ---- refs_name.c ------------------------------------------------------------------------------------------------- */

/** Is the name well formed (git-check-ref-format)? One-level names such as HEAD only when allowed. */
bool hf_ref_name_valid(const char *name, bool allow_one_level);
/** May a reference of this name be written: below refs/, or a pseudo reference such as HEAD or ORIG_HEAD? */
bool hf_ref_name_writable(const char *name);
/** The same for deletion, where git also takes names of older, laxer times, if they stay inside refs/. */
bool hf_ref_name_deletable(const char *name);

/* ---- refs_packed.c: packed-refs ---------------------------------------------------------------------------------- */

/** One state of packed-refs, sorted; shared by threads. */
typedef struct hf_packed hf_packed;

/** One record, pointing into the file's bytes. */
typedef struct {
  const char *hex; /* 40 digits */
  const char *name;
  size_t name_len;
  const char *peeled_hex; /* NULL when the file does not say */
  bool peel_known;        /* no peeled_hex and this set: the object is no tag */
  const char *start, *end; /* the record's bytes, the peeled line included */
} hf_packed_record;

int hf_packed_acquire(hf_packed **out, const char *gitdir, hf_error *err);
void hf_packed_release(hf_packed *packed);
/** 1 and the record, 0 when it is not there, negative when the file is damaged. */
int hf_packed_find(hf_packed_record *out, const hf_packed *packed, const char *name, size_t name_len, hf_error *err);
/** Where records with names not below `name` begin: a position for hf_packed_next. */
int hf_packed_seek(const char **at, const hf_packed *packed, const char *name, size_t name_len, hf_error *err);
/** 1 and the record at the position, which moves on; 0 at the end. */
int hf_packed_next(hf_packed_record *out, const hf_packed *packed, const char **at, hf_error *err);
/** All records, without the header; and the header that a rewritten file gets. */
void hf_packed_bytes(const hf_packed *packed, const char **start, const char **end);
const char *hf_packed_header(const hf_packed *packed);

/* ---- refs.c: one reference --------------------------------------------------------------------------------------- */

typedef enum { HF_REF_ABSENT, HF_REF_DIRECT, HF_REF_SYMBOLIC, HF_REF_BROKEN } hf_ref_kind;

typedef struct {
  hf_ref_kind kind;
  bool directory; /* a directory stands at the loose file's path */
  bool loose;
  git_oid oid; /* of HF_REF_DIRECT */
  size_t target_len;
  char target[HF_REF_NAME_MAX + 1]; /* of HF_REF_SYMBOLIC */
} hf_ref_value;

/** What a loose file holds. `dir` is an open directory or AT_FDCWD, `path` relative to it. */
int hf_ref_read_loose(hf_ref_value *out, int dir, const char *path, hf_error *err);
/** A reference's own value: loose, else packed. The name is valid. */
int hf_ref_read(hf_ref_value *out, const char *gitdir, const char *name, hf_error *err);

typedef struct {
  /* DIRECT: `oid` is the value; ABSENT: there is none, or a symbolic reference leads nowhere; BROKEN. */
  hf_ref_kind kind;
  bool symbolic; /* the reference asked for is symbolic, and `name` is where the chain ends */
  git_oid oid;
  char name[HF_REF_NAME_MAX + 1];
} hf_ref_resolved;

/** Follows symbolic references. Never fails for what is absent or malformed: see `kind`. */
int hf_ref_resolve(hf_ref_resolved *out, const char *gitdir, const char *name, hf_error *err);

/* ---- refs_list.c: many ------------------------------------------------------------------------------------------- */

/** A listing that goes on where it stopped; holds one state of packed-refs and the loose references it found. */
typedef struct hf_refs_listing hf_refs_listing;

typedef struct {
  const char *name;
  size_t name_len;
  git_oid oid;
  bool peeled; /* an annotated tag: `peeled_oid` is what it finally points at */
  git_oid peeled_oid;
  const char *target; /* end of a symbolic reference's chain, else NULL */
  size_t target_len;
} hf_listed_ref;

/** Starts a listing of names that begin with one of the prefixes; all of refs/ without prefixes. */
int hf_refs_list_open(hf_refs_listing **out, const char *gitdir, const char *const *prefixes, size_t count,
                      const hf_cancel *cancel, hf_error *err);
/** 1 and the next reference, 0 at the end. `repo` peels tags; NULL when no peeling is asked for. Valid until the next call. */
int hf_refs_list_next(hf_listed_ref *out, hf_refs_listing *listing, hf_repo *repo, hf_error *err);
void hf_refs_list_free(hf_refs_listing *listing);

/* ---- refs_stamp.c ------------------------------------------------------------------------------------------------ */

/** Equal stamps mean equal references. */
typedef struct {
  bool known;   /* false: something changed a moment ago, or cannot be told by stat */
  bool crowded; /* there are more files than were to be looked at */
  uint64_t low, high;
} hf_ref_stamp;

int hf_refs_stamp(hf_ref_stamp *out, const char *gitdir, size_t entries_max, const hf_cancel *cancel, hf_error *err);

#endif
