/* Merges for JavaScript: they answer the id of the merged tree, or fail as "unsupported". */
#include "binding.h"
#include "merge.h"

typedef struct {
  hf_job job;
  hf_view view;
  bool has_base;
  git_oid base, ours, theirs;
  git_oid result;
} merge_job;

static int merge_execute(hf_job *base) {
  merge_job *job = (merge_job *)base;
  hf_repo repo;
  int rc = hf_view_open(&repo, &job->view, &base->error);
  if (rc < 0) return rc;
  rc = hf_merge_trees(&job->result, &repo, job->has_base ? &job->base : NULL, &job->ours, &job->theirs, &base->cancel, &base->error);
  hf_repo_close(&repo);
  return rc;
}

static napi_value merge_complete(napi_env env, hf_job *base) { return hf_oid_string(env, &((merge_job *)base)->result); }

static void merge_destroy(hf_job *base) {
  merge_job *job = (merge_job *)base;
  hf_view_free(&job->view);
  free(job);
}

/** mergeTrees(gitDir, quarantine, base or undefined, ours, theirs) */
HF_FUNCTION("mergeTrees", merge_trees) {
  napi_value args[5];
  if (!hf_args(env, info, args, 5)) return NULL;
  merge_job *job = hf_job_new(sizeof(*job), merge_execute, merge_complete, merge_destroy);
  job->has_base = !hf_is_nullish(env, args[2]);
  if (!hf_view_args(env, args, &job->view) || (job->has_base && !hf_arg_oid(env, args[2], &job->base)) ||
      !hf_arg_oid(env, args[3], &job->ours) || !hf_arg_oid(env, args[4], &job->theirs))
    return hf_job_drop(&job->job);
  return hf_job_submit(env, &job->job);
}
