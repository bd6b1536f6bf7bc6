/*
 * Transactions of references for JavaScript.
 *
 * refsPrepare(gitdir, changes, deref, lockTimeoutMs, packedLockTimeoutMs) → [transaction, old ids in one string] | refusal
 * refsCommit(transaction), refsAbort(transaction) → undefined
 * refsSetHead(gitdir, target) → undefined | refusal
 *
 * A change is packed as u32 length and bytes of the name, 20 bytes of the new id, u8 whether a value is expected, 20 bytes of it.
 * A refusal is a Buffer: u8 kind, two ids of 20 bytes, names as u32 length and bytes.
 */
#include "binding.h"
#include "ref_transaction.h"

#define HEX GIT_OID_HEXSZ

/** What JavaScript holds; emptied by commit and abort. Forgotten ones are aborted, so that no lock stays. */
typedef struct {
  _Atomic(hf_ref_transaction *) transaction;
} transaction_box;

static void free_box(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  transaction_box *box = data;
  hf_ref_transaction *transaction = atomic_load(&box->transaction);
  if (transaction) hf_ref_transaction_abort(transaction);
  free(box);
}

static napi_value refusal_value(napi_env env, hf_ref_refusal *refusal) {
  hf_buffer out = {0};
  hf_buffer_put_u8(&out, (uint8_t)refusal->kind);
  hf_buffer_put_oid(&out, &refusal->first);
  hf_buffer_put_oid(&out, &refusal->second);
  hf_buffer_put(&out, refusal->names.data, refusal->names.length);
  return hf_bytes_take(env, &out);
}

/* ---- prepare ---- */

typedef struct {
  hf_job job;
  hf_text gitdir;
  uint8_t *packed;
  size_t packed_len;
  hf_ref_options options;
  hf_ref_transaction *transaction;
  hf_ref_refusal refusal;
} prepare_job;

/** Reads the changes: an array in `list`, names in `names`. */
static int read_changes(prepare_job *job, hf_buffer *list, hf_buffer *names) {
  hf_reader reader = {.at = job->packed, .end = job->packed + job->packed_len};
  while (reader.at < reader.end && !reader.failed) {
    hf_ref_change change = {0};
    size_t length;
    const char *name = hf_reader_text(&reader, &length);
    hf_reader_oid(&reader, &change.new_oid);
    change.has_expected = hf_reader_u8(&reader) != 0;
    hf_reader_oid(&reader, &change.expected);
    if (memchr(name, 0, length)) reader.failed = true;
    /* The names' buffer still grows: until it is complete an offset stands for the pointer. */
    change.name = (const char *)(uintptr_t)names->length;
    hf_buffer_put(names, name, length);
    hf_buffer_put_u8(names, 0);
    hf_buffer_put(list, &change, sizeof(change));
  }
  if (reader.failed) return hf_fail(&job->job.error, HF_INVALID, "changes are malformed");
  if (list->failed || names->failed) return hf_fail_memory(&job->job.error);
  hf_ref_change *changes = (hf_ref_change *)list->data;
  for (size_t i = 0; i < list->length / sizeof(*changes); i++) {
    changes[i].name = (const char *)names->data + (uintptr_t)changes[i].name;
  }
  return HF_OK;
}

static int prepare_execute(hf_job *base) {
  prepare_job *job = (prepare_job *)base;
  hf_buffer list = {0}, names = {0};
  hf_repo repo;
  int rc = read_changes(job, &list, &names);
  if (rc == HF_OK && (rc = hf_repo_open(&repo, job->gitdir.bytes, NULL, &base->error)) == HF_OK) {
    rc = hf_ref_transaction_prepare(&job->transaction, &job->refusal, &repo, (hf_ref_change *)list.data,
                                    list.length / sizeof(hf_ref_change), &job->options, &base->cancel, &base->error);
    hf_repo_close(&repo);
  }
  hf_buffer_free(&list);
  hf_buffer_free(&names);
  return rc;
}

static napi_value old_oids_value(napi_env env, const hf_ref_transaction *transaction) {
  size_t count;
  const git_oid *oids = hf_ref_transaction_old(transaction, &count);
  hf_buffer text = {0};
  for (size_t i = 0; i < count; i++) {
    char *at = (char *)hf_buffer_reserve(&text, HEX);
    if (!at) break;
    git_oid_fmt(at, &oids[i]);
    text.length += HEX;
  }
  napi_value result = hf_byte_string(env, (const char *)text.data, text.length);
  hf_buffer_free(&text);
  return result;
}

static napi_value prepare_complete(napi_env env, hf_job *base) {
  prepare_job *job = (prepare_job *)base;
  if (!job->transaction) return refusal_value(env, &job->refusal);
  napi_value result, handle;
  napi_value old_oids = old_oids_value(env, job->transaction);
  transaction_box *box = calloc(1, sizeof(*box));
  if (!box) abort();
  atomic_init(&box->transaction, job->transaction);
  job->transaction = NULL;
  if (napi_create_external(env, box, free_box, NULL, &handle) != napi_ok) {
    free_box(env, box, NULL);
    return NULL;
  }
  if (napi_create_array_with_length(env, 2, &result) != napi_ok) return NULL;
  napi_set_element(env, result, 0, handle);
  napi_set_element(env, result, 1, old_oids);
  return result;
}

static void prepare_destroy(hf_job *base) {
  prepare_job *job = (prepare_job *)base;
  if (job->transaction) hf_ref_transaction_abort(job->transaction);
  hf_buffer_free(&job->refusal.names);
  hf_text_free(&job->gitdir);
  free(job->packed);
  free(job);
}

HF_FUNCTION("refsPrepare", refs_prepare) {
  napi_value args[5];
  prepare_job *job = hf_job_new(sizeof(*job), prepare_execute, prepare_complete, prepare_destroy);
  if (hf_args(env, info, args, 5) && hf_text_path(env, args[0], &job->gitdir) &&
      hf_arg_bytes_copy(env, args[1], &job->packed, &job->packed_len) && hf_arg_bool(env, args[2], &job->options.deref) &&
      hf_arg_u32(env, args[3], &job->options.lock_timeout_ms) && hf_arg_u32(env, args[4], &job->options.packed_lock_timeout_ms))
    return hf_job_submit(env, &job->job);
  return hf_job_drop(&job->job);
}

/* ---- commit and abort ---- */

typedef struct {
  hf_job job;
  hf_ref_transaction *transaction;
  bool commit;
} finish_job;

static int finish_execute(hf_job *base) {
  finish_job *job = (finish_job *)base;
  hf_ref_transaction *transaction = job->transaction;
  job->transaction = NULL;
  if (job->commit) return hf_ref_transaction_commit(transaction, &base->error);
  hf_ref_transaction_abort(transaction);
  return HF_OK;
}

static napi_value nothing(napi_env env, hf_job *base) {
  (void)base;
  return hf_undefined(env);
}

static void finish_destroy(hf_job *base) {
  finish_job *job = (finish_job *)base;
  if (job->transaction) hf_ref_transaction_abort(job->transaction);
  free(job);
}

static napi_value finish(napi_env env, napi_callback_info info, bool commit) {
  napi_value args[1];
  void *box = NULL;
  finish_job *job = hf_job_new(sizeof(*job), finish_execute, nothing, finish_destroy);
  job->commit = commit;
  if (!hf_args(env, info, args, 1)) return hf_job_drop(&job->job);
  if (napi_get_value_external(env, args[0], &box) == napi_ok) {
    job->transaction = atomic_exchange(&((transaction_box *)box)->transaction, NULL);
  }
  if (!job->transaction) {
    hf_throw_type(env, "a transaction is expected that is neither committed nor aborted");
    return hf_job_drop(&job->job);
  }
  /* On other threads than `prepare`, which may be waiting for the locks that this one gives back. */
  job->job.waits = true;
  return hf_job_submit(env, &job->job);
}

HF_FUNCTION("refsCommit", refs_commit) { return finish(env, info, true); }

HF_FUNCTION("refsAbort", refs_abort) { return finish(env, info, false); }

/* ---- HEAD ---- */

typedef struct {
  hf_job job;
  hf_text gitdir, target;
  hf_ref_refusal refusal;
} set_head_job;

static int set_head_execute(hf_job *base) {
  set_head_job *job = (set_head_job *)base;
  hf_repo repo;
  int rc = hf_repo_open(&repo, job->gitdir.bytes, NULL, &base->error);
  if (rc < 0) return rc;
  rc = hf_ref_set_head(&job->refusal, &repo, job->target.bytes, &base->cancel, &base->error);
  hf_repo_close(&repo);
  return rc;
}

static napi_value set_head_complete(napi_env env, hf_job *base) {
  set_head_job *job = (set_head_job *)base;
  return job->refusal.kind == HF_REFUSED_NOT ? hf_undefined(env) : refusal_value(env, &job->refusal);
}

static void set_head_destroy(hf_job *base) {
  set_head_job *job = (set_head_job *)base;
  hf_buffer_free(&job->refusal.names);
  hf_text_free(&job->gitdir);
  hf_text_free(&job->target);
  free(job);
}

HF_FUNCTION("refsSetHead", refs_set_head) {
  napi_value args[2];
  set_head_job *job = hf_job_new(sizeof(*job), set_head_execute, set_head_complete, set_head_destroy);
  if (hf_args(env, info, args, 2) && hf_text_path(env, args[0], &job->gitdir) && hf_text_bytes(env, args[1], &job->target))
    return hf_job_submit(env, &job->job);
  return hf_job_drop(&job->job);
}
