/*
 * History for JavaScript. Ids travel as 40 digits, lists of them as one string.
 *
 * What is answered from memory exists with the suffix Sync too: it may take BUDGET steps on the JavaScript thread and answers
 * null when that is not enough. Walks give a batch and a cursor to go on with; `historyClose` ends one before its end.
 */
#include "binding.h"
#include "list_blobs.h"
#include "log.h"

#define HEX GIT_OID_HEXSZ
/** About a millisecond. */
#define BUDGET 40000

/** A walk that stands between two calls. Whoever works on it takes it out of its box. */
typedef struct {
  hf_log *log;
  hf_blob_listing *blobs;
  char *gitdir, *quarantine;
} cursor_state;

typedef struct {
  _Atomic(cursor_state *) state;
} cursor_box;

static void free_state(cursor_state *state) {
  if (!state) return;
  hf_log_free(state->log);
  hf_blobs_free(state->blobs);
  free(state->gitdir);
  free(state->quarantine);
  free(state);
}

static void free_box(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  cursor_box *box = data;
  free_state(atomic_load(&box->state));
  free(box);
}

/** Boxes a state, or gives null for none. */
static napi_value cursor_value(napi_env env, cursor_state *state) {
  if (!state) return hf_null(env);
  cursor_box *box = calloc(1, sizeof(*box));
  if (!box) abort();
  atomic_init(&box->state, state);
  napi_value result;
  if (napi_create_external(env, box, free_box, NULL, &result) == napi_ok) return result;
  free_box(env, box, NULL);
  return NULL;
}

static cursor_state *take_state(napi_env env, napi_value value) {
  void *box = NULL;
  if (napi_get_value_external(env, value, &box) != napi_ok) return NULL;
  return atomic_exchange(&((cursor_box *)box)->state, NULL);
}

HF_FUNCTION("historyClose", history_close) {
  napi_value args[1];
  if (hf_args(env, info, args, 1)) free_state(take_state(env, args[0]));
  return NULL;
}

static void put_oid(hf_buffer *text, const git_oid *oid) {
  char *at = (char *)hf_buffer_reserve(text, HEX);
  if (!at) return;
  git_oid_fmt(at, oid);
  text->length += HEX;
}

/** Finds a commit for a question about ids: errors name the id. */
static int find_commit(uint32_t *out, hf_walk *walk, const git_oid *oid) {
  int rc = hf_walk_find(out, walk, oid);
  if (rc != HF_NOT_FOUND && rc != HF_WRONG_TYPE) return rc;
  char hex[HEX];
  git_oid_fmt(hex, oid);
  return hf_fail_about(walk->err, rc, hex, HEX, rc == HF_NOT_FOUND ? "no such object" : "the object is not a commit");
}

/* ---- isAncestor(gitdir, quarantine, ancestor, descendant) → boolean; mergeBases(gitdir, quarantine, a, b) → ids ---- */

typedef struct {
  hf_job job;
  hf_view view;
  git_oid a, b;
  bool synchronous, declined, bases_wanted;
  bool is_ancestor;
  hf_buffer bases;
} pair_job;

static int answer_pair(pair_job *job, hf_walk *walk) {
  uint32_t a, b;
  int rc = find_commit(&a, walk, &job->a);
  if (rc == HF_OK) rc = find_commit(&b, walk, &job->b);
  if (rc < 0) return rc;
  if (!job->bases_wanted) return hf_is_ancestor(&job->is_ancestor, walk, a, b);
  hf_commit_list bases;
  if ((rc = hf_merge_bases(&bases, walk, a, b)) < 0) return rc;
  for (size_t i = 0; i < bases.count; i++) {
    git_oid oid;
    hf_commit_oid(&oid, walk->commits, bases.items[i]);
    put_oid(&job->bases, &oid);
  }
  hf_list_free(&bases);
  return job->bases.failed ? hf_fail_memory(walk->err) : HF_OK;
}

static int pair_execute(hf_job *base) {
  pair_job *job = (pair_job *)base;
  hf_repo repo;
  hf_walk walk;
  int rc = hf_view_open(&repo, &job->view, &base->error);
  if (rc < 0) return rc;
  rc = hf_walk_open(&walk, &repo, job->synchronous ? BUDGET : HF_NO_BUDGET, &base->cancel, &base->error);
  if (rc == HF_OK) {
    rc = answer_pair(job, &walk);
    hf_walk_close(&walk);
  }
  hf_repo_close(&repo);
  job->declined = rc == HF_DECLINED;
  return job->declined ? HF_OK : rc;
}

static napi_value pair_complete(napi_env env, hf_job *base) {
  pair_job *job = (pair_job *)base;
  if (job->declined) return hf_null(env);
  if (!job->bases_wanted) return hf_bool(env, job->is_ancestor);
  return hf_byte_string(env, (const char *)job->bases.data, job->bases.length);
}

static void pair_destroy(hf_job *base) {
  pair_job *job = (pair_job *)base;
  hf_view_free(&job->view);
  hf_buffer_free(&job->bases);
  free(job);
}

static napi_value pair(napi_env env, napi_callback_info info, bool synchronous, bool bases_wanted) {
  napi_value args[4];
  pair_job *job = hf_job_new(sizeof(*job), pair_execute, pair_complete, pair_destroy);
  job->synchronous = synchronous;
  job->bases_wanted = bases_wanted;
  if (hf_args(env, info, args, 4) && hf_view_args(env, args, &job->view) && hf_arg_oid(env, args[2], &job->a) && hf_arg_oid(env, args[3], &job->b))
    return synchronous ? hf_job_run(env, &job->job) : hf_job_submit(env, &job->job);
  return hf_job_drop(&job->job);
}

HF_FUNCTION("isAncestorSync", is_ancestor_sync) { return pair(env, info, true, false); }

HF_FUNCTION("isAncestor", is_ancestor) { return pair(env, info, false, false); }

HF_FUNCTION("mergeBasesSync", merge_bases_sync) { return pair(env, info, true, true); }

HF_FUNCTION("mergeBases", merge_bases) { return pair(env, info, false, true); }

/* ---- reachable(gitdir, quarantine, tip, candidates) → Buffer with a byte for each: 1 when the tip reaches it ---- */

typedef struct {
  hf_job job;
  hf_view view;
  git_oid tip;
  git_oid *candidates;
  size_t count;
  hf_buffer answers;
} reachable_job;

/** Candidates that are no commits, or not there, are not reached; the others get their numbers. */
static int answer_reachable(reachable_job *job, hf_walk *walk) {
  uint32_t tip;
  uint32_t *commits = malloc((job->count ? job->count : 1) * sizeof(*commits));
  size_t *places = malloc((job->count ? job->count : 1) * sizeof(*places));
  bool *reached = calloc(job->count ? job->count : 1, sizeof(*reached));
  size_t known = 0;
  int rc = commits && places && reached ? find_commit(&tip, walk, &job->tip) : hf_fail_memory(walk->err);
  for (size_t i = 0; rc == HF_OK && i < job->count; i++) {
    if ((rc = hf_walk_step(walk)) < 0) break;
    rc = hf_walk_find(&commits[known], walk, &job->candidates[i]);
    if (rc == HF_OK) places[known++] = i;
    else if (rc == HF_NOT_FOUND || rc == HF_WRONG_TYPE) rc = HF_OK;
  }
  if (rc == HF_OK) rc = hf_reachable(reached, walk, tip, commits, known);
  uint8_t *answers = rc == HF_OK ? hf_buffer_reserve(&job->answers, job->count) : NULL;
  if (rc == HF_OK && answers) {
    memset(answers, 0, job->count);
    for (size_t i = 0; i < known; i++) answers[places[i]] = reached[i];
    job->answers.length = job->count;
  }
  free(commits);
  free(places);
  free(reached);
  return rc == HF_OK && job->answers.failed ? hf_fail_memory(walk->err) : rc;
}

static int reachable_execute(hf_job *base) {
  reachable_job *job = (reachable_job *)base;
  hf_repo repo;
  hf_walk walk;
  int rc = hf_view_open(&repo, &job->view, &base->error);
  if (rc < 0) return rc;
  rc = hf_walk_open(&walk, &repo, HF_NO_BUDGET, &base->cancel, &base->error);
  if (rc == HF_OK) {
    rc = answer_reachable(job, &walk);
    hf_walk_close(&walk);
  }
  hf_repo_close(&repo);
  return rc;
}

static napi_value reachable_complete(napi_env env, hf_job *base) { return hf_bytes_take(env, &((reachable_job *)base)->answers); }

static void reachable_destroy(hf_job *base) {
  reachable_job *job = (reachable_job *)base;
  hf_view_free(&job->view);
  hf_buffer_free(&job->answers);
  free(job->candidates);
  free(job);
}

HF_FUNCTION("reachable", reachable) {
  napi_value args[4];
  reachable_job *job = hf_job_new(sizeof(*job), reachable_execute, reachable_complete, reachable_destroy);
  if (hf_args(env, info, args, 4) && hf_view_args(env, args, &job->view) && hf_arg_oid(env, args[2], &job->tip) &&
      hf_arg_oids_copy(env, args[3], &job->candidates, &job->count))
    return hf_job_submit(env, &job->job);
  return hf_job_drop(&job->job);
}

/*
 * ---- logOpen(gitdir, quarantine, query, max) → [ids, cursor | null]; logNext(cursor, max) → the same ----
 * ---- blobsOpen(gitdir, quarantine, revisions, max) → [text, numbers, cursor | null]; blobsNext(cursor, max) → the same ----
 * A query is packed as u8 order, u8 flags, u64 after, before, maximum of parents, skip, limit (all ones: none), and then, as the
 * revisions of blobsOpen, u32 length and bytes of each. In the text of blobs: id and path, one after the other; the numbers are
 * the paths' lengths, u32.
 */

enum { FLAG_FIRST_PARENT = 1, FLAG_NO_WALK = 2, FLAG_REVERSE = 4, FLAG_AFTER = 8, FLAG_BEFORE = 16, FLAG_LIMITED = 32 };

typedef struct {
  hf_job job;
  hf_view view;
  uint8_t *packed;
  size_t packed_len;
  uint32_t max;
  bool synchronous, declined, blobs;
  cursor_state *state;
  bool more;
  hf_buffer text, numbers;
} walk_job;

static uint64_t read_u64(hf_reader *reader) {
  uint64_t low = hf_reader_u32(reader);
  return low | (uint64_t)hf_reader_u32(reader) << 32;
}

/** Reads revisions to the end: pointers in `pointers`, their bytes in `texts`. */
static int read_revisions(hf_reader *reader, hf_buffer *pointers, hf_buffer *texts, hf_error *err) {
  size_t count = 0;
  while (reader->at < reader->end && !reader->failed) {
    size_t length;
    const char *revision = hf_reader_text(reader, &length);
    if (memchr(revision, 0, length)) reader->failed = true;
    hf_buffer_put(texts, revision, length);
    hf_buffer_put_u8(texts, 0);
    count++;
  }
  const char *at = (const char *)texts->data;
  for (size_t i = 0; i < count && !reader->failed && !texts->failed; i++) {
    hf_buffer_put(pointers, &at, sizeof(at));
    at += strlen(at) + 1;
  }
  if (reader->failed) return hf_fail(err, HF_INVALID, "revisions are malformed");
  return texts->failed || pointers->failed ? hf_fail_memory(err) : HF_OK;
}

static void read_query(hf_log_query *query, hf_reader *reader) {
  query->order = hf_reader_u8(reader);
  uint8_t flags = hf_reader_u8(reader);
  query->first_parent = flags & FLAG_FIRST_PARENT;
  query->no_walk = flags & FLAG_NO_WALK;
  query->reverse = flags & FLAG_REVERSE;
  query->has_after = flags & FLAG_AFTER;
  query->has_before = flags & FLAG_BEFORE;
  query->limited = flags & FLAG_LIMITED;
  query->after = read_u64(reader);
  query->before = read_u64(reader);
  query->max_parents = (int64_t)read_u64(reader);
  query->skip = read_u64(reader);
  query->limit = read_u64(reader);
}

static int open_walk(walk_job *job, hf_repo *repo) {
  hf_error *err = &job->job.error;
  hf_buffer pointers = {0}, texts = {0};
  hf_reader reader = {.at = job->packed, .end = job->packed + job->packed_len};
  hf_log_query query = {0};
  if (!job->blobs) read_query(&query, &reader);
  int rc = read_revisions(&reader, &pointers, &texts, err);
  cursor_state *state = calloc(1, sizeof(*state));
  job->state = state;
  if (rc == HF_OK && state) {
    state->gitdir = strdup(job->view.gitdir.bytes);
    state->quarantine = job->view.quarantine.bytes ? strdup(job->view.quarantine.bytes) : NULL;
  }
  if (rc == HF_OK && (!state || !state->gitdir || (job->view.quarantine.bytes && !state->quarantine))) rc = hf_fail_memory(err);
  query.revisions = (const char *const *)pointers.data;
  query.revision_count = pointers.length / sizeof(char *);
  if (rc == HF_OK && job->blobs) {
    rc = hf_blobs_open(&state->blobs, repo, query.revisions, query.revision_count, &job->job.cancel, err);
  } else if (rc == HF_OK) {
    rc = hf_log_open(&state->log, repo, &query, job->synchronous ? BUDGET : HF_NO_BUDGET, &job->job.cancel, err);
  }
  hf_buffer_free(&pointers);
  hf_buffer_free(&texts);
  return rc;
}

static int fill_log(walk_job *job) {
  hf_log *log = job->state->log;
  for (uint32_t i = 0; i < job->max; i++) {
    uint32_t commit;
    int rc = hf_log_next(&commit, log);
    if (rc <= 0) return rc;
    git_oid oid;
    hf_commit_oid(&oid, hf_log_walk(log)->commits, commit);
    put_oid(&job->text, &oid);
  }
  job->more = true;
  return HF_OK;
}

static int fill_blobs(walk_job *job) {
  for (uint32_t i = 0; i < job->max; i++) {
    git_oid oid;
    const char *path;
    size_t path_len;
    int rc = hf_blobs_next(&oid, &path, &path_len, job->state->blobs);
    if (rc <= 0) return rc;
    put_oid(&job->text, &oid);
    hf_buffer_put(&job->text, path, path_len);
    hf_buffer_put_u32(&job->numbers, (uint32_t)path_len);
  }
  job->more = true;
  return HF_OK;
}

static int walk_execute(hf_job *base) {
  walk_job *job = (walk_job *)base;
  hf_error *err = &base->error;
  hf_repo repo;
  bool resumed = job->state != NULL;
  int rc = resumed ? hf_repo_open(&repo, job->state->gitdir, job->state->quarantine, err) : hf_view_open(&repo, &job->view, err);
  if (rc < 0) return rc;
  if (!resumed) rc = open_walk(job, &repo);
  else if (job->blobs) hf_blobs_resume(job->state->blobs, &repo, &base->cancel, err);
  else hf_log_resume(job->state->log, &repo, &base->cancel, err);
  if (rc == HF_OK) rc = job->blobs ? fill_blobs(job) : fill_log(job);
  hf_repo_close(&repo);
  job->declined = rc == HF_DECLINED;
  if (job->declined) return HF_OK;
  return rc == HF_OK && (job->text.failed || job->numbers.failed) ? hf_fail_memory(err) : rc;
}

static napi_value walk_complete(napi_env env, hf_job *base) {
  walk_job *job = (walk_job *)base;
  if (job->declined) return hf_null(env);
  napi_value result;
  uint32_t at = 0;
  if (napi_create_array_with_length(env, job->blobs ? 3 : 2, &result) != napi_ok) return NULL;
  cursor_state *state = NULL;
  if (job->more) {
    state = job->state;
    job->state = NULL;
  }
  napi_value cursor = cursor_value(env, state);
  napi_set_element(env, result, at++, hf_byte_string(env, (const char *)job->text.data, job->text.length));
  if (job->blobs) napi_set_element(env, result, at++, hf_bytes_take(env, &job->numbers));
  napi_set_element(env, result, at, cursor);
  return result;
}

static void walk_destroy(hf_job *base) {
  walk_job *job = (walk_job *)base;
  hf_view_free(&job->view);
  free(job->packed);
  free_state(job->state);
  hf_buffer_free(&job->text);
  hf_buffer_free(&job->numbers);
  free(job);
}

static napi_value walk_open(napi_env env, napi_callback_info info, bool synchronous, bool blobs) {
  napi_value args[4];
  walk_job *job = hf_job_new(sizeof(*job), walk_execute, walk_complete, walk_destroy);
  job->synchronous = synchronous;
  job->blobs = blobs;
  if (hf_args(env, info, args, 4) && hf_view_args(env, args, &job->view) && hf_arg_bytes_copy(env, args[2], &job->packed, &job->packed_len) &&
      hf_arg_u32(env, args[3], &job->max))
    return synchronous ? hf_job_run(env, &job->job) : hf_job_submit(env, &job->job);
  return hf_job_drop(&job->job);
}

static napi_value walk_next(napi_env env, napi_callback_info info, bool blobs) {
  napi_value args[2];
  walk_job *job = hf_job_new(sizeof(*job), walk_execute, walk_complete, walk_destroy);
  job->blobs = blobs;
  if (!hf_args(env, info, args, 2) || !hf_arg_u32(env, args[1], &job->max)) return hf_job_drop(&job->job);
  job->state = take_state(env, args[0]);
  if (!job->state || blobs != (job->state->blobs != NULL)) {
    hf_throw_type(env, "a cursor of this kind is expected");
    return hf_job_drop(&job->job);
  }
  return hf_job_submit(env, &job->job);
}

HF_FUNCTION("logOpenSync", log_open_sync) { return walk_open(env, info, true, false); }

HF_FUNCTION("logOpen", log_open) { return walk_open(env, info, false, false); }

HF_FUNCTION("logNext", log_next) { return walk_next(env, info, false); }

HF_FUNCTION("blobsOpen", blobs_open) { return walk_open(env, info, false, true); }

HF_FUNCTION("blobsNext", blobs_next) { return walk_next(env, info, true); }

