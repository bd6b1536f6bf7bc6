/*
 * What one walk through history remembers: bits for each commit, a queue by date, and how much it may do. The names of the
 * bits follow git's, because walks that must give git's answer have to make git's steps.
 */
#ifndef HOLDFAST_WALK_H
#define HOLDFAST_WALK_H

#include "commits.h"

#define HF_SEEN 0x001u
#define HF_UNINTERESTING 0x002u
#define HF_ADDED 0x004u
#define HF_PARSED 0x008u /* git has read the commit, and so knows its parents */
#define HF_QUEUED 0x010u
#define HF_PARENT1 0x020u
#define HF_PARENT2 0x040u
#define HF_STALE 0x080u
#define HF_RESULT 0x100u
#define HF_LISTED 0x200u
#define HF_PAINT (HF_PARENT1 | HF_PARENT2 | HF_STALE | HF_RESULT | HF_COPIES)
/** How often a commit stands in the queue of a search for merge bases; at most 4 times. */
#define HF_COPIES 0x7000u
#define HF_COPY 0x1000u

typedef struct {
  hf_commits *commits; /* held */
  hf_repo *repo;       /* of the call that is under way */
  const hf_cancel *cancel;
  hf_error *err;
  /* What may be done on the JavaScript thread: a step costs 1, reading an object READ_COST. Negative: no limit. */
  int64_t budget;
  uint16_t *graph_bits;
  uint16_t *extra_bits;
  uint32_t graph_count, extra_capacity;
  uint32_t steps;
} hf_walk;

#define HF_READ_COST 200
#define HF_NO_BUDGET (-1)
/** The budget is used up; not one of hf_code: the caller starts again on a thread. */
#define HF_DECLINED (-1000)

/** Starts a walk over the commits of a repository. */
int hf_walk_open(hf_walk *walk, hf_repo *repo, int64_t budget, const hf_cancel *cancel, hf_error *err);
void hf_walk_close(hf_walk *walk);
/** Goes on in another call. */
void hf_walk_resume(hf_walk *walk, hf_repo *repo, const hf_cancel *cancel, hf_error *err);

uint16_t *hf_walk_extra_bits(hf_walk *walk, uint32_t index);

/** The bits of a commit, to be read and changed; the pointer is good until bits of another one are asked for. */
static inline uint16_t *hf_bits(hf_walk *walk, uint32_t commit) {
  return commit < walk->graph_count ? &walk->graph_bits[commit] : hf_walk_extra_bits(walk, commit - walk->graph_count);
}

/** Counts a step: HF_OK, HF_CANCELLED, HF_DECLINED. */
int hf_walk_step(hf_walk *walk);
/** Makes a commit's date and parents known. */
int hf_walk_load(hf_walk *walk, uint32_t commit);
int hf_walk_parents(uint32_t parents[HF_PARENTS_MAX], uint32_t *count, hf_walk *walk, uint32_t commit);
/** The commit of an id, or of a tag's commit. HF_NOT_FOUND, HF_WRONG_TYPE. */
int hf_walk_find(uint32_t *out, hf_walk *walk, const git_oid *oid);

/* ---- a queue: highest key first, in the order of arrival among equal ones ---- */

typedef struct {
  uint64_t key;    /* generation where one is used */
  uint64_t date;
  uint32_t order;
  uint32_t commit;
} hf_queued;

typedef struct {
  hf_queued *items;
  uint32_t count, capacity;
  uint32_t arrivals;
} hf_queue;

bool hf_queue_put(hf_queue *queue, uint64_t key, uint64_t date, uint32_t commit);
/** HF_NO_COMMIT when it is empty. */
uint32_t hf_queue_take(hf_queue *queue);
static inline const hf_queued *hf_queue_first(const hf_queue *queue) { return queue->count ? &queue->items[0] : NULL; }
void hf_queue_free(hf_queue *queue);

/* ---- lists of commits ---- */

typedef struct {
  uint32_t *items;
  size_t count, capacity;
} hf_commit_list;

bool hf_list_add(hf_commit_list *list, uint32_t commit);
void hf_list_free(hf_commit_list *list);
/** Newest first; equal dates keep their order. */
bool hf_list_sort_by_date(hf_commit_list *list, const hf_commits *commits);

/* ---- questions ---- */

/** reachable.c: can `ancestor` be reached from `descendant`? A commit reaches itself. */
int hf_is_ancestor(bool *out, hf_walk *walk, uint32_t ancestor, uint32_t descendant);
/** For each candidate whether the tip reaches it. */
int hf_reachable(bool *out, hf_walk *walk, uint32_t tip, const uint32_t *candidates, size_t count);
/** merge_bases.c: all best common ancestors, in git's order. Leaves the marks of git's search for them in HF_PARSED. */
int hf_merge_bases(hf_commit_list *out, hf_walk *walk, uint32_t one, uint32_t two);

#endif
