#include "patch.h"

/** The letter of a C escape, or 0. */
static char escape_letter(uint8_t byte) {
  switch (byte) {
    case '\a': return 'a';
    case '\b': return 'b';
    case '\t': return 't';
    case '\n': return 'n';
    case '\v': return 'v';
    case '\f': return 'f';
    case '\r': return 'r';
    case '"':
    case '\\': return (char)byte;
    default: return 0;
  }
}

static bool needs_escape(uint8_t byte) { return byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\'; }

static bool needs_quotes(const char *path, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (needs_escape((uint8_t)path[i])) return true;
  return false;
}

/** Writes prefix and path; quoted as C does, with octal for bytes above ASCII, when a byte of the path asks for it. */
static void put_name(hf_buffer *out, const char *prefix, const char *path, size_t length) {
  if (!needs_quotes(path, length)) {
    hf_buffer_put(out, prefix, strlen(prefix));
    hf_buffer_put(out, path, length);
    return;
  }
  hf_buffer_put_u8(out, '"');
  hf_buffer_put(out, prefix, strlen(prefix));
  for (size_t i = 0; i < length; i++) {
    uint8_t byte = (uint8_t)path[i];
    char letter = escape_letter(byte);
    if (!needs_escape(byte)) {
      hf_buffer_put_u8(out, byte);
      continue;
    }
    uint8_t octal[4] = {'\\', (uint8_t)('0' + (byte >> 6)), (uint8_t)('0' + (byte >> 3 & 7)), (uint8_t)('0' + (byte & 7))};
    uint8_t named[2] = {'\\', (uint8_t)letter};
    if (letter) hf_buffer_put(out, named, sizeof(named));
    else hf_buffer_put(out, octal, sizeof(octal));
  }
  hf_buffer_put_u8(out, '"');
}

static void put_text(hf_buffer *out, const char *text) { hf_buffer_put(out, text, strlen(text)); }

static void put_mode(hf_buffer *out, const char *what, uint32_t mode) {
  char text[64];
  hf_buffer_put(out, text, (size_t)snprintf(text, sizeof(text), "%s %06o\n", what, mode));
}

static void put_side(hf_buffer *out, uint32_t mode, const char *prefix, const char *path, size_t path_len) {
  if (mode == 0) put_text(out, "/dev/null");
  else put_name(out, prefix, path, path_len);
}

void hf_patch_put_header(hf_buffer *out, const hf_change *change, const char *path, size_t path_len) {
  put_text(out, "diff --git ");
  put_name(out, "a/", path, path_len);
  put_text(out, " ");
  put_name(out, "b/", path, path_len);
  put_text(out, "\n");
  if (change->old_mode == 0) {
    put_mode(out, "new file mode", change->new_mode);
  } else if (change->new_mode == 0) {
    put_mode(out, "deleted file mode", change->old_mode);
  } else if (change->old_mode != change->new_mode) {
    put_mode(out, "old mode", change->old_mode);
    put_mode(out, "new mode", change->new_mode);
  }
  if (git_oid_equal(&change->old_oid, &change->new_oid)) return;
  char old_hex[GIT_OID_HEXSZ + 1], new_hex[GIT_OID_HEXSZ + 1];
  git_oid_tostr(old_hex, sizeof(old_hex), &change->old_oid);
  git_oid_tostr(new_hex, sizeof(new_hex), &change->new_oid);
  put_text(out, "index ");
  put_text(out, old_hex);
  put_text(out, "..");
  put_text(out, new_hex);
  if (change->old_mode == change->new_mode) put_mode(out, "", change->old_mode);
  else put_text(out, "\n");
}

static void put_label(hf_buffer *out, const char *sign, uint32_t mode, const char *prefix, const char *path, size_t path_len) {
  put_text(out, sign);
  put_side(out, mode, prefix, path, path_len);
  /* A tab tells where a name with spaces ends. */
  if (mode != 0 && memchr(path, ' ', path_len)) put_text(out, "\t");
  put_text(out, "\n");
}

void hf_patch_put_labels(hf_buffer *out, const hf_change *change, const char *path, size_t path_len) {
  put_label(out, "--- ", change->old_mode, "a/", path, path_len);
  put_label(out, "+++ ", change->new_mode, "b/", path, path_len);
}

void hf_patch_put_binary(hf_buffer *out, const hf_change *change, const char *path, size_t path_len) {
  put_text(out, "Binary files ");
  put_side(out, change->old_mode, "a/", path, path_len);
  put_text(out, " and ");
  put_side(out, change->new_mode, "b/", path, path_len);
  put_text(out, " differ\n");
}
