#include "patch_text.h"

/** git looks for a NUL in so many bytes. */
#define BINARY_PROBE_BYTES 8000
/** git's and libgit2's limit for one side of a comparison. */
#define CONTENT_BYTES_MAX (1023u * 1024 * 1024)

bool hf_patch_is_binary(hf_content content) {
  size_t size = content.size < BINARY_PROBE_BYTES ? content.size : BINARY_PROBE_BYTES;
  return size > 0 && memchr(content.data, '\0', size) != NULL;
}

static bool add_edit(hf_edits *edits, const hf_edit *edit) {
  if (edits->count == edits->capacity) {
    size_t capacity = edits->capacity ? edits->capacity * 2 : 16;
    hf_edit *items = realloc(edits->items, capacity * sizeof(*items));
    if (!items) return false;
    edits->items = items;
    edits->capacity = capacity;
  }
  edits->items[edits->count++] = *edit;
  return true;
}

/** A hunk without context is one edit; where it has no lines its start names the line before. */
static int collect(const git_diff_delta *delta, const git_diff_hunk *hunk, void *payload) {
  (void)delta;
  hf_edits *edits = payload;
  hf_edit edit = {
    .old_start = (size_t)hunk->old_start - (hunk->old_lines > 0),
    .old_count = (size_t)hunk->old_lines,
    .new_start = (size_t)hunk->new_start - (hunk->new_lines > 0),
    .new_count = (size_t)hunk->new_lines,
  };
  edits->failed = !add_edit(edits, &edit);
  return edits->failed ? -1 : 0;
}

static size_t count_lines(hf_content content) {
  size_t lines = 0;
  const char *end = content.data + content.size;
  for (const char *at = content.data; at < end; lines++) {
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    at = newline ? newline + 1 : end;
  }
  return lines;
}

static int ask_libgit2(hf_edits *out, hf_content old_content, hf_content new_content, hf_whitespace whitespace, hf_error *err) {
  git_diff_options options;
  git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
  options.flags = GIT_DIFF_FORCE_TEXT | GIT_DIFF_INDENT_HEURISTIC;
  if (whitespace == HF_WHITESPACE_IGNORE_CHANGE) options.flags |= GIT_DIFF_IGNORE_WHITESPACE_CHANGE;
  if (whitespace == HF_WHITESPACE_IGNORE_ALL) options.flags |= GIT_DIFF_IGNORE_WHITESPACE;
  options.context_lines = 0;
  options.interhunk_lines = 0;
  int rc = git_diff_buffers(old_content.data, old_content.size, NULL, new_content.data, new_content.size, NULL, &options, NULL,
                            NULL, collect, NULL, out);
  if (out->failed) return hf_fail_memory(err);
  return rc < 0 ? hf_fail_git(err, rc, "compare contents") : HF_OK;
}

/*
 * The indent heuristic counts white space at the beginning of a line, and white space may be left out of account. libgit2
 * takes form feeds and vertical tabs for white space, git does not. Where they occur libgit2 gets copies in which escapes stand for them: equal lines stay equal, different
 * ones different, and the number of lines is the same.
 */
#define ESCAPE '\x01'

static bool has_foreign_space(hf_content content) {
  return memchr(content.data, '\f', content.size) || memchr(content.data, '\v', content.size);
}

static void escape(hf_buffer *out, hf_content content) {
  uint8_t *to = hf_buffer_reserve(out, 2 * content.size);
  if (!to) return;
  size_t length = 0;
  for (size_t i = 0; i < content.size; i++) {
    char byte = content.data[i];
    if (byte != '\f' && byte != '\v' && byte != ESCAPE) {
      to[length++] = (uint8_t)byte;
      continue;
    }
    to[length++] = ESCAPE;
    to[length++] = byte == '\f' ? 'f' : byte == '\v' ? 'v' : 'e';
  }
  out->length += length;
}

static int compare_escaped(hf_edits *out, hf_content old_content, hf_content new_content, hf_whitespace whitespace, hf_error *err) {
  hf_buffer old_copy = {0}, new_copy = {0};
  escape(&old_copy, old_content);
  escape(&new_copy, new_content);
  hf_content old_escaped = {(const char *)old_copy.data, old_copy.length}, new_escaped = {(const char *)new_copy.data, new_copy.length};
  int rc = old_copy.failed || new_copy.failed ? hf_fail_memory(err) : ask_libgit2(out, old_escaped, new_escaped, whitespace, err);
  hf_buffer_free(&old_copy);
  hf_buffer_free(&new_copy);
  return rc;
}

int hf_patch_edits(hf_edits *out, hf_content old_content, hf_content new_content, hf_whitespace whitespace, hf_error *err) {
  *out = (hf_edits){0};
  if (old_content.size > CONTENT_BYTES_MAX || new_content.size > CONTENT_BYTES_MAX)
    return hf_fail(err, HF_TOO_LARGE, "too large to compare");
  if (old_content.size == 0 || new_content.size == 0) {
    /* All was added or removed: no need to ask. */
    hf_edit all = {.old_count = count_lines(old_content), .new_count = count_lines(new_content)};
    if (all.old_count + all.new_count == 0) return HF_OK;
    return add_edit(out, &all) ? HF_OK : hf_fail_memory(err);
  }
  bool foreign = has_foreign_space(old_content) || has_foreign_space(new_content);
  return (foreign ? compare_escaped : ask_libgit2)(out, old_content, new_content, whitespace, err);
}

void hf_edits_free(hf_edits *edits) {
  free(edits->items);
  *edits = (hf_edits){0};
}
