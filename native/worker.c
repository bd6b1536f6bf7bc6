/*
 * Jobs: work of a JavaScript environment on the pool's threads, ended by a promise.
 *
 * The state of an environment is counted: one use by the environment and one by each job, so a job that ends after a Worker was
 * terminated finds memory to report to, sees that it is closed, and is destroyed where it is. Ended jobs are collected in a
 * list, and the environment is woken only when that list was empty.
 */
#include "binding.h"
#include <pthread.h>
#include <sys/resource.h>
#include <time.h>

/* What was meant to take microseconds and waited so long for the disk will do so again; then threads do such work for a while. */
#define SLOW_NS 3000000
#define SLOW_PAUSE_NS 250000000

struct hf_env {
  napi_env env;
  napi_threadsafe_function wake;
  uint32_t last_id;
  pthread_mutex_t lock; /* of what follows */
  unsigned users;
  bool closed;
  hf_job *pending; /* submitted and not yet completed */
  hf_job *done_first, *done_last;
};

static void release_env(hf_env *own) {
  pthread_mutex_lock(&own->lock);
  bool last = --own->users == 0;
  pthread_mutex_unlock(&own->lock);
  if (!last) return;
  pthread_mutex_destroy(&own->lock);
  free(own);
}

static hf_env *env_of(napi_env env) {
  void *data = NULL;
  return napi_get_instance_data(env, &data) == napi_ok ? data : NULL;
}

/* ---- on a thread ---- */

static void run_job(hf_task *task) {
  hf_job *job = (hf_job *)task;
  hf_env *own = job->owner;
  job->status = hf_cancelled(&job->cancel) ? hf_fail_cancelled(&job->error) : job->execute(job);
  pthread_mutex_lock(&own->lock);
  bool closed = own->closed;
  if (!closed) {
    bool first = own->done_first == NULL;
    job->next_done = NULL;
    if (first) own->done_first = job;
    else own->done_last->next_done = job;
    own->done_last = job;
    /* With the lock held: closing takes it before the function goes away. */
    if (first) napi_call_threadsafe_function(own->wake, NULL, napi_tsfn_nonblocking);
  }
  pthread_mutex_unlock(&own->lock);
  if (!closed) return;
  job->destroy(job);
  release_env(own);
}

/* ---- on the JavaScript thread ---- */

static void settle(napi_env env, hf_job *job) {
  napi_value value = NULL;
  bool resolved = job->status == HF_OK;
  if (resolved) {
    value = job->complete(env, job);
    bool thrown = false;
    napi_is_exception_pending(env, &thrown);
    if (thrown) {
      napi_get_and_clear_last_exception(env, &value);
      resolved = false;
    } else if (!value) {
      value = hf_undefined(env);
    }
  } else {
    value = hf_error_value(env, &job->error);
  }
  if (resolved) napi_resolve_deferred(env, job->deferred, value);
  else napi_reject_deferred(env, job->deferred, value);
}

static void unlink_pending(hf_env *own, hf_job *job) {
  if (job->previous) job->previous->next = job->next;
  else own->pending = job->next;
  if (job->next) job->next->previous = job->previous;
}

/** Settles every job that has ended. `env` is NULL when the environment is going away. */
static void on_wake(napi_env env, napi_value callback, void *context, void *data) {
  (void)callback;
  (void)data;
  hf_env *own = context;
  if (!env) return;
  pthread_mutex_lock(&own->lock);
  hf_job *job = own->done_first;
  own->done_first = own->done_last = NULL;
  for (hf_job *ended = job; ended; ended = ended->next_done) unlink_pending(own, ended);
  bool idle = own->pending == NULL;
  pthread_mutex_unlock(&own->lock);
  while (job) {
    hf_job *next = job->next_done;
    napi_handle_scope scope;
    if (napi_open_handle_scope(env, &scope) == napi_ok) {
      settle(env, job);
      napi_close_handle_scope(env, scope);
    }
    job->destroy(job);
    release_env(own);
    job = next;
  }
  /* An idle environment must not keep the process alive. */
  if (idle) napi_unref_threadsafe_function(env, own->wake);
}

/** The environment ends: nothing may be reported any more, and what runs should stop. */
static void on_close(void *data) {
  hf_env *own = data;
  pthread_mutex_lock(&own->lock);
  own->closed = true;
  for (hf_job *job = own->pending; job; job = job->next) atomic_store(&job->cancel.flag, 1);
  hf_job *job = own->done_first;
  own->done_first = own->done_last = NULL;
  pthread_mutex_unlock(&own->lock);
  while (job) {
    hf_job *next = job->next_done;
    job->destroy(job);
    release_env(own);
    job = next;
  }
  napi_release_threadsafe_function(own->wake, napi_tsfn_abort);
  release_env(own);
}

/** Has this thread waited for the disk since it was asked last? */
static bool read_from_disk(void) {
  static __thread long seen;
  struct rusage usage;
  if (getrusage(RUSAGE_THREAD, &usage) < 0) return false;
  bool read = usage.ru_inblock > seen;
  seen = usage.ru_inblock;
  return read;
}

int hf_env_attach(napi_env env) {
  napi_value name;
  /* What was read while the engine started is nobody's slowness. */
  read_from_disk();
  hf_env *own = calloc(1, sizeof(*own));
  if (!own) return HF_MEMORY;
  own->env = env;
  own->users = 1;
  pthread_mutex_init(&own->lock, NULL);
  if (napi_create_string_latin1(env, "holdfast", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_threadsafe_function(env, NULL, NULL, name, 0, 1, NULL, NULL, own, on_wake, &own->wake) != napi_ok) {
    release_env(own);
    return HF_INTERNAL;
  }
  napi_unref_threadsafe_function(env, own->wake);
  if (napi_set_instance_data(env, own, NULL, NULL) != napi_ok || napi_add_env_cleanup_hook(env, on_close, own) != napi_ok) {
    napi_release_threadsafe_function(own->wake, napi_tsfn_abort);
    release_env(own);
    return HF_INTERNAL;
  }
  return HF_OK;
}

void *hf_job_new(size_t size, int (*execute)(hf_job *), napi_value (*complete)(napi_env, hf_job *), void (*destroy)(hf_job *)) {
  hf_job *job = calloc(1, size);
  if (!job) abort();
  job->task.run = run_job;
  job->execute = execute;
  job->complete = complete;
  job->destroy = destroy;
  return job;
}

napi_value hf_job_drop(hf_job *job) {
  job->destroy(job);
  return NULL;
}

napi_value hf_job_submit(napi_env env, hf_job *job) {
  hf_env *own = env_of(env);
  napi_value promise;
  if (!own || napi_create_promise(env, &job->deferred, &promise) != napi_ok) {
    napi_throw_error(env, "internal", "a promise cannot be made");
    return hf_job_drop(job);
  }
  job->owner = own;
  job->id = ++own->last_id;
  pthread_mutex_lock(&own->lock);
  bool was_idle = own->pending == NULL;
  own->users++;
  job->previous = NULL;
  job->next = own->pending;
  if (own->pending) own->pending->previous = job;
  own->pending = job;
  pthread_mutex_unlock(&own->lock);
  if (was_idle) napi_ref_threadsafe_function(env, own->wake);
  if (job->waits) hf_pool_submit_waiting(&job->task);
  else hf_pool_submit(&job->task);
  return promise;
}

/** Until when (monotonic nanoseconds) nothing is done on the JavaScript thread. */
static atomic_uint_least64_t slow_until;

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

napi_value hf_job_run(napi_env env, hf_job *job) {
  uint64_t start = now_ns();
  napi_value result;
  if (start < atomic_load_explicit(&slow_until, memory_order_relaxed)) {
    result = hf_null(env);
  } else {
    int rc = job->execute(job);
    uint64_t end = now_ns();
    if (end - start > SLOW_NS && read_from_disk()) atomic_store_explicit(&slow_until, end + SLOW_PAUSE_NS, memory_order_relaxed);
    result = rc == HF_OK ? job->complete(env, job) : hf_throw(env, &job->error);
  }
  job->destroy(job);
  return result;
}

/** lastJob() → the number of the job that this environment submitted last, for `cancel`. */
HF_FUNCTION("lastJob", last_job) {
  (void)info;
  return hf_number(env, env_of(env)->last_id);
}

/** cancel(job): tells a job to stop. Its promise is then rejected with code "cancelled", unless it has ended already. */
HF_FUNCTION("cancel", cancel_job) {
  napi_value args[1];
  uint32_t id;
  if (!hf_args(env, info, args, 1) || !hf_arg_u32(env, args[0], &id)) return NULL;
  hf_env *own = env_of(env);
  pthread_mutex_lock(&own->lock);
  for (hf_job *job = own->pending; job; job = job->next)
    if (job->id == id) atomic_store(&job->cancel.flag, 1);
  pthread_mutex_unlock(&own->lock);
  return NULL;
}
