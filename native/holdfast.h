/*
 * Holdfast's addon: everything that knows Git and nothing that knows JavaScript.
 *
 * Two layers. Files that include only this header are the core: plain C over libgit2, tested by native/test without a
 * JavaScript engine. Files that include binding.h (they end in _binding.c, beside addon.c, worker.c and translate.c) turn
 * JavaScript values into arguments of the core and back; they hold no logic.
 *
 * How to add a function `graphIsAncestor`:
 *
 *  1. Core, in graph.c, declared in a header of your own (graph.h includes holdfast.h):
 *
 *         int hf_graph_is_ancestor(bool *out, hf_repo *repo, const git_oid *a, const git_oid *b,
 *                                  const hf_cancel *cancel, hf_error *err);
 *
 *     Out parameters first, `err` last. It returns HF_OK or a negative hf_code and has then filled `err` with one of the
 *     hf_fail functions: `return hf_fail(err, HF_NOT_FOUND, "...")`, `return hf_fail_git(err, rc, "...")` straight after
 *     a failed libgit2 call and on the same thread, `return hf_fail_os(err, errno, "...")`.
 *     Loops that can be long ask `hf_cancelled(cancel)` now and then and return `hf_fail_cancelled(err)`.
 *
 *  2. Binding, in graph_binding.c, see binding.h: HF_FUNCTION("graphIsAncestorSync", ...) for what answers from memory in
 *     microseconds, HF_FUNCTION("graphIsAncestor", ...) with an hf_job for what can block or be long. There is no table to
 *     edit: the macro registers the function, the Makefile takes every .c file.
 *
 *  3. TypeScript: add the signature to the addon's type in src/backend/libgit2/addon.ts.
 *
 * Reading objects: `hf_repo_open` gives a view of a repository, with the objects of a quarantine when it is named.
 * `hf_repo_read` and its kin see the quarantine, new packs, and what git did beside us. `hf_repo_git` gives a git_repository
 * for libgit2 calls that want one; it reads through the same store and is owned by this view until `hf_repo_close`. Writing:
 * `hf_repo_write` (or any libgit2 call on that repository) keeps the object in the quarantine's memory; a view without a
 * quarantine refuses to write.
 *
 * Rules: every allocation is freed on every path, jobs own all their data, no global state without a lock, no fork, file
 * descriptors are opened with O_CLOEXEC. Names and paths are bytes with a length; never printed without %.*s.
 */
#ifndef HOLDFAST_H
#define HOLDFAST_H

#include <git2.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define HF_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define HF_UNUSED __attribute__((unused))
#define HF_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ---- errors.c ---------------------------------------------------------------------------------------------------- */

/** What can go wrong; `hf_code_name` gives the string that JavaScript sees as `error.code`. */
typedef enum {
  HF_OK = 0,
  HF_NOT_FOUND = -1,     /* "not_found": an object, reference or path */
  HF_INVALID = -2,       /* "invalid": malformed argument */
  HF_AMBIGUOUS = -3,     /* "ambiguous" */
  HF_CORRUPT = -4,       /* "corrupt": the repository's data is damaged */
  HF_LOCKED = -5,        /* "locked" */
  HF_EXISTS = -6,        /* "exists" */
  HF_CANCELLED = -7,     /* "cancelled" */
  HF_OS = -8,            /* "os": a system call failed, `errno` names the reason */
  HF_UNSUPPORTED = -9,   /* "unsupported": another backend has to do it */
  HF_CONFLICT = -10,     /* "conflict": names or content do not go together */
  HF_MISMATCH = -11,     /* "mismatch": an expected value was not there */
  HF_WRONG_TYPE = -12,   /* "wrong_type": the object is of another type than asked for */
  HF_TOO_LARGE = -13,    /* "too_large": over a limit */
  HF_NO_REPOSITORY = -14, /* "no_repository": there is no repository at that path, or it is not a valid one */
  HF_MEMORY = -15,       /* "memory" */
  HF_INTERNAL = -16      /* "internal": a bug */
} hf_code;

/** An error with its text, copied on the thread that met it. */
typedef struct {
  hf_code code;
  int os_errno;       /* of HF_OS, else 0 */
  char message[400];  /* one line, for logs */
  char subject[256];  /* what it is about when the caller needs it: a reference name, an object id; bytes, "" when none */
} hf_error;

const char *hf_code_name(hf_code code);
/** Name of an errno, such as "ENOSPC". */
const char *hf_errno_name(int os_errno);
/** Fill `err` and return `code`. */
int hf_fail(hf_error *err, hf_code code, const char *format, ...) HF_PRINTF(3, 4);
/** The same with a subject of `subject_len` bytes (cut at 255). */
int hf_fail_about(hf_error *err, hf_code code, const char *subject, size_t subject_len, const char *format, ...) HF_PRINTF(5, 6);
/** Translates the result of a failed libgit2 call, with libgit2's own message, on the thread that made the call. */
int hf_fail_git(hf_error *err, int rc, const char *what);
int hf_fail_os(hf_error *err, int os_errno, const char *format, ...) HF_PRINTF(3, 4);
int hf_fail_memory(hf_error *err);
int hf_fail_cancelled(hf_error *err);

/** Set by another thread to stop the work. */
typedef struct {
  atomic_int flag;
} hf_cancel;

static inline bool hf_cancelled(const hf_cancel *cancel) {
  return cancel && atomic_load_explicit(&((hf_cancel *)cancel)->flag, memory_order_relaxed) != 0;
}

/* ---- buffer.c ---------------------------------------------------------------------------------------------------- */

/** Growing bytes. A failed allocation is remembered in `failed` and everything later is ignored: test it once at the end. */
typedef struct {
  uint8_t *data;
  size_t length;
  size_t capacity;
  bool failed;
} hf_buffer;

void hf_buffer_free(hf_buffer *buffer);
/** Makes room for `more` bytes and returns where they go (the caller adds to `length`), or NULL. */
uint8_t *hf_buffer_reserve(hf_buffer *buffer, size_t more);
void hf_buffer_put(hf_buffer *buffer, const void *bytes, size_t length);
void hf_buffer_put_u8(hf_buffer *buffer, uint8_t value);
void hf_buffer_put_u32(hf_buffer *buffer, uint32_t value); /* little endian, as all numbers that cross to JavaScript */
void hf_buffer_put_u64(hf_buffer *buffer, uint64_t value);
/** Writes over four bytes that were put before. */
void hf_buffer_set_u32(hf_buffer *buffer, size_t at, uint32_t value);
void hf_buffer_put_oid(hf_buffer *buffer, const git_oid *oid); /* 20 raw bytes */
/** u32 length, then the bytes. */
void hf_buffer_put_text(hf_buffer *buffer, const void *bytes, size_t length);

/** Reads what the functions above wrote; running out of bytes sets `failed`, and values are then 0 or empty. */
typedef struct {
  const uint8_t *at;
  const uint8_t *end;
  bool failed;
} hf_reader;

uint8_t hf_reader_u8(hf_reader *reader);
uint32_t hf_reader_u32(hf_reader *reader);
void hf_reader_oid(hf_reader *reader, git_oid *out);
const char *hf_reader_text(hf_reader *reader, size_t *length);

/* ---- pool.c ------------------------------------------------------------------------------------------------------ */

/** A piece of work for the pool's threads. Whoever embeds it owns it; `run` is called once. */
typedef struct hf_task {
  struct hf_task *next;
  void (*run)(struct hf_task *task);
} hf_task;

/** Number of threads of the pool, before or after it started; 0 means the default, max(4, 2 x cores). */
void hf_pool_set_threads(unsigned threads);
/** Queues a task. Threads start when there is work and none is free. */
void hf_pool_submit(hf_task *task);
/** The same for a task that mostly waits for the disk. */
void hf_pool_submit_waiting(hf_task *task);
/**
 * Calls `run(context, i)` for every i below `count`, on threads that are kept for waiting on the disk and on the caller's;
 * returns when all are done. Order is not kept.
 */
void hf_parallel(void (*run)(void *context, size_t index), void *context, size_t count);

/* ---- repository.c ------------------------------------------------------------------------------------------------ */

typedef struct hf_quarantine hf_quarantine;
typedef struct hf_store hf_store;
typedef struct hf_entry hf_entry;

/** A view of one repository, for one thread at a time. */
typedef struct {
  const char *gitdir;        /* as given, without a slash at the end */
  hf_quarantine *quarantine; /* NULL without one */
  hf_store *store;           /* private */
  git_repository *git;       /* private: use hf_repo_git */
  hf_entry *entry;           /* private */
} hf_repo;

/** Limits of what is kept; 0 leaves a value as it is. */
typedef struct {
  size_t repositories_max; /* repositories kept open when idle */
  unsigned idle_ms;        /* an idle one is closed after that */
  size_t cache_bytes;      /* the cache of objects, all repositories together */
} hf_limits;

/** Starts libgit2 with no configuration but the repositories' own. Safe to repeat. */
int hf_start(hf_error *err);
void hf_set_limits(const hf_limits *limits);

/**
 * Opens a view. `quarantine_dir` is the object directory of a quarantine or NULL. Sees by a few stat calls that a repository
 * was replaced, its packs or its alternates changed. HF_NO_REPOSITORY, HF_UNSUPPORTED (SHA-256, unknown extensions).
 */
int hf_repo_open(hf_repo *repo, const char *gitdir, const char *quarantine_dir, hf_error *err);
/**
 * The same without a look, where the packs that are known are those that hf_repo_generation told a moment ago: for several views in what
 * counts as one moment. 0 for none that is known.
 */
int hf_repo_open_seen(hf_repo *repo, const char *gitdir, uint64_t generation, hf_error *err);
void hf_repo_close(hf_repo *repo);
/** A git_repository over the same objects, for libgit2 calls that want one. Taken from a pool, returned by hf_repo_close. */
int hf_repo_git(git_repository **out, hf_repo *repo, hf_error *err);
/**
 * Names the packs of a repository as they are now: no two states of any repository have the same number. What was found in packs under
 * a number is there for as long as the number holds. 0 where there is nothing to tell.
 */
int hf_repo_generation(uint64_t *out, const char *gitdir, hf_error *err);
/** How many loose objects the calling thread has read so far: those come and go without a trace in that number. */
uint64_t hf_loose_reads(void);
/** Closes everything that is kept for a repository (it is being removed or renamed); views in use stay valid. */
void hf_repo_forget(const char *gitdir);
/** Closes what has been idle for too long. Called by hf_repo_open too. */
void hf_repo_reap(void);
/** Repositories kept, for metrics. */
size_t hf_repo_count(void);

/* ---- objects.c: reading ------------------------------------------------------------------------------------------ */

/** An object in memory, shared and never changed. Its content is followed by a NUL that does not count. */
typedef struct hf_object hf_object;

const void *hf_object_data(const hf_object *object);
size_t hf_object_size(const hf_object *object);
git_object_t hf_object_type(const hf_object *object);
/** Gives up one use; harmless on NULL. Any thread. */
void hf_object_free(hf_object *object);

/** Reads a whole object. HF_NOT_FOUND, HF_CORRUPT. Free with hf_object_free. */
int hf_repo_read(hf_object **out, hf_repo *repo, const git_oid *oid, hf_error *err);
/** The same, but NULL and the size alone for an object of more than `limit` bytes; one that is at hand is given all the same. */
int hf_repo_read_up_to(hf_object **out, size_t *size, size_t limit, hf_repo *repo, const git_oid *oid, hf_error *err);
/** Type and size without the content. */
int hf_repo_read_header(git_object_t *type, size_t *size, hf_repo *repo, const git_oid *oid, hf_error *err);
bool hf_repo_exists(hf_repo *repo, const git_oid *oid);
/** The only object whose id begins with `length` digits of a prefix. HF_NOT_FOUND, HF_AMBIGUOUS. */
int hf_repo_find_prefix(git_oid *out, hf_repo *repo, const git_oid *prefix, size_t length, hf_error *err);
/** Writes an object into the quarantine's memory as it is. HF_INVALID without a quarantine. */
int hf_repo_write(git_oid *out, hf_repo *repo, git_object_t type, const void *data, size_t size, hf_error *err);

/**
 * Peels to `type` as REV^{type} does: tags to what they tag, a commit to its tree when a tree is wanted. GIT_OBJECT_ANY asks
 * that the object exists. HF_NOT_FOUND, HF_WRONG_TYPE.
 */
int hf_peel(git_oid *out, hf_repo *repo, const git_oid *oid, git_object_t type, hf_error *err);

/** One entry of a tree, pointing into the tree's bytes. */
typedef struct {
  uint32_t mode;
  const char *name;
  size_t name_len;
  const uint8_t *oid; /* 20 raw bytes */
} hf_tree_entry;

/** Walks the bytes of a tree: `at` starts at the first byte. Returns 1 with an entry, 0 at the end, -1 when malformed. */
int hf_tree_next(hf_tree_entry *out, const uint8_t **at, const uint8_t *end);
/** Compares names as they are sorted in trees: a directory's as if it ended with a slash. */
int hf_tree_compare(const char *a, size_t a_len, bool a_is_tree, const char *b, size_t b_len, bool b_is_tree);

static inline bool hf_mode_is_tree(uint32_t mode) { return (mode & 0170000) == 0040000; }
static inline bool hf_mode_is_gitlink(uint32_t mode) { return (mode & 0170000) == 0160000; }

/** The id of the empty tree, which needs no object; reading it always succeeds. */
extern const git_oid hf_empty_tree;

/** One parent or tree id of a commit's raw content. `parent` counts from 0. */
int hf_commit_tree(git_oid *out, const void *data, size_t size);
int hf_commit_parent(git_oid *out, const void *data, size_t size, size_t parent);

/* ---- quarantine.c ------------------------------------------------------------------------------------------------ */

/** Writes what is in the quarantine's memory as loose objects into its directory, for child processes; not flushed. */
int hf_quarantine_materialize(const char *gitdir, const char *dir, hf_error *err);
/** Moves all objects of the quarantine, in memory and on disk, into the repository, each flushed before it gets its name. */
int hf_quarantine_migrate(const char *gitdir, const char *dir, hf_error *err);
/** Flushes the folders that a migration changed: what was migrated survives a power cut then. */
int hf_quarantine_flush(const char *gitdir, const char *dir, hf_error *err);
/** Forgets the quarantine, and removes its directory if that is empty. False where a directory with files is left. */
bool hf_quarantine_forget(const char *dir);
/** Forgets the quarantine and removes its directory. Views that are open keep the memory until they close. */
int hf_quarantine_discard(const char *dir, hf_error *err);
/** Quarantines that have objects in memory, and their bytes, for metrics. */
void hf_quarantine_usage(size_t *count, size_t *bytes);

/* ---- refs.c: who looks up references -------------------------------------------------------------------------------- */

/**
 * Resolves a full reference name, following symbolic ones. HF_NOT_FOUND for absent, unborn, malformed or broken references.
 */
int hf_refs_lookup(git_oid *out, hf_repo *repo, const char *name, hf_error *err);

/** Flushes a file or a directory. */
int hf_fsync_path(const char *path, hf_error *err);

/* ---- paths ------------------------------------------------------------------------------------------------------- */

/** Joins with a slash into malloc'ed memory; NULL when memory is short. The list ends with NULL. */
char *hf_path_join(const char *first, ...) __attribute__((sentinel));

/** Parses hexadecimal of any case; returns the number of characters read (at most 40) into `out`, the rest is zero. */
size_t hf_oid_prefix(git_oid *out, const char *hex, size_t length);

#endif
