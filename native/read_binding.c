/* Contents for JavaScript: of an object by its id, and of a file by its path. */
#include "binding.h"
#include "answers.h"
#include "blob_stream.h"
#include "known_entries.h"

/*
 * ---- objectRead(gitdir, quarantine, oid, bytesMax): Buffer | [number, Buffer] | undefined ----
 * A small object is one Buffer that begins with its number in 8 bytes; a large one is not copied, so its number stands beside.
 * With the suffix Sync, an object of more than SYNC_BYTES_MAX is not read: the answer is null.
 */

#define SYNC_BYTES_MAX (128 * 1024)
#define COPY_BYTES_MAX (1024 * 1024)

typedef struct {
  hf_job job;
  hf_view view;
  git_oid oid;
  int64_t bytes_max;
  bool synchronous, too_large, found;
  git_object_t type;
  size_t size;
  hf_object *object; /* its content, or at least the part that is asked for */
  uint8_t *part;     /* or that part alone */
} read_job;

/** Reads no more of a large object than was asked for. */
static int read_part(read_job *job, hf_repo *repo) {
  hf_blob_stream *stream;
  int rc = hf_blob_stream_open(&stream, &job->type, &job->size, repo, &job->oid, &job->job.error);
  if (rc < 0) return rc;
  size_t got;
  job->part = malloc((size_t)job->bytes_max + 1);
  rc = job->part ? hf_blob_stream_read(job->part, (size_t)job->bytes_max, &got, stream, &job->job.error) : hf_fail_memory(&job->job.error);
  hf_blob_stream_close(stream);
  return rc;
}

/** Reads what is asked for of the object with the job's id. */
static int read_content(read_job *job, hf_repo *repo) {
  size_t limit = job->synchronous || job->bytes_max <= COPY_BYTES_MAX ? SYNC_BYTES_MAX : SIZE_MAX;
  int rc = hf_repo_read_up_to(&job->object, &job->size, limit, repo, &job->oid, &job->job.error);
  if (rc == HF_OK && !job->object && job->synchronous) job->too_large = true;
  else if (rc == HF_OK && !job->object)
    rc = (uint64_t)job->bytes_max < job->size ? read_part(job, repo) : hf_repo_read(&job->object, repo, &job->oid, &job->job.error);
  if (rc == HF_OK && job->object) job->type = hf_object_type(job->object);
  return hf_absent(rc, &job->found);
}

static int read_execute(hf_job *base) {
  read_job *job = (read_job *)base;
  hf_repo repo;
  int rc = hf_view_open(&repo, &job->view, &base->error);
  if (rc < 0) return rc;
  rc = read_content(job, &repo);
  hf_repo_close(&repo);
  return rc;
}

static void free_object(napi_env env, void *data, void *object) {
  (void)env;
  (void)data;
  hf_object_free(object);
}

static napi_value read_complete(napi_env env, hf_job *base) {
  read_job *job = (read_job *)base;
  if (job->too_large) return hf_null(env);
  if (!job->found) return hf_undefined(env);
  size_t given = (uint64_t)job->bytes_max < job->size ? (size_t)job->bytes_max : job->size;
  const void *content = job->part ? job->part : hf_object_data(job->object);
  napi_value result, content_value;
  if (given <= COPY_BYTES_MAX) {
    uint8_t *bytes;
    if (napi_create_buffer(env, 8 + given, (void **)&bytes, &result) != napi_ok) return NULL;
    hf_put_number(bytes, hf_header_bits(job->type, job->size), 8);
    if (given) memcpy(bytes + 8, content, given);
    return result;
  }
  if (napi_create_external_buffer(env, given, (void *)content, free_object, job->object, &content_value) != napi_ok) return NULL;
  job->object = NULL;
  if (napi_create_array_with_length(env, 2, &result) != napi_ok) return NULL;
  napi_set_element(env, result, 0, hf_number(env, hf_header_number(job->type, job->size)));
  napi_set_element(env, result, 1, content_value);
  return result;
}

static void read_destroy(hf_job *base) {
  read_job *job = (read_job *)base;
  hf_object_free(job->object);
  free(job->part);
  hf_view_free(&job->view);
  free(job);
}

/** A limit that may be left out. */
static bool bytes_max_arg(napi_env env, napi_value value, int64_t *out) {
  return hf_is_nullish(env, value) || (hf_arg_i64(env, value, out) && (*out >= 0 || hf_throw_type(env, "a limit is expected")));
}

static read_job *read_parse_as(napi_env env, napi_callback_info info, bool synchronous) {
  napi_value args[4];
  read_job *job = hf_job_new(sizeof(*job), read_execute, read_complete, read_destroy);
  job->bytes_max = INT64_MAX;
  job->synchronous = synchronous;
  if (hf_args(env, info, args, 4) && hf_view_args(env, args, &job->view) && hf_arg_oid(env, args[2], &job->oid) &&
      bytes_max_arg(env, args[3], &job->bytes_max))
    return job;
  hf_job_drop(&job->job);
  return NULL;
}

HF_FUNCTION("objectReadSync", object_read_sync) {
  read_job *job = read_parse_as(env, info, true);
  return job ? hf_job_run(env, &job->job) : NULL;
}

HF_FUNCTION("objectRead", object_read) {
  read_job *job = read_parse_as(env, info, false);
  return job ? hf_job_submit(env, &job->job) : NULL;
}

/*
 * ---- fileRead(gitdir, quarantine, generation, treeish, path, bytesMax): Buffer | [header, Buffer] | undefined ----
 * The entry at a path and what is in it, in one step. A header is 52 bytes: the number, u32 mode, the id in 40 digits; the content follows,
 * or stands beside where it is large. What is no blob is not read: its number is 0. `generation` is what packsGeneration has told a moment
 * ago, so that the look round is spared, or 0. The suffix Sync declines as objectReadSync does.
 */

#define FILE_HEADER_BYTES (8 + 4 + GIT_OID_HEXSZ)

typedef struct {
  read_job read; /* first */
  git_oid treeish;
  hf_text path;
  uint64_t generation;
  uint32_t mode;
} file_job;

static int file_execute(hf_job *base) {
  file_job *job = (file_job *)base;
  hf_repo repo;
  int rc = hf_view_open_seen(&repo, &job->read.view, job->generation, &base->error);
  if (rc < 0) return rc;
  hf_found_entry entry;
  rc = hf_tree_find_known(&entry, &repo, &job->treeish, job->path.bytes, job->path.length, &base->error);
  rc = hf_absent(rc == HF_WRONG_TYPE ? HF_NOT_FOUND : rc, &job->read.found);
  if (rc == HF_OK && job->read.found) {
    job->mode = entry.mode;
    job->read.oid = entry.oid;
    if (!hf_mode_is_tree(entry.mode) && !hf_mode_is_gitlink(entry.mode)) rc = read_content(&job->read, &repo);
  }
  hf_repo_close(&repo);
  return rc;
}

static void put_file_header(uint8_t *out, const file_job *job) {
  const read_job *read = &job->read;
  hf_put_number(out, read->object || read->part ? hf_header_bits(read->type, read->size) : 0, 8);
  hf_put_number(out + 8, job->mode, 4);
  git_oid_fmt((char *)out + 12, &job->read.oid);
}

static napi_value file_complete(napi_env env, hf_job *base) {
  file_job *job = (file_job *)base;
  read_job *read = &job->read;
  if (read->too_large) return hf_null(env);
  if (!read->found) return hf_undefined(env);
  size_t given = (uint64_t)read->bytes_max < read->size ? (size_t)read->bytes_max : read->size;
  const void *content = read->part ? read->part : read->object ? hf_object_data(read->object) : NULL;
  if (!content) given = 0;
  uint8_t *bytes;
  napi_value header, content_value, result;
  bool together = given <= COPY_BYTES_MAX;
  if (napi_create_buffer(env, FILE_HEADER_BYTES + (together ? given : 0), (void **)&bytes, &header) != napi_ok) return NULL;
  put_file_header(bytes, job);
  if (together) {
    if (given) memcpy(bytes + FILE_HEADER_BYTES, content, given);
    return header;
  }
  if (napi_create_external_buffer(env, given, (void *)content, free_object, read->object, &content_value) != napi_ok) return NULL;
  read->object = NULL;
  if (napi_create_array_with_length(env, 2, &result) != napi_ok) return NULL;
  napi_set_element(env, result, 0, header);
  napi_set_element(env, result, 1, content_value);
  return result;
}

static void file_destroy(hf_job *base) {
  hf_text_free(&((file_job *)base)->path);
  read_destroy(base);
}

static file_job *file_parse_as(napi_env env, napi_callback_info info, bool synchronous) {
  napi_value args[6];
  file_job *job = hf_job_new(sizeof(*job), file_execute, file_complete, file_destroy);
  job->read.bytes_max = INT64_MAX;
  job->read.synchronous = synchronous;
  if (hf_args(env, info, args, 6) && hf_view_args(env, args, &job->read.view) && hf_arg_generation(env, args[2], &job->generation) &&
      hf_arg_oid(env, args[3], &job->treeish) && hf_text_bytes(env, args[4], &job->path) && bytes_max_arg(env, args[5], &job->read.bytes_max))
    return job;
  hf_job_drop(&job->read.job);
  return NULL;
}

HF_FUNCTION("fileReadSync", file_read_sync) {
  file_job *job = file_parse_as(env, info, true);
  return job ? hf_job_run(env, &job->read.job) : NULL;
}

HF_FUNCTION("fileRead", file_read) {
  file_job *job = file_parse_as(env, info, false);
  return job ? hf_job_submit(env, &job->read.job) : NULL;
}
