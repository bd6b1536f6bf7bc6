/* Hunks: edits that stand close together, with the lines around them and a heading. */
#include "patch_text.h"

#define CONTEXT_LINES 3
/** Edits with at most so many equal lines between them share a hunk. */
#define JOIN_LINES (2 * CONTEXT_LINES)
/** git cuts a heading after so many bytes, and a whole hunk line after LINE_BYTES_MAX. */
#define HEADING_BYTES_MAX 80
#define LINE_BYTES_MAX 128

/** Where the lines of a content begin; starts[count] is its end. */
typedef struct {
  const char *data;
  size_t *starts;
  size_t count;
} lines;

static int index_lines(lines *out, hf_content content, hf_error *err) {
  size_t capacity = 64 + content.size / 32;
  *out = (lines){content.data, malloc(capacity * sizeof(size_t)), 0};
  if (!out->starts) return hf_fail_memory(err);
  for (size_t at = 0; at < content.size;) {
    if (out->count + 1 == capacity) {
      capacity *= 2;
      size_t *starts = realloc(out->starts, capacity * sizeof(size_t));
      if (!starts) return hf_fail_memory(err);
      out->starts = starts;
    }
    out->starts[out->count++] = at;
    const char *newline = memchr(content.data + at, '\n', content.size - at);
    at = newline ? (size_t)(newline - content.data) + 1 : content.size;
  }
  out->starts[out->count] = content.size;
  return HF_OK;
}

static void put_line(hf_buffer *out, char sign, const lines *from, size_t line) {
  static const char missing_newline[] = "\n\\ No newline at end of file\n";
  const char *text = from->data + from->starts[line];
  size_t length = from->starts[line + 1] - from->starts[line];
  hf_buffer_put_u8(out, (uint8_t)sign);
  hf_buffer_put(out, text, length);
  if (text[length - 1] != '\n') hf_buffer_put(out, missing_newline, sizeof(missing_newline) - 1);
}

/* ---- headings ---- */

static bool begins_heading(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$'; }

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/** Looks for the last line in [from, to) that looks like the start of a function, as git does without a driver. */
static bool find_heading(char *heading, size_t *heading_len, const lines *old_lines, size_t from, size_t to) {
  for (size_t line = to; line-- > from;) {
    const char *text = old_lines->data + old_lines->starts[line];
    size_t length = old_lines->starts[line + 1] - old_lines->starts[line];
    if (!begins_heading(text[0])) continue;
    if (length > HEADING_BYTES_MAX) length = HEADING_BYTES_MAX;
    while (length > 0 && is_space(text[length - 1])) length--;
    memcpy(heading, text, length);
    *heading_len = length;
    return true;
  }
  return false;
}

/** Bytes of the UTF-8 character at `at`, 0 when git would not take it for one. */
static size_t utf8_length(const uint8_t *at, size_t left) {
  if (at[0] < 0x80) return 1;
  size_t length = (at[0] & 0xe0) == 0xc0 ? 2 : (at[0] & 0xf0) == 0xe0 ? 3 : (at[0] & 0xf8) == 0xf0 ? 4 : 0;
  if (length == 0 || left < length) return 0;
  for (size_t i = 1; i < length; i++)
    if ((at[i] & 0xc0) != 0x80) return 0;
  bool overlong = (length == 2 && at[0] < 0xc2) || (length == 3 && at[0] == 0xe0 && at[1] < 0xa0) ||
                  (length == 4 && at[0] == 0xf0 && at[1] < 0x90);
  bool surrogate = length == 3 && at[0] == 0xed && at[1] >= 0xa0;
  bool noncharacter = length == 3 && at[0] == 0xef && at[1] == 0xbf && at[2] >= 0xbe;
  bool beyond = length == 4 && (at[0] > 0xf4 || (at[0] == 0xf4 && at[1] > 0x8f));
  return overlong || surrogate || noncharacter || beyond ? 0 : length;
}

/** git prints a hunk line up to its first byte that is no UTF-8. */
static size_t printable_length(const char *text, size_t length) {
  size_t at = 0;
  while (at < length) {
    size_t character = utf8_length((const uint8_t *)text + at, length - at);
    if (character == 0) break;
    at += character;
  }
  return at;
}

static size_t put_range(char *out, size_t size, size_t start, size_t count) {
  /* Lines count from 1; an empty range is named by the line before it. */
  size_t first = count > 0 ? start + 1 : start;
  return (size_t)(count == 1 ? snprintf(out, size, "%zu", first) : snprintf(out, size, "%zu,%zu", first, count));
}

static void put_header(hf_buffer *out, const hf_edit *range, const char *heading, size_t heading_len) {
  char line[LINE_BYTES_MAX];
  size_t length = 0;
  memcpy(line, "@@ -", 4);
  length = 4;
  length += put_range(line + length, sizeof(line) - length, range->old_start, range->old_count);
  memcpy(line + length, " +", 2);
  length += 2;
  length += put_range(line + length, sizeof(line) - length, range->new_start, range->new_count);
  memcpy(line + length, " @@", 3);
  length += 3;
  if (heading_len > 0) {
    line[length++] = ' ';
    size_t room = sizeof(line) - length - 1;
    if (heading_len > room) heading_len = room;
    memcpy(line + length, heading, heading_len);
    length += heading_len;
  }
  hf_buffer_put(out, line, printable_length(line, length));
  hf_buffer_put_u8(out, '\n');
}

/* ---- hunks ---- */

/** The lines that a hunk of edits [first, last] covers. */
static hf_edit range_of(const hf_edit *first, const hf_edit *last, const lines *old_lines, const lines *new_lines) {
  size_t old_end = last->old_start + last->old_count, new_end = last->new_start + last->new_count;
  size_t after = CONTEXT_LINES;
  if (after > old_lines->count - old_end) after = old_lines->count - old_end;
  if (after > new_lines->count - new_end) after = new_lines->count - new_end;
  hf_edit range = {
    .old_start = first->old_start > CONTEXT_LINES ? first->old_start - CONTEXT_LINES : 0,
    .new_start = first->new_start > CONTEXT_LINES ? first->new_start - CONTEXT_LINES : 0,
  };
  range.old_count = old_end + after - range.old_start;
  range.new_count = new_end + after - range.new_start;
  return range;
}

static void put_edits(hf_buffer *out, const hf_edit *range, const hf_edit *first, const hf_edit *last, const lines *old_lines,
                      const lines *new_lines) {
  size_t context = range->new_start;
  for (const hf_edit *edit = first; edit <= last; edit++) {
    for (; context < edit->new_start; context++) put_line(out, ' ', new_lines, context);
    for (size_t i = 0; i < edit->old_count; i++) put_line(out, '-', old_lines, edit->old_start + i);
    for (size_t i = 0; i < edit->new_count; i++) put_line(out, '+', new_lines, edit->new_start + i);
    context = edit->new_start + edit->new_count;
  }
  for (; context < range->new_start + range->new_count; context++) put_line(out, ' ', new_lines, context);
}

int hf_patch_hunks(hf_buffer *out, hf_content old_content, hf_content new_content, const hf_edits *edits, hf_error *err) {
  lines old_lines = {0}, new_lines = {0};
  int rc = index_lines(&old_lines, old_content, err);
  if (rc == HF_OK) rc = index_lines(&new_lines, new_content, err);
  char heading[HEADING_BYTES_MAX];
  size_t heading_len = 0, searched = 0;
  const hf_edit *end = edits->items + edits->count;
  for (const hf_edit *first = edits->items; rc == HF_OK && first < end;) {
    const hf_edit *last = first;
    while (last + 1 < end && last[1].old_start - (last->old_start + last->old_count) <= JOIN_LINES) last++;
    hf_edit range = range_of(first, last, &old_lines, &new_lines);
    /* Without a new one the heading of the hunk before stays. */
    if (range.old_start > searched) {
      find_heading(heading, &heading_len, &old_lines, searched, range.old_start);
      searched = range.old_start;
    }
    put_header(out, &range, heading, heading_len);
    put_edits(out, &range, first, last, &old_lines, &new_lines);
    first = last + 1;
  }
  if (rc == HF_OK && out->failed) rc = hf_fail_memory(err);
  free(old_lines.starts);
  free(new_lines.starts);
  return rc;
}
