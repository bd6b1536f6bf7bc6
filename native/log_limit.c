/*
 * The set that exclusions leave, found as git's limit_list finds it: newest first, until only uninteresting commits are left in
 * the queue, and a few more for clocks that went wrong. Git stops there even when a wrong clock hides more, and so do we.
 */
#include "log.h"

/** How many uninteresting commits git looks at after it thinks to be done. */
#define SLOP 5

static void make_uninteresting(hf_walk *walk, uint32_t *interesting, uint32_t commit) {
  uint16_t *bits = hf_bits(walk, commit);
  if (interesting && (*bits & HF_QUEUED) && !(*bits & HF_UNINTERESTING)) --*interesting;
  *bits |= HF_UNINTERESTING;
}

int hf_log_mark_parents_uninteresting(hf_walk *walk, uint32_t *interesting, uint32_t commit) {
  hf_commit_list stack = {0};
  uint32_t parents[HF_PARENTS_MAX], count;
  int rc = hf_walk_parents(parents, &count, walk, commit);
  for (;;) {
    for (uint32_t i = 0; rc == HF_OK && i < count; i++)
      if (!hf_list_add(&stack, parents[i])) rc = hf_fail_memory(walk->err);
    /* Only what git has parsed has parents in its eyes. */
    count = 0;
    while (rc == HF_OK && stack.count > 0 && count == 0) {
      uint32_t next = stack.items[--stack.count];
      uint16_t bits = *hf_bits(walk, next);
      if (bits & HF_UNINTERESTING) continue;
      make_uninteresting(walk, interesting, next);
      if ((rc = hf_walk_step(walk)) == HF_OK && (bits & HF_PARSED)) rc = hf_walk_parents(parents, &count, walk, next);
    }
    if (rc < 0 || count == 0) break;
  }
  hf_list_free(&stack);
  return rc;
}

static int put_by_date(hf_walk *walk, hf_queue *queue, uint32_t *interesting, uint32_t commit) {
  uint16_t *bits = hf_bits(walk, commit);
  *bits |= HF_QUEUED;
  if (interesting && !(*bits & HF_UNINTERESTING)) ++*interesting;
  return hf_queue_put(queue, 0, hf_commit_date(walk->commits, commit), commit) ? HF_OK : hf_fail_memory(walk->err);
}

static int add_unseen(hf_walk *walk, hf_queue *queue, uint32_t *interesting, uint32_t commit) {
  uint16_t *bits = hf_bits(walk, commit);
  if (*bits & HF_SEEN) return HF_OK;
  *bits |= HF_SEEN;
  return put_by_date(walk, queue, interesting, commit);
}

int hf_log_process_parents(hf_walk *walk, const hf_log_query *query, hf_queue *queue, uint32_t *interesting, uint32_t commit) {
  uint32_t parents[HF_PARENTS_MAX], count;
  uint16_t *bits = hf_bits(walk, commit);
  if (*bits & HF_ADDED) return HF_OK;
  *bits |= HF_ADDED;
  bool uninteresting = (*bits & HF_UNINTERESTING) != 0;
  int rc = hf_walk_parents(parents, &count, walk, commit);
  for (uint32_t i = 0; rc == HF_OK && i < count; i++) {
    if (uninteresting) make_uninteresting(walk, interesting, parents[i]);
    if ((rc = hf_walk_load(walk, parents[i])) < 0) break;
    *hf_bits(walk, parents[i]) |= HF_PARSED;
    if (uninteresting) rc = hf_log_mark_parents_uninteresting(walk, interesting, parents[i]);
    if (rc == HF_OK) rc = add_unseen(walk, queue, interesting, parents[i]);
    if (!uninteresting && query->first_parent) break;
  }
  return rc;
}

int hf_log_limit(hf_commit_list *out, hf_walk *walk, const hf_log_query *query, const hf_commit_list *tips) {
  hf_queue queue = {0};
  uint32_t interesting = 0, commit;
  uint64_t date = UINT64_MAX;
  int slop = SLOP, rc = HF_OK;
  for (size_t i = 0; rc == HF_OK && i < tips->count; i++) rc = put_by_date(walk, &queue, &interesting, tips->items[i]);
  while (rc == HF_OK && (commit = hf_queue_take(&queue)) != HF_NO_COMMIT) {
    uint16_t *bits = hf_bits(walk, commit);
    if (!(*bits & HF_UNINTERESTING)) interesting--;
    *bits &= (uint16_t)~HF_QUEUED;
    uint64_t own_date = hf_commit_date(walk->commits, commit);
    if (query->has_after && own_date < query->after) *bits |= HF_UNINTERESTING;
    if ((rc = hf_walk_step(walk)) < 0) break;
    if ((rc = hf_log_process_parents(walk, query, &queue, &interesting, commit)) < 0) break;
    if (*hf_bits(walk, commit) & HF_UNINTERESTING) {
      if ((rc = hf_log_mark_parents_uninteresting(walk, &interesting, commit)) < 0) break;
      const hf_queued *next = hf_queue_first(&queue);
      if (!next) break;
      if (date <= next->date || interesting > 0) slop = SLOP;
      else if (--slop == 0) break;
      continue;
    }
    if (query->has_before && own_date > query->before) continue;
    date = own_date;
    if (!hf_list_add(out, commit)) rc = hf_fail_memory(walk->err);
  }
  hf_queue_free(&queue);
  return rc;
}
