/*
 * Streams of objects for JavaScript: blobOpen(gitdir, quarantine, oid): [number, handle] | undefined; blobRead(handle, length): Buffer;
 * blobClose(handle). A read that goes on keeps the stream when its handle is closed or collected.
 */
#include "binding.h"
#include "blob_stream.h"

typedef struct {
  atomic_uint users;
  atomic_bool busy;
  hf_blob_stream *stream;
} shared_stream;

static void release(shared_stream *shared) {
  if (atomic_fetch_sub(&shared->users, 1) != 1) return;
  hf_blob_stream_close(shared->stream);
  free(shared);
}

/** What a handle holds; NULL inside once it is closed. */
typedef struct {
  shared_stream *shared;
} handle;

static void free_handle(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  handle *own = data;
  if (own->shared) release(own->shared);
  free(own);
}

typedef struct {
  hf_job job;
  hf_view view;
  git_oid oid;
  bool found;
  git_object_t type;
  size_t size;
  hf_blob_stream *stream;
} open_job;

static int open_execute(hf_job *base) {
  open_job *job = (open_job *)base;
  hf_repo repo;
  int rc = hf_view_open(&repo, &job->view, &base->error);
  if (rc < 0) return rc;
  rc = hf_blob_stream_open(&job->stream, &job->type, &job->size, &repo, &job->oid, &base->error);
  hf_repo_close(&repo);
  job->found = rc == HF_OK;
  return rc == HF_NOT_FOUND ? HF_OK : rc;
}

static napi_value open_complete(napi_env env, hf_job *base) {
  open_job *job = (open_job *)base;
  if (!job->found) return hf_undefined(env);
  handle *own = calloc(1, sizeof(*own));
  shared_stream *shared = calloc(1, sizeof(*shared));
  if (!own || !shared) abort();
  atomic_init(&shared->users, 1);
  shared->stream = job->stream;
  job->stream = NULL;
  own->shared = shared;
  napi_value external, result;
  if (napi_create_external(env, own, free_handle, NULL, &external) != napi_ok) {
    free_handle(env, own, NULL);
    return NULL;
  }
  if (napi_create_array_with_length(env, 2, &result) != napi_ok) return NULL;
  napi_set_element(env, result, 0, hf_number(env, (double)job->size * 8 + (double)job->type));
  napi_set_element(env, result, 1, external);
  return result;
}

static void open_destroy(hf_job *base) {
  open_job *job = (open_job *)base;
  hf_blob_stream_close(job->stream);
  hf_view_free(&job->view);
  free(job);
}

HF_FUNCTION("blobOpen", blob_open) {
  napi_value args[3];
  open_job *job = hf_job_new(sizeof(*job), open_execute, open_complete, open_destroy);
  if (hf_args(env, info, args, 3) && hf_view_args(env, args, &job->view) && hf_arg_oid(env, args[2], &job->oid))
    return hf_job_submit(env, &job->job);
  return hf_job_drop(&job->job);
}

static handle *handle_of(napi_env env, napi_value value) {
  void *own = NULL;
  if (napi_get_value_external(env, value, &own) != napi_ok) hf_throw_type(env, "a blob is expected");
  return own;
}

typedef struct {
  hf_job job;
  shared_stream *shared;
  hf_buffer out;
  size_t length;
} read_job;

static int read_execute(hf_job *base) {
  read_job *job = (read_job *)base;
  uint8_t *bytes = hf_buffer_reserve(&job->out, job->length + 1);
  if (!bytes) return hf_fail_memory(&base->error);
  return hf_blob_stream_read(bytes, job->length, &job->out.length, job->shared->stream, &base->error);
}

static napi_value read_complete(napi_env env, hf_job *base) { return hf_bytes_take(env, &((read_job *)base)->out); }

static void read_destroy(hf_job *base) {
  read_job *job = (read_job *)base;
  /* A read lasts until its promise is settled, not until its thread is done: whether another is refused is no matter of luck. */
  atomic_store(&job->shared->busy, false);
  release(job->shared);
  hf_buffer_free(&job->out);
  free(job);
}

HF_FUNCTION("blobRead", blob_read) {
  napi_value args[2];
  uint32_t length;
  if (!hf_args(env, info, args, 2) || !hf_arg_u32(env, args[1], &length)) return NULL;
  handle *own = handle_of(env, args[0]);
  if (!own) return NULL;
  if (!own->shared || atomic_exchange(&own->shared->busy, true)) {
    hf_throw_type(env, "the blob is closed or being read");
    return NULL;
  }
  read_job *job = hf_job_new(sizeof(*job), read_execute, read_complete, read_destroy);
  job->shared = own->shared;
  atomic_fetch_add(&own->shared->users, 1);
  job->length = length;
  return hf_job_submit(env, &job->job);
}

HF_FUNCTION("blobClose", blob_close) {
  napi_value args[1];
  if (!hf_args(env, info, args, 1)) return NULL;
  handle *own = handle_of(env, args[0]);
  if (!own) return NULL;
  if (own->shared) release(own->shared);
  own->shared = NULL;
  return NULL;
}
