/* Who reaches whom: depth first, never below the lowest level that is asked for. */
#include "walk.h"

/** Walks down from `tip`; calls it off when all `wanted` marked commits (HF_RESULT) have been seen. */
static int walk_down(hf_walk *walk, uint32_t tip, uint32_t level_min, size_t wanted) {
  hf_commit_list stack = {0};
  uint32_t parents[HF_PARENTS_MAX], count;
  int rc = HF_OK;
  *hf_bits(walk, tip) |= HF_SEEN;
  if (*hf_bits(walk, tip) & HF_RESULT) wanted--;
  if (!hf_list_add(&stack, tip)) rc = hf_fail_memory(walk->err);
  while (rc == HF_OK && stack.count > 0 && wanted > 0) {
    uint32_t commit = stack.items[--stack.count];
    if ((rc = hf_walk_step(walk)) < 0 || (rc = hf_walk_parents(parents, &count, walk, commit)) < 0) break;
    for (uint32_t i = count; i-- > 0;) {
      uint16_t *bits = hf_bits(walk, parents[i]);
      if (*bits & HF_SEEN) continue;
      *bits |= HF_SEEN;
      if (*bits & HF_RESULT) wanted--;
      if (hf_commit_level(walk->commits, parents[i]) < level_min) continue;
      if (!hf_list_add(&stack, parents[i])) {
        rc = hf_fail_memory(walk->err);
        break;
      }
    }
  }
  hf_list_free(&stack);
  return rc;
}

int hf_reachable(bool *out, hf_walk *walk, uint32_t tip, const uint32_t *candidates, size_t count) {
  uint32_t level_min = UINT32_MAX;
  size_t wanted = 0;
  for (size_t i = 0; i < count; i++) {
    uint16_t *bits = hf_bits(walk, candidates[i]);
    if (!(*bits & HF_RESULT)) wanted++;
    *bits |= HF_RESULT;
    uint32_t level = hf_commit_level(walk->commits, candidates[i]);
    if (level < level_min) level_min = level;
  }
  if (wanted == 0) return HF_OK;
  int rc = walk_down(walk, tip, level_min, wanted);
  for (size_t i = 0; rc == HF_OK && i < count; i++) out[i] = (*hf_bits(walk, candidates[i]) & HF_SEEN) != 0;
  return rc;
}

int hf_is_ancestor(bool *out, hf_walk *walk, uint32_t ancestor, uint32_t descendant) {
  if (ancestor == descendant) {
    *out = true;
    return HF_OK;
  }
  /* Levels only grow towards descendants. */
  uint32_t above = hf_commit_level(walk->commits, ancestor), below = hf_commit_level(walk->commits, descendant);
  if (hf_commits_have_levels(walk->commits) && below != UINT32_MAX && above >= below) {
    *out = false;
    return HF_OK;
  }
  return hf_reachable(out, walk, descendant, &ancestor, 1);
}
