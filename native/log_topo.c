/*
 * Topological orders: no parent before its children. Among those that may come next, `topo` takes the one that became free last,
 * which keeps lines of history together, and `date` the newest.
 */
#include "log.h"

/** Either a stack or a queue by date. */
typedef struct {
  bool by_date;
  hf_queue queue;
  hf_commit_list stack;
} ready_set;

static bool ready_put(ready_set *set, const hf_commits *commits, uint32_t commit) {
  return set->by_date ? hf_queue_put(&set->queue, 0, hf_commit_date(commits, commit), commit) : hf_list_add(&set->stack, commit);
}

static uint32_t ready_take(ready_set *set) {
  if (set->by_date) return hf_queue_take(&set->queue);
  return set->stack.count > 0 ? set->stack.items[--set->stack.count] : HF_NO_COMMIT;
}

/** The first ones come in the order of the list, so a stack has to be filled from its end. */
static void ready_reverse(ready_set *set) {
  hf_commit_list *stack = &set->stack;
  for (size_t i = 0; i < stack->count / 2; i++) {
    uint32_t other = stack->items[stack->count - 1 - i];
    stack->items[stack->count - 1 - i] = stack->items[i];
    stack->items[i] = other;
  }
}

static void ready_free(ready_set *set) {
  hf_queue_free(&set->queue);
  hf_list_free(&set->stack);
}

/** Sorts `list` in place. Parents count when they are in the list; only first parents with `first_parent`. */
static int sort_list(hf_commit_list *list, hf_walk *walk, hf_log_order order, bool first_parent) {
  uint32_t parents[HF_PARENTS_MAX], count;
  ready_set ready = {.by_date = order == HF_ORDER_DATE};
  /* 0: not in the list, else 1 + the number of children that have not been given. */
  uint32_t *children = calloc(hf_commits_count(walk->commits), sizeof(*children));
  if (!children && list->count > 0) return hf_fail_memory(walk->err);
  int rc = HF_OK;
  for (size_t i = 0; i < list->count; i++) children[list->items[i]] = 1;
  for (size_t i = 0; rc == HF_OK && i < list->count; i++) {
    if ((rc = hf_walk_step(walk)) < 0 || (rc = hf_walk_parents(parents, &count, walk, list->items[i])) < 0) break;
    for (uint32_t j = 0; j < count && (j == 0 || !first_parent); j++)
      if (children[parents[j]]) children[parents[j]]++;
  }
  for (size_t i = 0; rc == HF_OK && i < list->count; i++)
    if (children[list->items[i]] == 1 && !ready_put(&ready, walk->commits, list->items[i])) rc = hf_fail_memory(walk->err);
  ready_reverse(&ready);
  size_t given = 0;
  for (uint32_t commit; rc == HF_OK && (commit = ready_take(&ready)) != HF_NO_COMMIT;) {
    list->items[given++] = commit;
    if ((rc = hf_walk_step(walk)) < 0 || (rc = hf_walk_parents(parents, &count, walk, commit)) < 0) break;
    for (uint32_t j = 0; j < count && (j == 0 || !first_parent); j++) {
      if (!children[parents[j]] || --children[parents[j]] != 1) continue;
      if (!ready_put(&ready, walk->commits, parents[j])) rc = hf_fail_memory(walk->err);
    }
    children[commit] = 0;
  }
  if (rc == HF_OK) list->count = given;
  ready_free(&ready);
  free(children);
  return rc;
}

int hf_log_sort_topo(hf_commit_list *list, hf_walk *walk, const hf_log_query *query) {
  /* Git counts all parents here, even with --first-parent. */
  return sort_list(list, walk, query->order, false);
}

/** Makes everything uninteresting that the commits on the stack reach. HF_STALE says where this has been done already. */
static int exclude_ancestors(hf_walk *walk, hf_commit_list *stack) {
  uint32_t parents[HF_PARENTS_MAX], count;
  int rc = HF_OK;
  while (rc == HF_OK && stack->count > 0) {
    uint32_t commit = stack->items[--stack->count];
    if ((rc = hf_walk_step(walk)) < 0 || (rc = hf_walk_parents(parents, &count, walk, commit)) < 0) break;
    for (uint32_t i = 0; rc == HF_OK && i < count; i++) {
      uint16_t *bits = hf_bits(walk, parents[i]);
      if (*bits & HF_STALE) continue;
      *bits |= HF_STALE | HF_UNINTERESTING;
      if (!hf_list_add(stack, parents[i])) rc = hf_fail_memory(walk->err);
    }
  }
  return rc;
}

/** Everything that is reached, from which what is too old is made uninteresting. */
static int exclude_old(hf_walk *walk, const hf_log_query *query, const hf_commit_list *tips) {
  hf_commit_list stack = {0}, old = {0};
  uint32_t parents[HF_PARENTS_MAX], count;
  int rc = HF_OK;
  for (size_t i = 0; rc == HF_OK && i < tips->count; i++) {
    *hf_bits(walk, tips->items[i]) |= HF_ADDED;
    if (!hf_list_add(&stack, tips->items[i])) rc = hf_fail_memory(walk->err);
  }
  while (rc == HF_OK && stack.count > 0) {
    uint32_t commit = stack.items[--stack.count];
    if ((rc = hf_walk_step(walk)) < 0 || (rc = hf_walk_parents(parents, &count, walk, commit)) < 0) break;
    if (hf_commit_date(walk->commits, commit) < query->after && !(*hf_bits(walk, commit) & HF_STALE)) {
      *hf_bits(walk, commit) |= HF_UNINTERESTING;
      if (!hf_list_add(&old, commit)) rc = hf_fail_memory(walk->err);
    }
    for (uint32_t i = 0; rc == HF_OK && i < count; i++) {
      uint16_t *bits = hf_bits(walk, parents[i]);
      if (*bits & HF_ADDED) continue;
      *bits |= HF_ADDED;
      if (!hf_list_add(&stack, parents[i])) rc = hf_fail_memory(walk->err);
    }
  }
  if (rc == HF_OK) rc = exclude_ancestors(walk, &old);
  hf_list_free(&stack);
  hf_list_free(&old);
  return rc;
}

static int exclude(hf_walk *walk, const hf_log_query *query, const hf_commit_list *tips) {
  hf_commit_list stack = {0};
  int rc = HF_OK;
  for (size_t i = 0; rc == HF_OK && i < tips->count; i++)
    if ((*hf_bits(walk, tips->items[i]) & HF_UNINTERESTING) && !hf_list_add(&stack, tips->items[i])) rc = hf_fail_memory(walk->err);
  if (rc == HF_OK) rc = exclude_ancestors(walk, &stack);
  hf_list_free(&stack);
  if (rc == HF_OK && query->has_after) rc = exclude_old(walk, query, tips);
  return rc;
}

int hf_log_exact_topo(hf_commit_list *out, hf_walk *walk, const hf_log_query *query, const hf_commit_list *tips) {
  uint32_t parents[HF_PARENTS_MAX], count;
  int rc = exclude(walk, query, tips);
  for (size_t i = 0; rc == HF_OK && i < tips->count; i++) {
    uint16_t *bits = hf_bits(walk, tips->items[i]);
    if (*bits & (HF_UNINTERESTING | HF_LISTED)) continue;
    *bits |= HF_LISTED;
    if (!hf_list_add(out, tips->items[i])) rc = hf_fail_memory(walk->err);
  }
  /* The list is also the queue of this walk; its first entries, the tips, decide the order of what is free at the start. */
  for (size_t at = 0; rc == HF_OK && at < out->count; at++) {
    if ((rc = hf_walk_step(walk)) < 0 || (rc = hf_walk_parents(parents, &count, walk, out->items[at])) < 0) break;
    for (uint32_t i = 0; rc == HF_OK && i < count && (i == 0 || !query->first_parent); i++) {
      uint16_t *bits = hf_bits(walk, parents[i]);
      if (*bits & (HF_UNINTERESTING | HF_LISTED)) continue;
      *bits |= HF_LISTED;
      if (!hf_list_add(out, parents[i])) rc = hf_fail_memory(walk->err);
    }
  }
  return rc < 0 ? rc : sort_list(out, walk, query->order, query->first_parent);
}
