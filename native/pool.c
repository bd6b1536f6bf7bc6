/*
 * Threads of our own: long work never stands in libuv's pool, which file system and DNS calls of the engine share.
 * One group of threads computes. What mostly waits for the disk has a group of its own, so that neither keeps the other from its
 * threads, and single flushes have a third one, so that they overlap however many cores there are.
 */
#include "holdfast.h"
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#define FLUSH_THREADS 16
#define WAITING_THREADS 16
#define STACK_BYTES (2 * 1024 * 1024)

typedef struct {
  pthread_mutex_t lock;
  pthread_cond_t work;
  hf_task *head, *tail;
  unsigned threads, idle, threads_max;
} group;

static group compute = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, NULL, 0, 0, 0};
static group waiting = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, NULL, 0, 0, WAITING_THREADS};
static group flush = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, NULL, 0, 0, FLUSH_THREADS};

static void *thread_main(void *argument) {
  group *own = argument;
  pthread_mutex_lock(&own->lock);
  for (;;) {
    while (!own->head) {
      own->idle++;
      pthread_cond_wait(&own->work, &own->lock);
      own->idle--;
    }
    hf_task *task = own->head;
    own->head = task->next;
    if (!own->head) own->tail = NULL;
    pthread_mutex_unlock(&own->lock);
    task->run(task);
    pthread_mutex_lock(&own->lock);
  }
  return NULL;
}

/** Starts a thread with every signal blocked: signals belong to the engine's threads. */
static bool start_thread(group *own) {
  sigset_t all, before;
  pthread_attr_t attributes;
  pthread_t thread;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  int rc = pthread_create(&thread, &attributes, thread_main, own);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return rc == 0;
}

static unsigned default_threads(void) {
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
  return cores > 2 ? (unsigned)cores * 2 : 4;
}

/** Answers false when no thread can be had at all: the caller then has to do the work itself. */
static bool submit(group *own, hf_task *task) {
  task->next = NULL;
  pthread_mutex_lock(&own->lock);
  if (own->threads_max == 0) own->threads_max = default_threads();
  size_t queued = 1;
  for (hf_task *other = own->head; other && queued <= own->idle; other = other->next) queued++;
  if (queued > own->idle && own->threads < own->threads_max && start_thread(own)) own->threads++;
  bool served = own->threads > 0;
  if (served) {
    if (own->tail) own->tail->next = task;
    else own->head = task;
    own->tail = task;
    pthread_cond_signal(&own->work);
  }
  pthread_mutex_unlock(&own->lock);
  return served;
}

void hf_pool_set_threads(unsigned threads) {
  pthread_mutex_lock(&compute.lock);
  compute.threads_max = threads ? threads : default_threads();
  pthread_mutex_unlock(&compute.lock);
}

void hf_pool_submit(hf_task *task) {
  if (!submit(&compute, task)) task->run(task);
}

void hf_pool_submit_waiting(hf_task *task) {
  if (!submit(&waiting, task)) task->run(task);
}

/** Shared by the caller and its helpers; the last one to leave frees it. */
typedef struct {
  void (*run)(void *context, size_t index);
  void *context;
  size_t count;
  atomic_size_t next;
  atomic_size_t users;
  pthread_mutex_t lock;
  pthread_cond_t done;
  size_t finished;
} parallel_work;

typedef struct {
  hf_task task;
  parallel_work *work;
} parallel_helper;

static void parallel_leave(parallel_work *work) {
  if (atomic_fetch_sub(&work->users, 1) != 1) return;
  pthread_mutex_destroy(&work->lock);
  pthread_cond_destroy(&work->done);
  free(work);
}

static void parallel_take_part(parallel_work *work) {
  for (size_t index; (index = atomic_fetch_add(&work->next, 1)) < work->count;) {
    work->run(work->context, index);
    pthread_mutex_lock(&work->lock);
    if (++work->finished == work->count) pthread_cond_signal(&work->done);
    pthread_mutex_unlock(&work->lock);
  }
}

static void parallel_help(hf_task *task) {
  parallel_helper *helper = (parallel_helper *)task;
  parallel_take_part(helper->work);
  parallel_leave(helper->work);
  free(helper);
}

void hf_parallel(void (*run)(void *context, size_t index), void *context, size_t count) {
  parallel_work *work = count > 1 ? calloc(1, sizeof(*work)) : NULL;
  if (!work) {
    for (size_t i = 0; i < count; i++) run(context, i);
    return;
  }
  work->run = run;
  work->context = context;
  work->count = count;
  atomic_init(&work->users, 1);
  pthread_mutex_init(&work->lock, NULL);
  pthread_cond_init(&work->done, NULL);
  for (size_t i = 1; i < count && i < FLUSH_THREADS; i++) {
    parallel_helper *helper = calloc(1, sizeof(*helper));
    if (!helper) break;
    helper->task.run = parallel_help;
    helper->work = work;
    atomic_fetch_add(&work->users, 1);
    if (!submit(&flush, &helper->task)) {
      atomic_fetch_sub(&work->users, 1);
      free(helper);
      break;
    }
  }
  parallel_take_part(work);
  pthread_mutex_lock(&work->lock);
  while (work->finished < count) pthread_cond_wait(&work->done, &work->lock);
  pthread_mutex_unlock(&work->lock);
  parallel_leave(work);
}
