/* Growing bytes, and the packed form in which lists cross to and from JavaScript. */
#include "holdfast.h"
#include <stdarg.h>

void hf_buffer_free(hf_buffer *buffer) {
  free(buffer->data);
  *buffer = (hf_buffer){0};
}

uint8_t *hf_buffer_reserve(hf_buffer *buffer, size_t more) {
  if (buffer->failed) return NULL;
  if (more > buffer->capacity - buffer->length) {
    size_t wanted = buffer->length + more;
    size_t capacity = buffer->capacity ? buffer->capacity + buffer->capacity / 2 : 256;
    if (capacity < wanted) capacity = wanted;
    uint8_t *data = wanted < more ? NULL : realloc(buffer->data, capacity);
    if (!data) {
      buffer->failed = true;
      return NULL;
    }
    buffer->data = data;
    buffer->capacity = capacity;
  }
  return buffer->data + buffer->length;
}

void hf_buffer_put(hf_buffer *buffer, const void *bytes, size_t length) {
  uint8_t *at = hf_buffer_reserve(buffer, length);
  if (!at || length == 0) return;
  memcpy(at, bytes, length);
  buffer->length += length;
}

void hf_buffer_put_u8(hf_buffer *buffer, uint8_t value) { hf_buffer_put(buffer, &value, 1); }

void hf_buffer_put_u32(hf_buffer *buffer, uint32_t value) {
  uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
  hf_buffer_put(buffer, bytes, sizeof(bytes));
}

void hf_buffer_set_u32(hf_buffer *buffer, size_t at, uint32_t value) {
  if (buffer->failed) return;
  for (size_t i = 0; i < 4; i++) buffer->data[at + i] = (uint8_t)(value >> (8 * i));
}

void hf_buffer_put_u64(hf_buffer *buffer, uint64_t value) {
  hf_buffer_put_u32(buffer, (uint32_t)value);
  hf_buffer_put_u32(buffer, (uint32_t)(value >> 32));
}

void hf_buffer_put_oid(hf_buffer *buffer, const git_oid *oid) { hf_buffer_put(buffer, oid->id, GIT_OID_RAWSZ); }

void hf_buffer_put_text(hf_buffer *buffer, const void *bytes, size_t length) {
  hf_buffer_put_u32(buffer, (uint32_t)length);
  hf_buffer_put(buffer, bytes, length);
}

static const uint8_t *take(hf_reader *reader, size_t length) {
  if (reader->failed || (size_t)(reader->end - reader->at) < length) {
    reader->failed = true;
    return NULL;
  }
  const uint8_t *at = reader->at;
  reader->at += length;
  return at;
}

uint8_t hf_reader_u8(hf_reader *reader) {
  const uint8_t *at = take(reader, 1);
  return at ? at[0] : 0;
}

uint32_t hf_reader_u32(hf_reader *reader) {
  const uint8_t *at = take(reader, 4);
  return at ? (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24 : 0;
}

void hf_reader_oid(hf_reader *reader, git_oid *out) {
  const uint8_t *at = take(reader, GIT_OID_RAWSZ);
  if (at) memcpy(out->id, at, GIT_OID_RAWSZ);
  else memset(out->id, 0, GIT_OID_RAWSZ);
}

const char *hf_reader_text(hf_reader *reader, size_t *length) {
  size_t wanted = hf_reader_u32(reader);
  const uint8_t *at = take(reader, wanted);
  *length = at ? wanted : 0;
  return at ? (const char *)at : "";
}

char *hf_path_join(const char *first, ...) {
  size_t length = strlen(first) + 1;
  va_list list;
  va_start(list, first);
  for (const char *part; (part = va_arg(list, const char *));) length += strlen(part) + 1;
  va_end(list);
  char *path = malloc(length);
  if (!path) return NULL;
  char *at = stpcpy(path, first);
  va_start(list, first);
  for (const char *part; (part = va_arg(list, const char *));) {
    *at++ = '/';
    at = stpcpy(at, part);
  }
  va_end(list);
  return path;
}
