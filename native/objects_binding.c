/*
 * Objects for JavaScript. Each function exists twice: as a job, and with the suffix Sync for what is answered from memory.
 * What does not exist is undefined. Numbers that come with content travel in one: size * 8 + type.
 */
#include "binding.h"
#include "blob_stream.h"
#include "revision.h"
#include "tree_edit.h"
#include "tree_list.h"

/** Defines NAMESync and NAME, which differ only in the thread that executes. */
#define TWICE(js_name, c_name)                                          \
  HF_FUNCTION(js_name "Sync", c_name##_sync) {                          \
    hf_job *job = c_name##_parse(env, info);                            \
    return job ? hf_job_run(env, job) : NULL;                           \
  }                                                                     \
  HF_FUNCTION(js_name, c_name) {                                        \
    hf_job *job = c_name##_parse(env, info);                            \
    return job ? hf_job_submit(env, job) : NULL;                        \
  }

static double header_number(git_object_t type, size_t size) { return (double)size * 8 + (double)type; }

/** Absence is an answer, not an error. */
static int absent(int rc, bool *found) {
  *found = rc == HF_OK;
  return rc == HF_NOT_FOUND ? HF_OK : rc;
}

/* ---- resolve(gitdir, quarantine, revision, peel): oid | undefined ---- */

typedef struct {
  hf_job job;
  hf_view view;
  hf_text revision;
  uint32_t peel;
  bool found;
  git_oid oid;
} resolve_job;

static int resolve_execute(hf_job *base) {
  resolve_job *job = (resolve_job *)base;
  hf_repo repo;
  int rc = hf_view_open(&repo, &job->view, &base->error);
  if (rc < 0) return rc;
  rc = hf_resolve(&job->oid, &repo, job->revision.bytes, job->revision.length, job->peel, &base->error);
  hf_repo_close(&repo);
  return absent(rc, &job->found);
}

static napi_value resolve_complete(napi_env env, hf_job *base) {
  resolve_job *job = (resolve_job *)base;
  return job->found ? hf_oid_string(env, &job->oid) : hf_undefined(env);
}

static void resolve_destroy(hf_job *base) {
  resolve_job *job = (resolve_job *)base;
  hf_view_free(&job->view);
  hf_text_free(&job->revision);
  free(job);
}

static hf_job *resolve_parse(napi_env env, napi_callback_info info) {
  napi_value args[4];
  resolve_job *job = hf_job_new(sizeof(*job), resolve_execute, resolve_complete, resolve_destroy);
  if (hf_args(env, info, args, 4) && hf_view_args(env, args, &job->view) && hf_text_bytes(env, args[2], &job->revision) &&
      hf_arg_u32(env, args[3], &job->peel) && (job->peel <= HF_PEEL_TAG || hf_throw_type(env, "not a peel target")))
    return &job->job;
  hf_job_drop(&job->job);
  return NULL;
}

TWICE("resolve", resolve)

/* ---- objectInfo(gitdir, quarantine, oid): number | undefined ---- */

typedef struct {
  hf_job job;
  hf_view view;
  git_oid oid;
  bool found;
  git_object_t type;
  size_t size;
} info_job;

static int info_execute(hf_job *base) {
  info_job *job = (info_job *)base;
  hf_repo repo;
  int rc = hf_view_open(&repo, &job->view, &base->error);
  if (rc < 0) return rc;
  rc = hf_repo_read_header(&job->type, &job->size, &repo, &job->oid, &base->error);
  hf_repo_close(&repo);
  return absent(rc, &job->found);
}

static napi_value info_complete(napi_env env, hf_job *base) {
  info_job *job = (info_job *)base;
  return job->found ? hf_number(env, header_number(job->type, job->size)) : hf_undefined(env);
}

static void info_destroy(hf_job *base) {
  hf_view_free(&((info_job *)base)->view);
  free(base);
}

static hf_job *info_parse(napi_env env, napi_callback_info info) {
  napi_value args[3];
  info_job *job = hf_job_new(sizeof(*job), info_execute, info_complete, info_destroy);
  if (hf_args(env, info, args, 3) && hf_view_args(env, args, &job->view) && hf_arg_oid(env, args[2], &job->oid)) return &job->job;
  hf_job_drop(&job->job);
  return NULL;
}

TWICE("objectInfo", info)

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

static int read_execute(hf_job *base) {
  read_job *job = (read_job *)base;
  hf_repo repo;
  int rc = hf_view_open(&repo, &job->view, &base->error);
  if (rc < 0) return rc;
  rc = hf_repo_read_size(&job->size, &repo, &job->oid, &base->error);
  job->too_large = rc == HF_OK && job->synchronous && job->size > SYNC_BYTES_MAX;
  bool in_part = job->size > SYNC_BYTES_MAX && (uint64_t)job->bytes_max < job->size && job->bytes_max <= COPY_BYTES_MAX;
  if (rc == HF_OK && !job->too_large) rc = in_part ? read_part(job, &repo) : hf_repo_read(&job->object, &repo, &job->oid, &base->error);
  if (job->object) job->type = hf_object_type(job->object);
  hf_repo_close(&repo);
  return absent(rc, &job->found);
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
    uint64_t number = (uint64_t)job->size * 8 + (uint64_t)job->type;
    if (napi_create_buffer(env, 8 + given, (void **)&bytes, &result) != napi_ok) return NULL;
    for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)(number >> (8 * i));
    if (given) memcpy(bytes + 8, content, given);
    return result;
  }
  if (napi_create_external_buffer(env, given, (void *)content, free_object, job->object, &content_value) != napi_ok) return NULL;
  job->object = NULL;
  if (napi_create_array_with_length(env, 2, &result) != napi_ok) return NULL;
  napi_set_element(env, result, 0, hf_number(env, header_number(job->type, job->size)));
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

static read_job *read_parse_as(napi_env env, napi_callback_info info, bool synchronous) {
  napi_value args[4];
  read_job *job = hf_job_new(sizeof(*job), read_execute, read_complete, read_destroy);
  job->bytes_max = INT64_MAX;
  job->synchronous = synchronous;
  if (hf_args(env, info, args, 4) && hf_view_args(env, args, &job->view) && hf_arg_oid(env, args[2], &job->oid) &&
      (hf_is_nullish(env, args[3]) || (hf_arg_i64(env, args[3], &job->bytes_max) && (job->bytes_max >= 0 || hf_throw_type(env, "a limit is expected")))))
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
 * ---- objectReadMany(gitdir, quarantine, oids, bytesMax): Buffer ----
 * For each id u64 number (0 when it is absent), then the content. Stops before `bytesMax` is exceeded, but not before the first
 * object: TypeScript sees how many are there and asks for the rest.
 */

typedef struct {
  hf_job job;
  hf_view view;
  git_oid *oids;
  size_t count;
  int64_t bytes_max;
  hf_buffer out;
} read_many_job;

static int read_many_execute(hf_job *base) {
  read_many_job *job = (read_many_job *)base;
  hf_repo repo;
  int rc = hf_view_open(&repo, &job->view, &base->error);
  if (rc < 0) return rc;
  for (size_t i = 0; rc == HF_OK && i < job->count; i++) {
    if (hf_cancelled(&base->cancel)) {
      rc = hf_fail_cancelled(&base->error);
      break;
    }
    hf_object *object = NULL;
    bool found;
    rc = absent(hf_repo_read(&object, &repo, &job->oids[i], &base->error), &found);
    if (rc < 0) break;
    size_t size = found ? hf_object_size(object) : 0;
    bool full = i > 0 && job->out.length + size > (size_t)job->bytes_max;
    if (!full) {
      hf_buffer_put_u64(&job->out, found ? (uint64_t)size * 8 + (uint64_t)hf_object_type(object) : 0);
      if (found) hf_buffer_put(&job->out, hf_object_data(object), size);
    }
    hf_object_free(object);
    if (full) break;
  }
  hf_repo_close(&repo);
  if (rc == HF_OK && job->out.failed) rc = hf_fail_memory(&base->error);
  return rc;
}

static napi_value read_many_complete(napi_env env, hf_job *base) { return hf_bytes_take(env, &((read_many_job *)base)->out); }

static void read_many_destroy(hf_job *base) {
  read_many_job *job = (read_many_job *)base;
  hf_view_free(&job->view);
  hf_buffer_free(&job->out);
  free(job->oids);
  free(job);
}

static hf_job *read_many_parse(napi_env env, napi_callback_info info) {
  napi_value args[4];
  read_many_job *job = hf_job_new(sizeof(*job), read_many_execute, read_many_complete, read_many_destroy);
  if (hf_args(env, info, args, 4) && hf_view_args(env, args, &job->view) && hf_arg_oids_copy(env, args[2], &job->oids, &job->count) &&
      hf_arg_i64(env, args[3], &job->bytes_max))
    return &job->job;
  hf_job_drop(&job->job);
  return NULL;
}

TWICE("objectReadMany", read_many)

/* ---- treeEntry(gitdir, quarantine, treeish, path): "MODE OID" with a mode of 6 octal digits | undefined ---- */

typedef struct {
  hf_job job;
  hf_view view;
  git_oid treeish;
  hf_text path;
  bool found;
  hf_found_entry entry;
} entry_job;

static int entry_execute(hf_job *base) {
  entry_job *job = (entry_job *)base;
  hf_repo repo;
  int rc = hf_view_open(&repo, &job->view, &base->error);
  if (rc < 0) return rc;
  rc = hf_tree_find(&job->entry, &repo, &job->treeish, job->path.bytes, job->path.length, &base->error);
  hf_repo_close(&repo);
  /* A blob has no entries. */
  return absent(rc == HF_WRONG_TYPE ? HF_NOT_FOUND : rc, &job->found);
}

static napi_value entry_complete(napi_env env, hf_job *base) {
  entry_job *job = (entry_job *)base;
  if (!job->found) return hf_undefined(env);
  char text[16 + GIT_OID_HEXSZ];
  int length = snprintf(text, sizeof(text), "%06o ", job->entry.mode);
  git_oid_fmt(text + length, &job->entry.oid);
  return hf_byte_string(env, text, (size_t)length + GIT_OID_HEXSZ);
}

static void entry_destroy(hf_job *base) {
  entry_job *job = (entry_job *)base;
  hf_view_free(&job->view);
  hf_text_free(&job->path);
  free(job);
}

static hf_job *entry_parse(napi_env env, napi_callback_info info) {
  napi_value args[4];
  entry_job *job = hf_job_new(sizeof(*job), entry_execute, entry_complete, entry_destroy);
  if (hf_args(env, info, args, 4) && hf_view_args(env, args, &job->view) && hf_arg_oid(env, args[2], &job->treeish) &&
      hf_text_bytes(env, args[3], &job->path))
    return &job->job;
  hf_job_drop(&job->job);
  return NULL;
}

TWICE("treeEntry", entry)

/* ---- treeList(gitdir, quarantine, treeish, recursive, prefix, after, bytesMax): [text, numbers, more] ---- */

typedef struct {
  hf_job job;
  hf_view view;
  git_oid treeish;
  bool recursive;
  hf_text prefix, after;
  uint32_t bytes_max;
  hf_tree_batch batch;
} list_job;

static int list_execute(hf_job *base) {
  list_job *job = (list_job *)base;
  hf_repo repo;
  int rc = hf_view_open(&repo, &job->view, &base->error);
  if (rc < 0) return rc;
  hf_tree_list_options options = {
    .recursive = job->recursive,
    .prefix = job->prefix.bytes,
    .prefix_len = job->prefix.length,
    .after = job->after.bytes,
    .after_len = job->after.length,
    .bytes_max = job->bytes_max,
  };
  rc = hf_tree_list(&job->batch, &repo, &job->treeish, &options, &base->cancel, &base->error);
  hf_repo_close(&repo);
  return rc;
}

static napi_value list_complete(napi_env env, hf_job *base) {
  list_job *job = (list_job *)base;
  napi_value result;
  if (napi_create_array_with_length(env, 3, &result) != napi_ok) return NULL;
  napi_set_element(env, result, 0, hf_byte_string(env, (const char *)job->batch.text.data, job->batch.text.length));
  napi_set_element(env, result, 1, hf_bytes_take(env, &job->batch.numbers));
  napi_set_element(env, result, 2, hf_bool(env, job->batch.more));
  return result;
}

static void list_destroy(hf_job *base) {
  list_job *job = (list_job *)base;
  hf_view_free(&job->view);
  hf_text_free(&job->prefix);
  hf_text_free(&job->after);
  hf_tree_batch_free(&job->batch);
  free(job);
}

static hf_job *list_parse(napi_env env, napi_callback_info info) {
  napi_value args[7];
  list_job *job = hf_job_new(sizeof(*job), list_execute, list_complete, list_destroy);
  if (hf_args(env, info, args, 7) && hf_view_args(env, args, &job->view) && hf_arg_oid(env, args[2], &job->treeish) &&
      hf_arg_bool(env, args[3], &job->recursive) && hf_text_bytes(env, args[4], &job->prefix) && hf_text_bytes(env, args[5], &job->after) &&
      hf_arg_u32(env, args[6], &job->bytes_max))
    return &job->job;
  hf_job_drop(&job->job);
  return NULL;
}

TWICE("treeList", list)

/* ---- objectWrite(gitdir, quarantine, type, content): oid ---- */

typedef struct {
  hf_job job;
  hf_view view;
  git_object_t type;
  const uint8_t *content;
  uint8_t *copy; /* of a job; the synchronous call reads JavaScript's own memory */
  size_t size;
  git_oid oid;
} write_job;

static int write_execute(hf_job *base) {
  write_job *job = (write_job *)base;
  hf_repo repo;
  int rc = hf_view_open(&repo, &job->view, &base->error);
  if (rc < 0) return rc;
  rc = hf_repo_write(&job->oid, &repo, job->type, job->content, job->size, &base->error);
  hf_repo_close(&repo);
  return rc;
}

static napi_value write_complete(napi_env env, hf_job *base) { return hf_oid_string(env, &((write_job *)base)->oid); }

static void write_destroy(hf_job *base) {
  write_job *job = (write_job *)base;
  hf_view_free(&job->view);
  free(job->copy);
  free(job);
}

static write_job *write_parse(napi_env env, napi_callback_info info, bool copy) {
  napi_value args[4];
  write_job *job = hf_job_new(sizeof(*job), write_execute, write_complete, write_destroy);
  if (hf_args(env, info, args, 4) && hf_view_args(env, args, &job->view) && hf_arg_type(env, args[2], &job->type) &&
      (copy ? hf_arg_bytes_copy(env, args[3], &job->copy, &job->size) : hf_arg_bytes(env, args[3], &job->content, &job->size))) {
    if (copy) job->content = job->copy;
    return job;
  }
  hf_job_drop(&job->job);
  return NULL;
}

HF_FUNCTION("objectWriteSync", object_write_sync) {
  write_job *job = write_parse(env, info, false);
  return job ? hf_job_run(env, &job->job) : NULL;
}

HF_FUNCTION("objectWrite", object_write) {
  write_job *job = write_parse(env, info, true);
  return job ? hf_job_submit(env, &job->job) : NULL;
}

/* ---- treeEdit(gitdir, quarantine, base | undefined, edits): oid ---- */

typedef struct {
  hf_job job;
  hf_view view;
  bool has_base;
  git_oid base, oid;
  uint8_t *edits;
  size_t length;
} edit_job;

static int edit_execute(hf_job *base) {
  edit_job *job = (edit_job *)base;
  hf_repo repo;
  int rc = hf_view_open(&repo, &job->view, &base->error);
  if (rc < 0) return rc;
  rc = hf_tree_edit(&job->oid, &repo, job->has_base ? &job->base : NULL, job->edits, job->length, &base->error);
  hf_repo_close(&repo);
  return rc;
}

static napi_value edit_complete(napi_env env, hf_job *base) { return hf_oid_string(env, &((edit_job *)base)->oid); }

static void edit_destroy(hf_job *base) {
  edit_job *job = (edit_job *)base;
  hf_view_free(&job->view);
  free(job->edits);
  free(job);
}

static hf_job *edit_parse(napi_env env, napi_callback_info info) {
  napi_value args[4];
  edit_job *job = hf_job_new(sizeof(*job), edit_execute, edit_complete, edit_destroy);
  if (hf_args(env, info, args, 4) && hf_view_args(env, args, &job->view)) {
    job->has_base = !hf_is_nullish(env, args[2]);
    if ((!job->has_base || hf_arg_oid(env, args[2], &job->base)) && hf_arg_bytes_copy(env, args[3], &job->edits, &job->length)) return &job->job;
  }
  hf_job_drop(&job->job);
  return NULL;
}

TWICE("treeEdit", edit)
