/* A log: its tips, the way in which it is walked, and what of it is given. */
#include "log.h"
#include <limits.h>
#include <unistd.h>

#define OTHER_GRAPH "git may use another commit-graph, or none"

struct hf_log {
  hf_walk walk;
  hf_log_query query;
  /* Either a queue that is walked as commits are asked for, or a list that was made before. */
  bool listed;
  hf_queue queue;
  hf_commit_list list;
  size_t list_at;
  bool limited;
  uint64_t skip, limit;
};

void hf_log_free(hf_log *log) {
  if (!log) return;
  hf_walk_close(&log->walk);
  hf_queue_free(&log->queue);
  hf_list_free(&log->list);
  free(log);
}

hf_walk *hf_log_walk(hf_log *log) { return &log->walk; }

void hf_log_resume(hf_log *log, hf_repo *repo, const hf_cancel *cancel, hf_error *err) {
  hf_walk_resume(&log->walk, repo, cancel, err);
  log->walk.budget = HF_NO_BUDGET;
}

/** Puts the tips' commits into a list, each once, with git's marks; says whether one of them is uninteresting. */
static int take_tips(hf_commit_list *list, hf_walk *walk, const hf_tips *tips, bool *uninteresting) {
  for (size_t i = 0; i < tips->count; i++) {
    if (tips->items[i].kind == HF_TIP_COMMIT) *hf_bits(walk, tips->items[i].commit) |= tips->items[i].flags | HF_PARSED;
  }
  for (size_t i = 0; i < tips->count; i++) {
    const hf_tip *tip = &tips->items[i];
    if (tip->kind != HF_TIP_COMMIT) continue;
    if (*hf_bits(walk, tip->commit) & HF_UNINTERESTING) {
      *uninteresting = true;
      int rc = hf_log_mark_parents_uninteresting(walk, NULL, tip->commit);
      if (rc < 0) return rc;
    }
    uint16_t *bits = hf_bits(walk, tip->commit);
    if (*bits & HF_SEEN) continue;
    *bits |= HF_SEEN;
    if (!hf_list_add(list, tip->commit)) return hf_fail_memory(walk->err);
  }
  return hf_list_sort_by_date(list, walk->commits) ? HF_OK : hf_fail_memory(walk->err);
}

static bool graph_is_switched_off(hf_walk *walk) {
  git_repository *git;
  git_config *config;
  int used = 1;
  hf_error ignored;
  if (hf_repo_git(&git, walk->repo, &ignored) < 0 || git_repository_config_snapshot(&config, git) < 0) return true;
  if (git_config_get_bool(&used, config, "core.commitgraph") < 0) git_error_clear();
  git_config_free(config);
  return !used;
}

/** Git may be told not to use the commit-graph, or find one in an alternate, and then walks differently where clocks went wrong. */
static bool may_have_other_graph(hf_walk *walk) {
  char path[PATH_MAX];
  if (graph_is_switched_off(walk)) return true;
  if (hf_graph_count(hf_commits_graph(walk->commits)) > 0) return false;
  bool fits = (size_t)snprintf(path, sizeof(path), "%s/objects/info/alternates", walk->repo->gitdir) < sizeof(path);
  return !fits || access(path, F_OK) == 0;
}

static int start(hf_log *log, const hf_commit_list *tips, bool uninteresting) {
  hf_walk *walk = &log->walk;
  const hf_log_query *query = &log->query;
  bool topo = query->order != HF_ORDER_DEFAULT;
  if (query->no_walk) {
    if (uninteresting) return hf_fail(walk->err, HF_UNSUPPORTED, "commits without a walk, and exclusions");
    if (topo && query->has_after && may_have_other_graph(walk)) return hf_fail(walk->err, HF_UNSUPPORTED, OTHER_GRAPH);
    log->listed = true;
    /* Git means to limit the list by date before it sorts it, and then does neither. */
    log->limited = topo && !hf_commits_have_levels(walk->commits);
    for (size_t i = 0; i < tips->count; i++)
      if (!hf_list_add(&log->list, tips->items[i])) return hf_fail_memory(walk->err);
    return HF_OK;
  }
  if (topo && may_have_other_graph(walk)) return hf_fail(walk->err, HF_UNSUPPORTED, OTHER_GRAPH);
  if (topo && !query->limited && hf_commits_have_levels(walk->commits)) {
    log->listed = true;
    return hf_log_exact_topo(&log->list, walk, query, tips);
  }
  if (topo || uninteresting || query->limited) {
    log->listed = log->limited = true;
    int rc = hf_log_limit(&log->list, walk, query, tips);
    return rc == HF_OK && topo ? hf_log_sort_topo(&log->list, walk, query) : rc;
  }
  for (size_t i = 0; i < tips->count; i++) {
    uint32_t tip = tips->items[i];
    if (!hf_queue_put(&log->queue, 0, hf_commit_date(walk->commits, tip), tip)) return hf_fail_memory(walk->err);
  }
  return HF_OK;
}

/** The next commit of the walk, whether it is shown or not: 1, or 0 at the end. */
static int advance(uint32_t *out, hf_log *log) {
  if (log->listed) {
    if (log->list_at == log->list.count) return 0;
    *out = log->list.items[log->list_at++];
    return 1;
  }
  *out = hf_queue_take(&log->queue);
  if (*out == HF_NO_COMMIT) return 0;
  int rc = hf_walk_step(&log->walk);
  return rc < 0 ? rc : 1;
}

static bool is_too_old(const hf_log *log, uint32_t commit) {
  return log->query.has_after && hf_commit_date(log->walk.commits, commit) < log->query.after;
}

static int is_shown(hf_log *log, uint32_t commit) {
  if (*hf_bits(&log->walk, commit) & HF_UNINTERESTING) return 0;
  if (log->query.has_before && hf_commit_date(log->walk.commits, commit) > log->query.before) return 0;
  if (log->query.max_parents < 0) return 1;
  uint32_t parents[HF_PARENTS_MAX], count;
  int rc = hf_walk_parents(parents, &count, &log->walk, commit);
  return rc < 0 ? rc : (int64_t)count <= log->query.max_parents;
}

/** Without regard to skip, limit and reversal. */
static int next_shown(uint32_t *out, hf_log *log) {
  for (;;) {
    int rc = advance(out, log);
    if (rc <= 0) return rc;
    /* What is too old ends its line of history here; a list was limited before. */
    if (!log->limited && is_too_old(log, *out)) continue;
    if (!log->listed && (rc = hf_log_process_parents(&log->walk, &log->query, &log->queue, NULL, *out)) < 0) return rc;
    if ((rc = is_shown(log, *out)) != 0) return rc;
  }
}

int hf_log_next(uint32_t *out, hf_log *log) {
  if (log->limit == 0) return 0;
  int rc;
  do {
    if ((rc = next_shown(out, log)) <= 0) return rc;
  } while (log->skip > 0 && log->skip--);
  if (log->limit != UINT64_MAX) log->limit--;
  return rc;
}

/** What skip and limit leave, from its end. */
static int reverse(hf_log *log) {
  hf_commit_list all = {0};
  uint32_t commit;
  int rc;
  while ((rc = hf_log_next(&commit, log)) > 0) {
    if (hf_list_add(&all, commit)) continue;
    rc = hf_fail_memory(log->walk.err);
    break;
  }
  for (size_t i = 0; i < all.count / 2; i++) {
    uint32_t other = all.items[all.count - 1 - i];
    all.items[all.count - 1 - i] = all.items[i];
    all.items[i] = other;
  }
  hf_list_free(&log->list);
  log->list = all;
  log->list_at = 0;
  log->listed = log->limited = true;
  log->skip = 0;
  log->limit = UINT64_MAX;
  return rc;
}

int hf_log_open_tips(hf_log **out, hf_walk *walk, const hf_tips *tips, const hf_log_query *query) {
  hf_error *err = walk->err;
  hf_log *log = calloc(1, sizeof(*log));
  if (!log) {
    hf_walk_close(walk);
    return hf_fail_memory(err);
  }
  log->walk = *walk;
  log->query = *query;
  log->skip = query->skip;
  log->limit = query->limit;
  memset(walk, 0, sizeof(*walk));
  hf_commit_list commits = {0};
  bool uninteresting = false;
  int rc = take_tips(&commits, &log->walk, tips, &uninteresting);
  if (rc == HF_OK) rc = start(log, &commits, uninteresting);
  if (rc == HF_OK && query->reverse) rc = reverse(log);
  hf_list_free(&commits);
  if (rc == HF_OK) *out = log;
  else hf_log_free(log);
  return rc;
}

int hf_log_open(hf_log **out, hf_repo *repo, const hf_log_query *query, int64_t budget, const hf_cancel *cancel, hf_error *err) {
  hf_walk walk;
  hf_tips tips;
  int rc = hf_walk_open(&walk, repo, budget, cancel, err);
  if (rc < 0) return rc;
  rc = hf_tips_parse(&tips, &walk, query->revisions, query->revision_count, false);
  if (rc < 0) {
    hf_walk_close(&walk);
    return rc;
  }
  rc = hf_log_open_tips(out, &walk, &tips, query);
  hf_tips_free(&tips);
  return rc;
}
