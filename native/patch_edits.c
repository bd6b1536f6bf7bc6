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

static int ask_libgit2(hf_edits *out, hf_content old_content, hf_content new_content, hf_error *err) {
  git_diff_options options;
  git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
  options.flags = GIT_DIFF_FORCE_TEXT | GIT_DIFF_INDENT_HEURISTIC;
  options.context_lines = 0;
  options.interhunk_lines = 0;
  int rc = git_diff_buffers(old_content.data, old_content.size, NULL, new_content.data, new_content.size, NULL, &options, NULL,
                            NULL, collect, NULL, out);
  if (out->failed) return hf_fail_memory(err);
  return rc < 0 ? hf_fail_git(err, rc, "compare contents") : HF_OK;
}

/*
 * The indent heuristic counts white space at the beginning of a line. libgit2 takes form feeds and vertical tabs for white
 * space, git does not. Where they occur, libgit2 gets copies in which other bytes, that occur in neither content, stand for them: equal
 * lines stay equal, different ones different.
 */
static bool has_foreign_space(hf_content content) {
  return memchr(content.data, '\f', content.size) || memchr(content.data, '\v', content.size);
}

static void note_bytes(bool *used, hf_content content) {
  for (size_t i = 0; i < content.size; i++) used[(uint8_t)content.data[i]] = true;
}

static char *copy_with(hf_content content, char form_feed, char vertical_tab) {
  char *copy = malloc(content.size);
  for (size_t i = 0; copy && i < content.size; i++)
    copy[i] = content.data[i] == '\f' ? form_feed : content.data[i] == '\v' ? vertical_tab : content.data[i];
  return copy;
}

static int replace_foreign_space(hf_content *old_content, hf_content *new_content, char *copies[2], hf_error *err) {
  if (!has_foreign_space(*old_content) && !has_foreign_space(*new_content)) return HF_OK;
  bool used[256] = {['\t'] = true, ['\n'] = true, ['\v'] = true, ['\f'] = true, ['\r'] = true, [' '] = true};
  note_bytes(used, *old_content);
  note_bytes(used, *new_content);
  char free_bytes[2];
  size_t found = 0;
  for (int byte = 1; byte < 256 && found < 2; byte++)
    if (!used[byte]) free_bytes[found++] = (char)byte;
  if (found < 2) return hf_fail(err, HF_UNSUPPORTED, "contents that libgit2 indents in another way");
  copies[0] = copy_with(*old_content, free_bytes[0], free_bytes[1]);
  copies[1] = copy_with(*new_content, free_bytes[0], free_bytes[1]);
  if (!copies[0] || !copies[1]) return hf_fail_memory(err);
  old_content->data = copies[0];
  new_content->data = copies[1];
  return HF_OK;
}

int hf_patch_edits(hf_edits *out, hf_content old_content, hf_content new_content, hf_error *err) {
  *out = (hf_edits){0};
  if (old_content.size > CONTENT_BYTES_MAX || new_content.size > CONTENT_BYTES_MAX)
    return hf_fail(err, HF_UNSUPPORTED, "too large to compare");
  if (old_content.size == 0 || new_content.size == 0) {
    /* All was added or removed: no need to ask. */
    hf_edit all = {.old_count = count_lines(old_content), .new_count = count_lines(new_content)};
    if (all.old_count + all.new_count == 0) return HF_OK;
    return add_edit(out, &all) ? HF_OK : hf_fail_memory(err);
  }
  char *copies[2] = {NULL, NULL};
  int rc = replace_foreign_space(&old_content, &new_content, copies, err);
  if (rc == HF_OK) rc = ask_libgit2(out, old_content, new_content, err);
  free(copies[0]);
  free(copies[1]);
  return rc;
}

void hf_edits_free(hf_edits *edits) {
  free(edits->items);
  *edits = (hf_edits){0};
}
