/*
 * What the N-API layer offers to *_binding.c files.
 *
 * A function that answers at once:
 *
 *     HF_FUNCTION("headSync", head_sync) {
 *       napi_value args[1];
 *       hf_text gitdir;
 *       if (!hf_args(env, info, args, 1) || !hf_text_path(env, args[0], &gitdir)) return NULL;
 *       hf_error err;
 *       ... if (rc < 0) result = hf_throw(env, &err);
 *       hf_text_free(&gitdir);
 *       return result;
 *     }
 *
 * A function that works on a thread: fill a struct whose first member is an hf_job and return hf_job_submit:
 *
 *     typedef struct { hf_job job; hf_view_args view; git_oid oid; bool result; } exists_job;
 *     static int exists_execute(hf_job *job) { ... core call with &job->cancel and &job->error ... }   pool thread
 *     static napi_value exists_complete(napi_env env, hf_job *job) { ... }                             JavaScript thread
 *     static void exists_destroy(hf_job *job) { ... free members ...; free(job); }                     any thread
 *     HF_FUNCTION("exists", exists) {
 *       exists_job *job = hf_job_new(sizeof(*job), exists_execute, exists_complete, exists_destroy);
 *       if (!hf_args(...) || ...) return hf_job_drop(&job->job);      an exception is pending
 *       return hf_job_submit(env, &job->job);
 *     }
 *
 * `execute` and `destroy` never touch N-API; `complete` runs only after an execute that returned HF_OK, otherwise the promise
 * is rejected with job->error. JavaScript stops a job with `cancel(lastJob())`. When the environment goes away (a Worker
 * is terminated), running jobs are told to stop and destroyed when they have ended.
 */
#ifndef HOLDFAST_BINDING_H
#define HOLDFAST_BINDING_H

#define NAPI_VERSION 8
#include "holdfast.h"
#include <node_api.h>

/* ---- addon.c: registration --------------------------------------------------------------------------------------- */

typedef struct hf_function {
  const char *name;
  napi_callback callback;
  struct hf_function *next;
} hf_function;

void hf_function_register(hf_function *function);

/** Defines a function that the addon exports under `js_name`. */
#define HF_FUNCTION(js_name, c_name)                                            \
  static napi_value c_name(napi_env env, napi_callback_info info);              \
  __attribute__((constructor)) static void c_name##_register(void) {            \
    static hf_function function = {js_name, c_name, NULL};                      \
    hf_function_register(&function);                                            \
  }                                                                             \
  static napi_value c_name(napi_env env, napi_callback_info info)

/* ---- worker.c: jobs ---------------------------------------------------------------------------------------------- */

typedef struct hf_env hf_env;
typedef struct hf_job hf_job;

struct hf_job {
  hf_task task; /* private, first */
  hf_cancel cancel;
  hf_error error;
  int (*execute)(hf_job *job);
  napi_value (*complete)(napi_env env, hf_job *job);
  void (*destroy)(hf_job *job);
  bool waits; /* set it for a job that mostly waits for the disk: such jobs have threads of their own */
  /* private */
  hf_env *owner;
  napi_deferred deferred;
  uint32_t id;
  int status;
  hf_job *previous, *next, *next_done;
};

/** Allocates `size` zeroed bytes, a struct that begins with an hf_job. Never NULL: without memory the process ends. */
void *hf_job_new(size_t size, int (*execute)(hf_job *), napi_value (*complete)(napi_env, hf_job *), void (*destroy)(hf_job *));
/** Hands the job to the pool; returns its promise. The job is destroyed by whoever ends it. */
napi_value hf_job_submit(napi_env env, hf_job *job);
/**
 * Does the job at once, on the JavaScript thread: returns its result, or throws. For jobs that answer from memory in
 * microseconds. While the disk is slow (such a job took milliseconds a moment ago) it does nothing and returns null, which
 * tells TypeScript to submit the job instead.
 */
napi_value hf_job_run(napi_env env, hf_job *job);
/** Destroys a job that was not submitted; returns NULL for `return hf_job_drop(job)`. */
napi_value hf_job_drop(hf_job *job);
int hf_env_attach(napi_env env);

/* ---- translate.c: arguments -------------------------------------------------------------------------------------- */

/** Reads exactly `count` arguments (missing ones are undefined). False with a pending exception. */
bool hf_args(napi_env env, napi_callback_info info, napi_value *values, size_t count);
bool hf_is_nullish(napi_env env, napi_value value);

/** A string argument; short ones need no allocation. It must stay where it was filled. Ends with NUL. */
typedef struct {
  char *bytes;
  size_t length;
  char inline_bytes[200];
} hf_text;

/** A file system path, not empty: JavaScript text, in UTF-8. Slashes at its end are dropped. */
bool hf_text_path(napi_env env, napi_value value, hf_text *out);
/** The same, or no path (bytes is NULL) for undefined and null. */
bool hf_text_path_optional(napi_env env, napi_value value, hf_text *out);
/** A byte string: one byte for each character. */
bool hf_text_bytes(napi_env env, napi_value value, hf_text *out);
bool hf_text_bytes_optional(napi_env env, napi_value value, hf_text *out);
/** Frees what was filled; harmless on a zeroed one. */
void hf_text_free(hf_text *text);

/** The first two arguments of every function that works on a repository: its directory, and its quarantine's or undefined. */
typedef struct {
  hf_text gitdir;
  hf_text quarantine;
} hf_view;

bool hf_view_args(napi_env env, const napi_value *args, hf_view *out);
/** hf_repo_open of what the arguments name. */
int hf_view_open(hf_repo *repo, const hf_view *view, hf_error *err);
/** hf_repo_open_seen, or hf_view_open where there is a quarantine. */
int hf_view_open_seen(hf_repo *repo, const hf_view *view, uint64_t generation, hf_error *err);
void hf_view_free(hf_view *view);

bool hf_arg_oid(napi_env env, napi_value value, git_oid *out);
bool hf_arg_u32(napi_env env, napi_value value, uint32_t *out);
bool hf_arg_i64(napi_env env, napi_value value, int64_t *out);
/** What packsGeneration has told, or 0. */
bool hf_arg_generation(napi_env env, napi_value value, uint64_t *out);
bool hf_arg_bool(napi_env env, napi_value value, bool *out);
/** Points into JavaScript's memory: valid in this call only. A Buffer, Uint8Array. */
bool hf_arg_bytes(napi_env env, napi_value value, const uint8_t **bytes, size_t *length);
/** The same, copied for a job. `*bytes` is malloc'ed. */
bool hf_arg_bytes_copy(napi_env env, napi_value value, uint8_t **bytes, size_t *length);
/** A Buffer of 20-byte raw ids (TypeScript packs lists of ids so), copied for a job. */
bool hf_arg_oids_copy(napi_env env, napi_value value, git_oid **oids, size_t *count);
/** Type names as in git: "commit", "tree", "blob", "tag". */
bool hf_arg_type(napi_env env, napi_value value, git_object_t *out);

/* ---- translate.c: results ---------------------------------------------------------------------------------------- */

napi_value hf_undefined(napi_env env);
napi_value hf_null(napi_env env);
napi_value hf_bool(napi_env env, bool value);
napi_value hf_number(napi_env env, double value);
napi_value hf_byte_string(napi_env env, const char *bytes, size_t length);
napi_value hf_oid_string(napi_env env, const git_oid *oid);
/** A Buffer with a copy. */
napi_value hf_bytes(napi_env env, const void *bytes, size_t length);
/** A Buffer that takes over the memory: copied below 1 MiB, external above. The hf_buffer is empty afterwards. */
napi_value hf_bytes_take(napi_env env, hf_buffer *buffer);
/** A JavaScript Error with `code`, `errno` (name, for code "os") and `subject` (byte string, when there is one). */
napi_value hf_error_value(napi_env env, const hf_error *err);
/** Throws it; returns NULL. */
napi_value hf_throw(napi_env env, const hf_error *err);
/** Throws a TypeError for a wrong argument; returns false. */
bool hf_throw_type(napi_env env, const char *message);

#endif
