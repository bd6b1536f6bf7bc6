/*
 * References for JavaScript. Names cross as byte strings. A reference that has been resolved is one string: the object id, or
 * nothing, then a line feed, then the name at the end of a symbolic reference's chain, or nothing.
 */
#include "binding.h"
#include "ref_transaction.h"

#define HEX GIT_OID_HEXSZ

/* ---- refRead(gitdir, name) → "OID\nTARGET" | undefined, when it is absent, unborn or broken ---- */
/* ---- head(gitdir) → "OID\n", "OID\nTARGET", "\nTARGET" | undefined, when it is broken ---- */

typedef struct {
  hf_job job;
  hf_text gitdir, name;
  bool head;
  hf_ref_resolved resolved;
} ref_read_job;

/** Opening a view makes sure that this is a repository of a kind that we can read. */
static int check_repository(const hf_text *gitdir, hf_error *err) {
  hf_repo repo;
  int rc = hf_repo_open(&repo, gitdir->bytes, NULL, err);
  if (rc == HF_OK) hf_repo_close(&repo);
  return rc;
}

static int ref_read_execute(hf_job *base) {
  ref_read_job *job = (ref_read_job *)base;
  int rc = check_repository(&job->gitdir, &base->error);
  if (rc < 0) return rc;
  return hf_ref_resolve(&job->resolved, job->gitdir.bytes, job->head ? "HEAD" : job->name.bytes, &base->error);
}

static napi_value ref_read_complete(napi_env env, hf_job *base) {
  const ref_read_job *job = (ref_read_job *)base;
  const hf_ref_resolved *resolved = &job->resolved;
  bool known = resolved->kind == HF_REF_DIRECT || (job->head && resolved->kind == HF_REF_ABSENT && resolved->symbolic);
  if (!known) return hf_undefined(env);
  char text[HEX + 1 + HF_REF_NAME_MAX + 1];
  size_t length = 0;
  if (resolved->kind == HF_REF_DIRECT) {
    git_oid_fmt(text, &resolved->oid);
    length = HEX;
  }
  text[length++] = '\n';
  if (resolved->symbolic) {
    size_t name_len = strlen(resolved->name);
    memcpy(text + length, resolved->name, name_len);
    length += name_len;
  }
  return hf_byte_string(env, text, length);
}

static void ref_read_destroy(hf_job *base) {
  ref_read_job *job = (ref_read_job *)base;
  hf_text_free(&job->gitdir);
  hf_text_free(&job->name);
  free(job);
}

static hf_job *ref_read_parse(napi_env env, napi_callback_info info, bool head) {
  napi_value args[2];
  ref_read_job *job = hf_job_new(sizeof(*job), ref_read_execute, ref_read_complete, ref_read_destroy);
  job->head = head;
  if (hf_args(env, info, args, 2) && hf_text_path(env, args[0], &job->gitdir) && (head || hf_text_bytes(env, args[1], &job->name))) {
    /* No reference has such a name, and it must not be taken for a shorter one. */
    if (!head && memchr(job->name.bytes, 0, job->name.length)) job->name.bytes[0] = '\0';
    return &job->job;
  }
  hf_job_drop(&job->job);
  return NULL;
}

HF_FUNCTION("refReadSync", ref_read_sync) {
  hf_job *job = ref_read_parse(env, info, false);
  return job ? hf_job_run(env, job) : NULL;
}

HF_FUNCTION("refRead", ref_read) {
  hf_job *job = ref_read_parse(env, info, false);
  return job ? hf_job_submit(env, job) : NULL;
}

HF_FUNCTION("headSync", head_sync) {
  hf_job *job = ref_read_parse(env, info, true);
  return job ? hf_job_run(env, job) : NULL;
}

HF_FUNCTION("head", head) {
  hf_job *job = ref_read_parse(env, info, true);
  return job ? hf_job_submit(env, job) : NULL;
}

/*
 * ---- refsList(gitdir, prefixes, peel, max) → [text, numbers, listing | null] ----
 * ---- refsListNext(listing, max) → the same ----
 * For each reference two numbers: the length of its name | 1 << 16 when it is peeled, and the length of its symbolic target. In
 * the text, one after the other: object id, peeled id, name, target. Prefixes are packed as u32 length and bytes.
 */

#define PEELED_FLAG (1u << 16)

/** What JavaScript holds between two batches. A job that works on it takes it out of its box. */
typedef struct {
  hf_refs_listing *listing;
  char *gitdir;
  bool peel;
} listing_state;

typedef struct {
  _Atomic(listing_state *) state;
} listing_box;

typedef struct {
  hf_job job;
  hf_text gitdir;
  uint8_t *prefixes;
  size_t prefixes_len;
  bool peel;
  uint32_t max;
  listing_state *state;
  bool more;
  hf_buffer text, numbers;
} refs_list_job;

static void free_state(listing_state *state) {
  if (!state) return;
  hf_refs_list_free(state->listing);
  free(state->gitdir);
  free(state);
}

static void free_box(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  listing_box *box = data;
  free_state(atomic_load(&box->state));
  free(box);
}

static int open_listing(refs_list_job *job) {
  hf_error *err = &job->job.error;
  hf_buffer pointers = {0}, texts = {0};
  hf_reader reader = {.at = job->prefixes, .end = job->prefixes + job->prefixes_len};
  size_t count = 0;
  while (reader.at < reader.end && !reader.failed) {
    size_t length;
    const char *prefix = hf_reader_text(&reader, &length);
    if (memchr(prefix, 0, length)) reader.failed = true;
    hf_buffer_put(&texts, prefix, length);
    hf_buffer_put_u8(&texts, 0);
    count++;
  }
  const char *at = (const char *)texts.data;
  for (size_t i = 0; i < count && !texts.failed; i++) {
    hf_buffer_put(&pointers, &at, sizeof(at));
    at += strlen(at) + 1;
  }
  int rc = reader.failed ? hf_fail(err, HF_INVALID, "prefixes are malformed") : HF_OK;
  if (rc == HF_OK && (texts.failed || pointers.failed)) rc = hf_fail_memory(err);
  job->state = rc == HF_OK ? calloc(1, sizeof(*job->state)) : NULL;
  if (rc == HF_OK && job->state) {
    job->state->peel = job->peel;
    job->state->gitdir = strdup(job->gitdir.bytes);
  }
  if (rc == HF_OK && (!job->state || !job->state->gitdir)) rc = hf_fail_memory(err);
  if (rc == HF_OK) {
    rc = hf_refs_list_open(&job->state->listing, job->state->gitdir, (const char *const *)pointers.data, count, &job->job.cancel, err);
  }
  hf_buffer_free(&pointers);
  hf_buffer_free(&texts);
  return rc;
}

static void put_oid(hf_buffer *text, const git_oid *oid) {
  char *at = (char *)hf_buffer_reserve(text, HEX);
  if (!at) return;
  git_oid_fmt(at, oid);
  text->length += HEX;
}

static int fill_batch(refs_list_job *job, hf_repo *repo) {
  listing_state *state = job->state;
  hf_error *err = &job->job.error;
  for (uint32_t i = 0; i < job->max; i++) {
    hf_listed_ref ref;
    int rc = hf_refs_list_next(&ref, state->listing, state->peel ? repo : NULL, err);
    if (rc <= 0) return rc;
    if ((i & 63) == 63 && hf_cancelled(&job->job.cancel)) return hf_fail_cancelled(err);
    hf_buffer_put_u32(&job->numbers, (uint32_t)ref.name_len | (ref.peeled ? PEELED_FLAG : 0));
    hf_buffer_put_u32(&job->numbers, (uint32_t)ref.target_len);
    put_oid(&job->text, &ref.oid);
    if (ref.peeled) put_oid(&job->text, &ref.peeled_oid);
    hf_buffer_put(&job->text, ref.name, ref.name_len);
    hf_buffer_put(&job->text, ref.target, ref.target_len);
  }
  job->more = true;
  return HF_OK;
}

static int refs_list_execute(hf_job *base) {
  refs_list_job *job = (refs_list_job *)base;
  hf_repo repo;
  int rc = hf_repo_open(&repo, job->state ? job->state->gitdir : job->gitdir.bytes, NULL, &base->error);
  if (rc < 0) return rc;
  if (!job->state) rc = open_listing(job);
  if (rc == HF_OK) rc = fill_batch(job, &repo);
  hf_repo_close(&repo);
  if (rc == HF_OK && (job->text.failed || job->numbers.failed)) rc = hf_fail_memory(&base->error);
  return rc;
}

static napi_value refs_list_complete(napi_env env, hf_job *base) {
  refs_list_job *job = (refs_list_job *)base;
  napi_value result, cursor = hf_null(env);
  if (napi_create_array_with_length(env, 3, &result) != napi_ok) return NULL;
  if (job->more) {
    listing_box *box = calloc(1, sizeof(*box));
    if (!box) abort();
    atomic_init(&box->state, job->state);
    job->state = NULL;
    if (napi_create_external(env, box, free_box, NULL, &cursor) != napi_ok) {
      free_box(env, box, NULL);
      return NULL;
    }
  }
  napi_set_element(env, result, 0, hf_byte_string(env, (const char *)job->text.data, job->text.length));
  napi_set_element(env, result, 1, hf_bytes_take(env, &job->numbers));
  napi_set_element(env, result, 2, cursor);
  return result;
}

static void refs_list_destroy(hf_job *base) {
  refs_list_job *job = (refs_list_job *)base;
  hf_text_free(&job->gitdir);
  free(job->prefixes);
  free_state(job->state);
  hf_buffer_free(&job->text);
  hf_buffer_free(&job->numbers);
  free(job);
}

HF_FUNCTION("refsList", refs_list) {
  napi_value args[4];
  refs_list_job *job = hf_job_new(sizeof(*job), refs_list_execute, refs_list_complete, refs_list_destroy);
  if (hf_args(env, info, args, 4) && hf_text_path(env, args[0], &job->gitdir) &&
      hf_arg_bytes_copy(env, args[1], &job->prefixes, &job->prefixes_len) && hf_arg_bool(env, args[2], &job->peel) &&
      hf_arg_u32(env, args[3], &job->max))
    return hf_job_submit(env, &job->job);
  return hf_job_drop(&job->job);
}

HF_FUNCTION("refsListNext", refs_list_next) {
  napi_value args[2];
  void *box = NULL;
  refs_list_job *job = hf_job_new(sizeof(*job), refs_list_execute, refs_list_complete, refs_list_destroy);
  if (!hf_args(env, info, args, 2) || !hf_arg_u32(env, args[1], &job->max)) return hf_job_drop(&job->job);
  if (napi_get_value_external(env, args[0], &box) == napi_ok) job->state = atomic_exchange(&((listing_box *)box)->state, NULL);
  if (!job->state) {
    hf_throw_type(env, "a listing is expected");
    return hf_job_drop(&job->job);
  }
  return hf_job_submit(env, &job->job);
}
