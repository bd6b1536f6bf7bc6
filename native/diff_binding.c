/* Diffs for JavaScript: every function answers a Buffer, packed as patch.h says. */
#include "binding.h"
#include "patch.h"

typedef struct diff_job diff_job;

struct diff_job {
  hf_job job;
  hf_view view;
  int (*answer)(diff_job *job, hf_repo *repo);
  hf_diff_request request;
  uint8_t *packed; /* path limits, what was left, or requests */
  size_t packed_len;
  bool all_parents;
  hf_buffer out;
};

static int diff_execute(hf_job *base) {
  diff_job *job = (diff_job *)base;
  hf_repo repo;
  int rc = hf_view_open(&repo, &job->view, &base->error);
  if (rc < 0) return rc;
  rc = job->answer(job, &repo);
  hf_repo_close(&repo);
  return rc;
}

static napi_value diff_complete(napi_env env, hf_job *base) { return hf_bytes_take(env, &((diff_job *)base)->out); }

static void diff_destroy(hf_job *base) {
  diff_job *job = (diff_job *)base;
  hf_view_free(&job->view);
  hf_path_limits_free(&job->request.limits);
  hf_buffer_free(&job->out);
  free(job->packed);
  free(job);
}

static diff_job *diff_new(int (*answer)(diff_job *job, hf_repo *repo)) {
  diff_job *job = hf_job_new(sizeof(*job), diff_execute, diff_complete, diff_destroy);
  job->answer = answer;
  return job;
}

static bool kind_args(napi_env env, const napi_value *args, hf_diff_request *out) {
  uint32_t kind, whitespace;
  if (!hf_arg_u32(env, args[0], &kind) || !hf_arg_u32(env, args[1], &whitespace)) return false;
  if (kind > HF_DIFF_STATS || whitespace > HF_WHITESPACE_IGNORE_ALL) return hf_throw_type(env, "unknown kind of diff");
  out->kind = (hf_diff_kind)kind;
  out->whitespace = (hf_whitespace)whitespace;
  return true;
}

static int answer_diff(diff_job *job, hf_repo *repo) {
  int rc = hf_path_limits_read(&job->request.limits, job->packed, job->packed_len, &job->job.error);
  return rc < 0 ? rc : hf_diff(&job->out, repo, &job->request, &job->job.cancel, &job->job.error);
}

/** diff(gitDir, quarantine, kind, white space, left, right, renames, paths: packed or undefined) */
HF_FUNCTION("diff", diff) {
  napi_value args[8];
  if (!hf_args(env, info, args, 8)) return NULL;
  diff_job *job = diff_new(answer_diff);
  if (!hf_view_args(env, args, &job->view) || !kind_args(env, &args[2], &job->request) ||
      !hf_arg_oid(env, args[4], &job->request.left) || !hf_arg_oid(env, args[5], &job->request.right) ||
      !hf_arg_bool(env, args[6], &job->request.renames) ||
      (!hf_is_nullish(env, args[7]) && !hf_arg_bytes_copy(env, args[7], &job->packed, &job->packed_len)))
    return hf_job_drop(&job->job);
  return hf_job_submit(env, &job->job);
}

static int answer_rest(diff_job *job, hf_repo *repo) {
  return hf_diff_rest(&job->out, repo, &job->request, job->packed, job->packed_len, &job->job.cancel, &job->job.error);
}

/** diffRest(gitDir, quarantine, kind, white space, rest) */
HF_FUNCTION("diffRest", diff_rest) {
  napi_value args[5];
  if (!hf_args(env, info, args, 5)) return NULL;
  diff_job *job = diff_new(answer_rest);
  if (!hf_view_args(env, args, &job->view) || !kind_args(env, &args[2], &job->request) ||
      !hf_arg_bytes_copy(env, args[4], &job->packed, &job->packed_len))
    return hf_job_drop(&job->job);
  return hf_job_submit(env, &job->job);
}

static int answer_changed_paths(diff_job *job, hf_repo *repo) {
  return hf_changed_paths(&job->out, repo, job->packed, job->packed_len, job->all_parents, &job->job.cancel, &job->job.error);
}

/** changedPaths(gitDir, quarantine, requests, allParents) */
HF_FUNCTION("changedPaths", changed_paths) {
  napi_value args[4];
  if (!hf_args(env, info, args, 4)) return NULL;
  diff_job *job = diff_new(answer_changed_paths);
  if (!hf_view_args(env, args, &job->view) || !hf_arg_bytes_copy(env, args[2], &job->packed, &job->packed_len) ||
      !hf_arg_bool(env, args[3], &job->all_parents))
    return hf_job_drop(&job->job);
  return hf_job_submit(env, &job->job);
}
