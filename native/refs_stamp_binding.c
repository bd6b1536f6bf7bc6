/* ---- refsStamp(gitdir) → 16 bytes | undefined, when references changed a moment ago or cannot be told by stat ---- */
/* ---- refsStampSync(gitdir) → the same | null, when there are too many files for this thread ---- */
#include "binding.h"
#include "refs.h"

/** Files that are looked at on the JavaScript thread, about half a microsecond each. */
#define ENTRIES_NOW_MAX 100
#define ENTRIES_MAX (1024 * 1024)

typedef struct {
  hf_job job;
  hf_text gitdir;
  size_t entries_max;
  hf_ref_stamp stamp;
} stamp_job;

static int stamp_execute(hf_job *base) {
  stamp_job *job = (stamp_job *)base;
  hf_repo repo;
  int rc = hf_repo_open(&repo, job->gitdir.bytes, NULL, &base->error);
  if (rc < 0) return rc;
  hf_repo_close(&repo);
  return hf_refs_stamp(&job->stamp, job->gitdir.bytes, job->entries_max, &base->cancel, &base->error);
}

static napi_value stamp_complete(napi_env env, hf_job *base) {
  const stamp_job *job = (stamp_job *)base;
  if (job->stamp.crowded && job->entries_max == ENTRIES_NOW_MAX) return hf_null(env);
  if (!job->stamp.known) return hf_undefined(env);
  const uint64_t words[] = {job->stamp.low, job->stamp.high};
  return hf_byte_string(env, (const char *)words, sizeof(words));
}

static void stamp_destroy(hf_job *base) {
  stamp_job *job = (stamp_job *)base;
  hf_text_free(&job->gitdir);
  free(job);
}

static hf_job *stamp_parse(napi_env env, napi_callback_info info, size_t entries_max) {
  napi_value args[1];
  stamp_job *job = hf_job_new(sizeof(*job), stamp_execute, stamp_complete, stamp_destroy);
  job->entries_max = entries_max;
  if (hf_args(env, info, args, 1) && hf_text_path(env, args[0], &job->gitdir)) return &job->job;
  hf_job_drop(&job->job);
  return NULL;
}

HF_FUNCTION("refsStampSync", refs_stamp_sync) {
  hf_job *job = stamp_parse(env, info, ENTRIES_NOW_MAX);
  return job ? hf_job_run(env, job) : NULL;
}

HF_FUNCTION("refsStamp", refs_stamp) {
  hf_job *job = stamp_parse(env, info, ENTRIES_MAX);
  return job ? hf_job_submit(env, job) : NULL;
}
