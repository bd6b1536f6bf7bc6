/*
 * Commits by number: those of the commit-graph under their position, those that it lacks after them, as they are read from
 * their objects. What was read is kept for each repository and shared by threads; a commit never changes, so nothing of it
 * goes stale. A view with a quarantine keeps what it read to itself.
 */
#ifndef HOLDFAST_COMMITS_H
#define HOLDFAST_COMMITS_H

#include "graph.h"
#include "holdfast.h"

typedef struct hf_commits hf_commits;

/** More parents than any commit has had so far; beyond them native git has to do it. */
#define HF_PARENTS_MAX 128
#define HF_NO_COMMIT UINT32_MAX

/**
 * HF_UNSUPPORTED where history is not what the objects say: shallow repositories and grafts. (Replaced objects are ignored
 * everywhere.)
 */
int hf_commits_acquire(hf_commits **out, hf_repo *repo, hf_error *err);
void hf_commits_release(hf_commits *commits);
/** Drops what is kept. For tests. */
void hf_commits_clear(void);

const hf_graph *hf_commits_graph(const hf_commits *commits);
/** Do generations hold for all commits of the graph, so that git walks by them? */
bool hf_commits_have_levels(const hf_commits *commits);
/** Commits with a number so far; it grows. */
uint32_t hf_commits_count(const hf_commits *commits);

/**
 * The number of a commit. HF_NOT_FOUND, HF_WRONG_TYPE. It is loaded then.
 */
int hf_commits_find(uint32_t *out, hf_commits *commits, hf_repo *repo, const git_oid *oid, hf_error *err);
/** Has it been loaded, so that what follows can be asked for? */
bool hf_commit_is_loaded(const hf_commits *commits, uint32_t commit);
/** Reads a commit that is known by its number only. HF_NOT_FOUND when the object is missing. */
int hf_commit_load(hf_commits *commits, hf_repo *repo, uint32_t commit, hf_error *err);

void hf_commit_oid(git_oid *out, const hf_commits *commits, uint32_t commit);
void hf_commit_tree_oid(git_oid *out, const hf_commits *commits, uint32_t commit);
uint64_t hf_commit_date(const hf_commits *commits, uint32_t commit);
/** Number of parents, their numbers in `parents`. HF_UNSUPPORTED when there are too many. */
int hf_commit_parents(uint32_t parents[HF_PARENTS_MAX], uint32_t *count, const hf_commits *commits, uint32_t commit, hf_error *err);
/** Above every ancestor's level; UINT32_MAX for commits outside the graph, 0 when levels are not known. */
uint32_t hf_commit_level(const hf_commits *commits, uint32_t commit);
/** What git 2.39 orders merge bases by: corrected date, else level; UINT64_MAX outside the graph. */
uint64_t hf_commit_generation(const hf_commits *commits, uint32_t commit);

#endif
