/* Bits, budget, queue and lists of a walk. */
#include "walk.h"

#define CANCEL_INTERVAL 4096
#define EXTRA_CAPACITY_FIRST 64
#define TAG_DEPTH_MAX 64

int hf_walk_open(hf_walk *walk, hf_repo *repo, int64_t budget, const hf_cancel *cancel, hf_error *err) {
  memset(walk, 0, sizeof(*walk));
  int rc = hf_commits_acquire(&walk->commits, repo, err);
  if (rc < 0) return rc;
  walk->budget = budget;
  hf_walk_resume(walk, repo, cancel, err);
  walk->graph_count = hf_graph_count(hf_commits_graph(walk->commits));
  /* Zeroed pages come from the system when they are first touched, so a short walk over a large graph stays cheap. */
  walk->graph_bits = calloc(walk->graph_count ? walk->graph_count : 1, sizeof(*walk->graph_bits));
  if (walk->graph_bits) return HF_OK;
  hf_walk_close(walk);
  return hf_fail_memory(err);
}

void hf_walk_resume(hf_walk *walk, hf_repo *repo, const hf_cancel *cancel, hf_error *err) {
  walk->repo = repo;
  walk->cancel = cancel;
  walk->err = err;
}

void hf_walk_close(hf_walk *walk) {
  hf_commits_release(walk->commits);
  free(walk->graph_bits);
  free(walk->extra_bits);
  memset(walk, 0, sizeof(*walk));
}

uint16_t *hf_walk_extra_bits(hf_walk *walk, uint32_t index) {
  if (index < walk->extra_capacity) return &walk->extra_bits[index];
  uint32_t capacity = walk->extra_capacity ? walk->extra_capacity : EXTRA_CAPACITY_FIRST;
  while (capacity <= index) capacity *= 2;
  uint16_t *bits = realloc(walk->extra_bits, (size_t)capacity * sizeof(*bits));
  if (!bits) abort();
  memset(bits + walk->extra_capacity, 0, (size_t)(capacity - walk->extra_capacity) * sizeof(*bits));
  walk->extra_bits = bits;
  walk->extra_capacity = capacity;
  return &bits[index];
}

static int spend(hf_walk *walk, int64_t cost) {
  if (walk->budget < 0) return HF_OK;
  if (walk->budget < cost) return HF_DECLINED;
  walk->budget -= cost;
  return HF_OK;
}

int hf_walk_step(hf_walk *walk) {
  if (++walk->steps % CANCEL_INTERVAL == 0 && hf_cancelled(walk->cancel)) return hf_fail_cancelled(walk->err);
  return spend(walk, 1);
}

int hf_walk_load(hf_walk *walk, uint32_t commit) {
  if (hf_commit_is_loaded(walk->commits, commit)) return HF_OK;
  if (hf_cancelled(walk->cancel)) return hf_fail_cancelled(walk->err);
  int rc = spend(walk, HF_READ_COST);
  if (rc < 0) return rc;
  rc = hf_commit_load(walk->commits, walk->repo, commit, walk->err);
  /* A parent that is missing, or no commit: git has its own ways with such a repository. */
  if (rc == HF_NOT_FOUND || rc == HF_WRONG_TYPE || rc == HF_CORRUPT) return hf_fail(walk->err, HF_UNSUPPORTED, "history is incomplete");
  return rc;
}

int hf_walk_parents(uint32_t parents[HF_PARENTS_MAX], uint32_t *count, hf_walk *walk, uint32_t commit) {
  int rc = hf_walk_load(walk, commit);
  return rc < 0 ? rc : hf_commit_parents(parents, count, walk->commits, commit, walk->err);
}

int hf_walk_find(uint32_t *out, hf_walk *walk, const git_oid *oid) {
  git_oid at = *oid;
  for (int depth = 0; depth < TAG_DEPTH_MAX; depth++) {
    int rc = hf_commits_find(out, walk->commits, walk->repo, &at, walk->err);
    if (rc != HF_WRONG_TYPE) return rc;
    git_oid peeled;
    if ((rc = hf_peel(&peeled, walk->repo, &at, GIT_OBJECT_COMMIT, walk->err)) < 0) return rc;
    at = peeled;
  }
  return hf_fail(walk->err, HF_WRONG_TYPE, "the object is not a commit");
}

/* ---- queue ---- */

static bool before(const hf_queued *a, const hf_queued *b) {
  if (a->key != b->key) return a->key > b->key;
  if (a->date != b->date) return a->date > b->date;
  return a->order < b->order;
}

bool hf_queue_put(hf_queue *queue, uint64_t key, uint64_t date, uint32_t commit) {
  if (queue->count == queue->capacity) {
    uint32_t capacity = queue->capacity ? queue->capacity * 2 : 64;
    hf_queued *items = realloc(queue->items, (size_t)capacity * sizeof(*items));
    if (!items) return false;
    queue->items = items;
    queue->capacity = capacity;
  }
  hf_queued added = {key, date, queue->arrivals++, commit};
  uint32_t at = queue->count++;
  while (at > 0 && before(&added, &queue->items[(at - 1) / 2])) {
    queue->items[at] = queue->items[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  queue->items[at] = added;
  return true;
}

uint32_t hf_queue_take(hf_queue *queue) {
  if (queue->count == 0) return HF_NO_COMMIT;
  uint32_t taken = queue->items[0].commit;
  hf_queued last = queue->items[--queue->count];
  uint32_t at = 0;
  for (uint32_t child; (child = 2 * at + 1) < queue->count; at = child) {
    if (child + 1 < queue->count && before(&queue->items[child + 1], &queue->items[child])) child++;
    if (!before(&queue->items[child], &last)) break;
    queue->items[at] = queue->items[child];
  }
  if (queue->count > 0) queue->items[at] = last;
  return taken;
}

void hf_queue_free(hf_queue *queue) {
  free(queue->items);
  memset(queue, 0, sizeof(*queue));
}

/* ---- lists ---- */

bool hf_list_add(hf_commit_list *list, uint32_t commit) {
  if (list->count == list->capacity) {
    size_t capacity = list->capacity ? list->capacity * 2 : 16;
    uint32_t *items = realloc(list->items, capacity * sizeof(*items));
    if (!items) return false;
    list->items = items;
    list->capacity = capacity;
  }
  list->items[list->count++] = commit;
  return true;
}

void hf_list_free(hf_commit_list *list) {
  free(list->items);
  memset(list, 0, sizeof(*list));
}

bool hf_list_sort_by_date(hf_commit_list *list, const hf_commits *commits) {
  hf_queue queue = {0};
  for (size_t i = 0; i < list->count; i++) {
    if (!hf_queue_put(&queue, 0, hf_commit_date(commits, list->items[i]), list->items[i])) {
      hf_queue_free(&queue);
      return false;
    }
  }
  for (size_t i = 0; i < list->count; i++) list->items[i] = hf_queue_take(&queue);
  hf_queue_free(&queue);
  return true;
}
