/* What paths below trees and commits have led to, for all repositories: nothing about it ever changes but whether the objects are there. */
#ifndef HOLDFAST_KNOWN_ENTRIES_H
#define HOLDFAST_KNOWN_ENTRIES_H

#include "revision.h"

/**
 * hf_tree_find, but what was found in packs before is told from memory for as long as the same packs are there. What a loose object or
 * a quarantine had a part in is looked for anew, and so is what was not found.
 */
int hf_tree_find_known(hf_found_entry *out, hf_repo *repo, const git_oid *treeish, const char *path, size_t path_len, hf_error *err);

#endif
