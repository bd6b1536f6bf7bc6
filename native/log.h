/*
 * Walks through history that give what `git rev-list` gives, in its order. Where git takes short cuts that depend on dates, the
 * same short cuts are taken; what cannot be shown to be equal is HF_UNSUPPORTED.
 */
#ifndef HOLDFAST_LOG_H
#define HOLDFAST_LOG_H

#include "walk.h"

typedef enum { HF_ORDER_DEFAULT, HF_ORDER_TOPO, HF_ORDER_DATE } hf_log_order;

typedef struct {
  const char *const *revisions; /* each ends with NUL */
  size_t revision_count;
  hf_log_order order;
  bool first_parent, no_walk, reverse;
  bool limited; /* make the whole list first by git's limit_list, as --cherry-pick does */
  bool has_after, has_before;
  uint64_t after, before; /* seconds, inclusive */
  int64_t max_parents;    /* negative: any number */
  uint64_t skip;
  uint64_t limit; /* UINT64_MAX: none */
} hf_log_query;

/* ---- log_revisions.c: what revisions name ------------------------------------------------------------------------ */

typedef enum { HF_TIP_COMMIT, HF_TIP_TREE, HF_TIP_BLOB } hf_tip_kind;

typedef struct {
  hf_tip_kind kind;
  uint16_t flags;  /* HF_UNINTERESTING or 0 */
  uint32_t commit; /* of a commit */
  git_oid oid;     /* of a tree or a blob */
  char *path;      /* behind the colon of REV:PATH, else NULL */
} hf_tip;

typedef struct {
  hf_tip *items;
  size_t count, capacity;
} hf_tips;

/**
 * Reads revisions as rev-list does. HF_NOT_FOUND with the revision as the subject. Trees and blobs are left out unless
 * `objects` is set, as git leaves them out.
 */
int hf_tips_parse(hf_tips *out, hf_walk *walk, const char *const *revisions, size_t count, bool objects);
void hf_tips_free(hf_tips *tips);

/* ---- log.c ------------------------------------------------------------------------------------------------------- */

typedef struct hf_log hf_log;

/** Starts a log; `budget` as in hf_walk (HF_DECLINED). */
int hf_log_open(hf_log **out, hf_repo *repo, const hf_log_query *query, int64_t budget, const hf_cancel *cancel, hf_error *err);
/** The same over tips that were read already; takes over the walk, not the tips. */
int hf_log_open_tips(hf_log **out, hf_walk *walk, const hf_tips *tips, const hf_log_query *query);
/** 1 and the next commit, 0 at the end. */
int hf_log_next(uint32_t *out, hf_log *log);
/** Goes on in another call, with the budget lifted. */
void hf_log_resume(hf_log *log, hf_repo *repo, const hf_cancel *cancel, hf_error *err);
void hf_log_free(hf_log *log);
hf_walk *hf_log_walk(hf_log *log);

/* ---- log_limit.c, log_topo.c: lists that are made before anything is given --------------------------------------- */

/** Adds to the queue the parents of a commit that was taken from it, as git's process_parents. `interesting` may be NULL. */
int hf_log_process_parents(hf_walk *walk, const hf_log_query *query, hf_queue *queue, uint32_t *interesting, uint32_t commit);
/** Marks all ancestors that git would know of at this point. */
int hf_log_mark_parents_uninteresting(hf_walk *walk, uint32_t *interesting, uint32_t commit);
/** Everything that the tips reach and the uninteresting ones do not, by git's limit_list. Some may be uninteresting still. */
int hf_log_limit(hf_commit_list *out, hf_walk *walk, const hf_log_query *query, const hf_commit_list *tips);
/** Sorts a list so that no parent comes before its children. */
int hf_log_sort_topo(hf_commit_list *list, hf_walk *walk, const hf_log_query *query);
/** The same in one go where generations are known: exactly what is reached, sorted. */
int hf_log_exact_topo(hf_commit_list *out, hf_walk *walk, const hf_log_query *query, const hf_commit_list *tips);

#endif
