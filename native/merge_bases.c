/*
 * Merge bases, by git's own steps (its paint_down_to_common): which of several bases with the same date comes first depends on
 * when they were found, and so on the order of the queue.
 */
#include "walk.h"

typedef struct {
  hf_walk *walk;
  hf_queue queue;
  uint32_t waiting; /* entries of the queue that are not stale */
  bool by_generation;
} painting;

static int put(painting *p, uint32_t commit) {
  uint16_t *bits = hf_bits(p->walk, commit);
  *bits += HF_COPY;
  if (!(*bits & HF_STALE)) p->waiting++;
  uint64_t key = p->by_generation ? hf_commit_generation(p->walk->commits, commit) : 0;
  bool done = hf_queue_put(&p->queue, key, hf_commit_date(p->walk->commits, commit), commit);
  return done ? HF_OK : hf_fail_memory(p->walk->err);
}

static uint32_t take(painting *p) {
  uint32_t commit = hf_queue_take(&p->queue);
  uint16_t *bits = hf_bits(p->walk, commit);
  *bits -= HF_COPY;
  if (!(*bits & HF_STALE)) p->waiting--;
  return commit;
}

static void mark(painting *p, uint32_t commit, uint16_t colours) {
  uint16_t *bits = hf_bits(p->walk, commit);
  if ((colours & HF_STALE) && !(*bits & HF_STALE)) p->waiting -= (*bits & HF_COPIES) / HF_COPY;
  *bits |= colours;
}

/** Adds behind those that are as new, as git inserts by date. */
static bool insert_by_date(hf_commit_list *list, const hf_commits *commits, uint32_t commit) {
  if (!hf_list_add(list, commit)) return false;
  uint64_t date = hf_commit_date(commits, commit);
  size_t at = list->count - 1;
  for (; at > 0 && hf_commit_date(commits, list->items[at - 1]) < date; at--) list->items[at] = list->items[at - 1];
  list->items[at] = commit;
  return true;
}

static int paint(hf_commit_list *found, painting *p, uint32_t one, uint32_t two) {
  uint32_t parents[HF_PARENTS_MAX], count;
  mark(p, one, HF_PARENT1);
  int rc = put(p, one);
  mark(p, two, HF_PARENT2);
  if (rc == HF_OK) rc = put(p, two);
  while (rc == HF_OK && p->waiting > 0) {
    uint32_t commit = take(p);
    uint16_t colours = *hf_bits(p->walk, commit) & (HF_PARENT1 | HF_PARENT2 | HF_STALE);
    if (colours == (HF_PARENT1 | HF_PARENT2)) {
      uint16_t *bits = hf_bits(p->walk, commit);
      if (!(*bits & HF_RESULT) && !insert_by_date(found, p->walk->commits, commit)) return hf_fail_memory(p->walk->err);
      *bits |= HF_RESULT;
      colours |= HF_STALE;
    }
    if ((rc = hf_walk_step(p->walk)) < 0 || (rc = hf_walk_parents(parents, &count, p->walk, commit)) < 0) break;
    for (uint32_t i = 0; rc == HF_OK && i < count; i++) {
      if ((*hf_bits(p->walk, parents[i]) & colours) == colours) continue;
      if ((rc = hf_walk_load(p->walk, parents[i])) < 0) break;
      *hf_bits(p->walk, parents[i]) |= HF_PARSED;
      mark(p, parents[i], colours);
      rc = put(p, parents[i]);
    }
  }
  return rc;
}

/** Removes candidates that another candidate reaches. */
static int remove_redundant(hf_commit_list *list, hf_walk *walk) {
  bool *redundant = calloc(list->count, sizeof(*redundant));
  if (!redundant) return hf_fail_memory(walk->err);
  int rc = HF_OK;
  for (size_t i = 0; rc == HF_OK && i < list->count; i++) {
    for (size_t j = 0; rc == HF_OK && !redundant[i] && j < list->count; j++) {
      if (i == j || redundant[j]) continue;
      hf_walk other;
      if ((rc = hf_walk_open(&other, walk->repo, walk->budget, walk->cancel, walk->err)) < 0) break;
      git_oid ancestor, descendant;
      hf_commit_oid(&ancestor, walk->commits, list->items[i]);
      hf_commit_oid(&descendant, walk->commits, list->items[j]);
      uint32_t from, to;
      /* The other walk may see a newer graph with other numbers. */
      rc = hf_walk_find(&from, &other, &ancestor);
      if (rc == HF_OK) rc = hf_walk_find(&to, &other, &descendant);
      if (rc == HF_OK) rc = hf_is_ancestor(&redundant[i], &other, from, to);
      hf_walk_close(&other);
    }
  }
  size_t kept = 0;
  for (size_t i = 0; i < list->count; i++)
    if (!redundant[i]) list->items[kept++] = list->items[i];
  list->count = kept;
  free(redundant);
  return rc;
}

static void clear_paint(hf_walk *walk) {
  for (uint32_t i = 0; i < walk->graph_count; i++) walk->graph_bits[i] &= (uint16_t)~HF_PAINT;
  for (uint32_t i = 0; i < walk->extra_capacity; i++) walk->extra_bits[i] &= (uint16_t)~HF_PAINT;
}

int hf_merge_bases(hf_commit_list *out, hf_walk *walk, uint32_t one, uint32_t two) {
  memset(out, 0, sizeof(*out));
  if (one == two) return hf_list_add(out, one) ? HF_OK : hf_fail_memory(walk->err);
  int rc = hf_walk_load(walk, one);
  if (rc == HF_OK) rc = hf_walk_load(walk, two);
  if (rc < 0) return rc;
  painting p = {.walk = walk, .by_generation = hf_graph_has_corrected_dates(hf_commits_graph(walk->commits))};
  hf_commit_list found = {0};
  rc = paint(&found, &p, one, two);
  hf_queue_free(&p.queue);
  for (size_t i = 0; rc == HF_OK && i < found.count; i++) {
    bool stale = (*hf_bits(walk, found.items[i]) & HF_STALE) != 0;
    if (!stale && !insert_by_date(out, walk->commits, found.items[i])) rc = hf_fail_memory(walk->err);
  }
  hf_list_free(&found);
  clear_paint(walk);
  if (rc == HF_OK && out->count > 1) rc = remove_redundant(out, walk);
  if (rc < 0) hf_list_free(out);
  return rc;
}
