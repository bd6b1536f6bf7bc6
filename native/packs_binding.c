/* What tells JavaScript for how long it may keep what packs have answered. All of it at once: a few stat calls at most. */
#include "binding.h"

/* ---- packsGeneration(gitdir): number ---- */

HF_FUNCTION("packsGeneration", packs_generation) {
  napi_value args[1];
  hf_text gitdir;
  if (!hf_args(env, info, args, 1) || !hf_text_path(env, args[0], &gitdir)) return NULL;
  uint64_t generation = 0;
  hf_error err;
  /* Whoever reads there next is told what is wrong. */
  if (hf_repo_generation(&generation, gitdir.bytes, &err) < 0) generation = 0;
  hf_text_free(&gitdir);
  return hf_number(env, (double)generation);
}

/* ---- looseReads(): number ---- */

HF_FUNCTION("looseReads", loose_reads) {
  (void)info;
  return hf_number(env, (double)hf_loose_reads());
}
