/* The life of a quarantine, for JavaScript. */
#include "binding.h"

typedef struct {
  hf_job job;
  hf_view view;
} quarantine_job;

static int materialize_execute(hf_job *base) {
  const hf_view *view = &((quarantine_job *)base)->view;
  return hf_quarantine_materialize(view->gitdir.bytes, view->quarantine.bytes, &base->error);
}

static int migrate_execute(hf_job *base) {
  const hf_view *view = &((quarantine_job *)base)->view;
  return hf_quarantine_migrate(view->gitdir.bytes, view->quarantine.bytes, &base->error);
}

static int flush_execute(hf_job *base) {
  const hf_view *view = &((quarantine_job *)base)->view;
  return hf_quarantine_flush(view->gitdir.bytes, view->quarantine.bytes, &base->error);
}

static int discard_execute(hf_job *base) { return hf_quarantine_discard(((quarantine_job *)base)->view.quarantine.bytes, &base->error); }

static void quarantine_destroy(hf_job *base) {
  hf_view_free(&((quarantine_job *)base)->view);
  free(base);
}

static napi_value done(napi_env env, hf_job *base) {
  (void)base;
  return hf_undefined(env);
}

static napi_value submit(napi_env env, napi_callback_info info, int (*execute)(hf_job *)) {
  napi_value args[2];
  quarantine_job *job = hf_job_new(sizeof(*job), execute, done, quarantine_destroy);
  if (!hf_args(env, info, args, 2) || !hf_view_args(env, args, &job->view)) return hf_job_drop(&job->job);
  if (!job->view.quarantine.bytes) {
    hf_throw_type(env, "a quarantine is expected");
    return hf_job_drop(&job->job);
  }
  job->job.waits = true;
  return hf_job_submit(env, &job->job);
}

HF_FUNCTION("quarantineMaterialize", quarantine_materialize) { return submit(env, info, materialize_execute); }

HF_FUNCTION("quarantineMigrate", quarantine_migrate) { return submit(env, info, migrate_execute); }

HF_FUNCTION("quarantineFlush", quarantine_flush) { return submit(env, info, flush_execute); }

/* Most quarantines have never been files: there is nothing to wait for. Null where there is. */
HF_FUNCTION("quarantineDiscardSync", quarantine_discard_sync) {
  napi_value args[2];
  hf_view view = {0};
  if (!hf_args(env, info, args, 2) || !hf_view_args(env, args, &view)) return NULL;
  bool gone = view.quarantine.bytes && hf_quarantine_forget(view.quarantine.bytes);
  hf_view_free(&view);
  return gone ? hf_undefined(env) : hf_null(env);
}

HF_FUNCTION("quarantineDiscard", quarantine_discard) { return submit(env, info, discard_execute); }
