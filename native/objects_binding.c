/*
 * Objects for JavaScript. Each function exists twice: as a job, and with the suffix Sync for what is answered from memory.
 * What does not exist is undefined. Numbers that come with content travel in one: size * 8 + type.
 */
#include "binding.h"
#include "answers.h"
#include "known_entries.h"
#include "revision.h"
#include "tree_edit.h"
#include "tree_list.h"

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
  return hf_absent(rc, &job->found);
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
  return hf_absent(rc, &job->found);
}

static napi_value info_complete(napi_env env, hf_job *base) {
  info_job *job = (info_job *)base;
  return job->found ? hf_number(env, hf_header_number(job->type, job->size)) : hf_undefined(env);
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
    rc = hf_absent(hf_repo_read(&object, &repo, &job->oids[i], &base->error), &found);
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

/* ---- treeEntry(gitdir, quarantine, generation, treeish, path): "MODE OID" with a mode of 6 octal digits | undefined ---- */

typedef struct {
  hf_job job;
  hf_view view;
  uint64_t generation;
  git_oid treeish;
  hf_text path;
  bool found;
  hf_found_entry entry;
} entry_job;

static int entry_execute(hf_job *base) {
  entry_job *job = (entry_job *)base;
  hf_repo repo;
  int rc = hf_view_open_seen(&repo, &job->view, job->generation, &base->error);
  if (rc < 0) return rc;
  rc = hf_tree_find_known(&job->entry, &repo, &job->treeish, job->path.bytes, job->path.length, &base->error);
  hf_repo_close(&repo);
  /* A blob has no entries. */
  return hf_absent(rc == HF_WRONG_TYPE ? HF_NOT_FOUND : rc, &job->found);
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
  napi_value args[5];
  entry_job *job = hf_job_new(sizeof(*job), entry_execute, entry_complete, entry_destroy);
  if (hf_args(env, info, args, 5) && hf_view_args(env, args, &job->view) &&
      hf_arg_generation(env, args[2], &job->generation) && hf_arg_oid(env, args[3], &job->treeish) &&
      hf_text_bytes(env, args[4], &job->path))
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
