/* JavaScript values to C and back. Names and paths cross as byte strings: latin1, one character for each byte. */
#include "binding.h"

#define EXTERNAL_BYTES_MIN (1024 * 1024)

bool hf_throw_type(napi_env env, const char *message) {
  napi_throw_type_error(env, "invalid", message);
  return false;
}

bool hf_args(napi_env env, napi_callback_info info, napi_value *values, size_t count) {
  size_t given = count;
  /* napi fills what is missing with undefined. */
  return napi_get_cb_info(env, info, &given, values, NULL, NULL) == napi_ok || hf_throw_type(env, "arguments cannot be read");
}

bool hf_is_nullish(napi_env env, napi_value value) {
  napi_valuetype type;
  return napi_typeof(env, value, &type) != napi_ok || type == napi_undefined || type == napi_null;
}

typedef napi_status (*string_reader)(napi_env, napi_value, char *, size_t, size_t *);

/** `spare_bytes`: how much of the buffer a cut string may leave free. */
static bool read_text(napi_env env, napi_value value, hf_text *out, string_reader reader, size_t spare_bytes) {
  out->bytes = out->inline_bytes;
  out->length = 0;
  if (reader(env, value, out->inline_bytes, sizeof(out->inline_bytes), &out->length) != napi_ok) {
    out->bytes = NULL;
    return hf_throw_type(env, "a string is expected");
  }
  if (out->length + 1 + spare_bytes < sizeof(out->inline_bytes)) return true;
  size_t whole;
  reader(env, value, NULL, 0, &whole);
  out->bytes = malloc(whole + 1);
  if (!out->bytes) return hf_throw_type(env, "out of memory");
  reader(env, value, out->bytes, whole + 1, &out->length);
  return true;
}

bool hf_text_bytes(napi_env env, napi_value value, hf_text *out) {
  return read_text(env, value, out, napi_get_value_string_latin1, 0);
}

bool hf_text_path(napi_env env, napi_value value, hf_text *out) {
  /* A character of UTF-8 that does not fit any more leaves up to three bytes. */
  if (!read_text(env, value, out, napi_get_value_string_utf8, 3)) return false;
  if (out->length == 0 || memchr(out->bytes, 0, out->length)) {
    hf_text_free(out);
    return hf_throw_type(env, "not a path");
  }
  while (out->length > 1 && out->bytes[out->length - 1] == '/') out->bytes[--out->length] = '\0';
  return true;
}

static bool absent(napi_env env, napi_value value, hf_text *out) {
  if (!hf_is_nullish(env, value)) return false;
  out->bytes = NULL;
  out->length = 0;
  return true;
}

bool hf_text_path_optional(napi_env env, napi_value value, hf_text *out) {
  return absent(env, value, out) || hf_text_path(env, value, out);
}

bool hf_text_bytes_optional(napi_env env, napi_value value, hf_text *out) {
  return absent(env, value, out) || hf_text_bytes(env, value, out);
}

void hf_text_free(hf_text *text) {
  if (text->bytes && text->bytes != text->inline_bytes) free(text->bytes);
  text->bytes = NULL;
}

bool hf_view_args(napi_env env, const napi_value *args, hf_view *out) {
  if (!hf_text_path(env, args[0], &out->gitdir)) return false;
  if (hf_text_path_optional(env, args[1], &out->quarantine)) return true;
  hf_text_free(&out->gitdir);
  return false;
}

int hf_view_open(hf_repo *repo, const hf_view *view, hf_error *err) {
  return hf_repo_open(repo, view->gitdir.bytes, view->quarantine.bytes, err);
}

int hf_view_open_seen(hf_repo *repo, const hf_view *view, uint64_t generation, hf_error *err) {
  return view->quarantine.bytes ? hf_view_open(repo, view, err) : hf_repo_open_seen(repo, view->gitdir.bytes, generation, err);
}

void hf_view_free(hf_view *view) {
  hf_text_free(&view->gitdir);
  hf_text_free(&view->quarantine);
}

static int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

bool hf_arg_oid(napi_env env, napi_value value, git_oid *out) {
  char hex[GIT_OID_HEXSZ + 2];
  size_t length;
  if (napi_get_value_string_latin1(env, value, hex, sizeof(hex), &length) != napi_ok || length != GIT_OID_HEXSZ)
    return hf_throw_type(env, "an object id of 40 hexadecimal digits is expected");
  for (size_t i = 0; i < GIT_OID_RAWSZ; i++) {
    int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return hf_throw_type(env, "an object id of 40 hexadecimal digits is expected");
    out->id[i] = (unsigned char)(high << 4 | low);
  }
  return true;
}

bool hf_arg_u32(napi_env env, napi_value value, uint32_t *out) {
  return napi_get_value_uint32(env, value, out) == napi_ok || hf_throw_type(env, "a number is expected");
}

bool hf_arg_i64(napi_env env, napi_value value, int64_t *out) {
  return napi_get_value_int64(env, value, out) == napi_ok || hf_throw_type(env, "a number is expected");
}

bool hf_arg_generation(napi_env env, napi_value value, uint64_t *out) {
  int64_t number;
  if (!hf_arg_i64(env, value, &number)) return false;
  *out = number > 0 ? (uint64_t)number : 0;
  return true;
}

bool hf_arg_bool(napi_env env, napi_value value, bool *out) {
  return napi_get_value_bool(env, value, out) == napi_ok || hf_throw_type(env, "a boolean is expected");
}

bool hf_arg_bytes(napi_env env, napi_value value, const uint8_t **bytes, size_t *length) {
  bool is_typed = false;
  napi_typedarray_type type;
  void *data = NULL;
  if (napi_is_typedarray(env, value, &is_typed) != napi_ok || !is_typed ||
      napi_get_typedarray_info(env, value, &type, length, &data, NULL, NULL) != napi_ok || type != napi_uint8_array)
    return hf_throw_type(env, "a Uint8Array is expected");
  *bytes = data;
  return true;
}

bool hf_arg_bytes_copy(napi_env env, napi_value value, uint8_t **bytes, size_t *length) {
  const uint8_t *borrowed;
  if (!hf_arg_bytes(env, value, &borrowed, length)) return false;
  *bytes = malloc(*length ? *length : 1);
  if (!*bytes) return hf_throw_type(env, "out of memory");
  if (*length) memcpy(*bytes, borrowed, *length);
  return true;
}

bool hf_arg_oids_copy(napi_env env, napi_value value, git_oid **oids, size_t *count) {
  _Static_assert(sizeof(git_oid) == GIT_OID_RAWSZ, "ids are packed without gaps");
  size_t length;
  if (!hf_arg_bytes_copy(env, value, (uint8_t **)oids, &length)) return false;
  *count = length / GIT_OID_RAWSZ;
  if (length % GIT_OID_RAWSZ == 0) return true;
  free(*oids);
  *oids = NULL;
  return hf_throw_type(env, "object ids of 20 bytes are expected");
}

bool hf_arg_type(napi_env env, napi_value value, git_object_t *out) {
  char name[16];
  size_t length;
  if (napi_get_value_string_latin1(env, value, name, sizeof(name), &length) == napi_ok) {
    *out = git_object_string2type(name);
    if (git_object_typeisloose(*out)) return true;
  }
  return hf_throw_type(env, "an object type is expected");
}

napi_value hf_undefined(napi_env env) {
  napi_value value = NULL;
  napi_get_undefined(env, &value);
  return value;
}

napi_value hf_null(napi_env env) {
  napi_value value = NULL;
  napi_get_null(env, &value);
  return value;
}

napi_value hf_bool(napi_env env, bool value) {
  napi_value result = NULL;
  napi_get_boolean(env, value, &result);
  return result;
}

napi_value hf_number(napi_env env, double value) {
  napi_value result = NULL;
  napi_create_double(env, value, &result);
  return result;
}

napi_value hf_byte_string(napi_env env, const char *bytes, size_t length) {
  napi_value result = NULL;
  napi_create_string_latin1(env, bytes, length, &result);
  return result;
}

napi_value hf_oid_string(napi_env env, const git_oid *oid) {
  char hex[GIT_OID_HEXSZ];
  git_oid_fmt(hex, oid);
  return hf_byte_string(env, hex, sizeof(hex));
}

napi_value hf_bytes(napi_env env, const void *bytes, size_t length) {
  napi_value result = NULL;
  void *data;
  if (napi_create_buffer(env, length, &data, &result) != napi_ok) return NULL;
  if (length) memcpy(data, bytes, length);
  return result;
}

static void free_external(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  free(data);
}

napi_value hf_bytes_take(napi_env env, hf_buffer *buffer) {
  napi_value result = NULL;
  if (buffer->length >= EXTERNAL_BYTES_MIN &&
      napi_create_external_buffer(env, buffer->length, buffer->data, free_external, NULL, &result) == napi_ok) {
    *buffer = (hf_buffer){0};
    return result;
  }
  result = hf_bytes(env, buffer->data, buffer->length);
  hf_buffer_free(buffer);
  return result;
}

napi_value hf_error_value(napi_env env, const hf_error *err) {
  const char *code = hf_code_name(err->code);
  napi_value error = NULL;
  napi_create_error(env, hf_byte_string(env, code, strlen(code)), hf_byte_string(env, err->message, strlen(err->message)), &error);
  if (err->code == HF_OS) {
    const char *name = hf_errno_name(err->os_errno);
    napi_set_named_property(env, error, "errno", hf_byte_string(env, name, strlen(name)));
  }
  if (err->subject[0]) napi_set_named_property(env, error, "subject", hf_byte_string(env, err->subject, strlen(err->subject)));
  return error;
}

napi_value hf_throw(napi_env env, const hf_error *err) {
  napi_throw(env, hf_error_value(env, err));
  return NULL;
}
