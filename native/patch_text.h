/* The text of a patch between two contents, as `git diff` writes it. */
#ifndef HOLDFAST_PATCH_TEXT_H
#define HOLDFAST_PATCH_TEXT_H

#include "holdfast.h"

/** A run of old lines that was replaced by a run of new ones. Lines count from 0. */
typedef struct {
  size_t old_start, old_count;
  size_t new_start, new_count;
} hf_edit;

/** What turns one content into another, in order. */
typedef struct {
  hf_edit *items;
  size_t count, capacity;
  bool failed;
} hf_edits;

typedef struct {
  const char *data;
  size_t size;
} hf_content;

/** Which white space does not count when lines are compared. */
typedef enum {
  HF_WHITESPACE_KEEP = 0,
  HF_WHITESPACE_IGNORE_CHANGE = 1, /* its amount, and what stands at the end of a line */
  HF_WHITESPACE_IGNORE_ALL = 2,
} hf_whitespace;

/**
 * Compares line by line. libgit2 carries git's own xdiff; with the indent heuristic, no context and no limits of its own its
 * hunks are the edit script that git computes. HF_TOO_LARGE for contents that git's xdiff does not take.
 */
int hf_patch_edits(hf_edits *out, hf_content old_content, hf_content new_content, hf_whitespace whitespace, hf_error *err);
void hf_edits_free(hf_edits *edits);
/** Writes hunks with three lines of context and git's default headings. */
int hf_patch_hunks(hf_buffer *out, hf_content old_content, hf_content new_content, const hf_edits *edits, hf_error *err);
/** Does git take this content for binary? */
bool hf_patch_is_binary(hf_content content);

#endif
