/* Loose object files: deflated, written beside their place, flushed, then given their name (gitrepository-layout(5)). */
#include "holdfast.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK_BYTES 65536

int hf_fsync_path(const char *path, hf_error *err) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return hf_fail_os(err, errno, "open %s", path);
  int rc = fsync(fd) < 0 ? hf_fail_os(err, errno, "flush %s", path) : HF_OK;
  close(fd);
  return rc;
}

int hf_loose_make_folder(const char *objects_dir, uint8_t first_byte, bool *made, hf_error *err) {
  char path[4096];
  snprintf(path, sizeof(path), "%s/%02x", objects_dir, first_byte);
  *made = mkdir(path, 0777) == 0;
  return *made || errno == EEXIST ? HF_OK : hf_fail_os(err, errno, "make %s", path);
}

static int write_all(int fd, const uint8_t *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, bytes, length);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return -1;
    bytes += written;
    length -= (size_t)written;
  }
  return 0;
}

/** Deflates header and content into the file. Returns 0, an errno, or -1 for a failure of zlib. */
static int deflate_into(int fd, const char *header, size_t header_length, const uint8_t *data, size_t size) {
  z_stream stream = {0};
  /* Git's own default for loose objects. */
  if (deflateInit(&stream, Z_BEST_SPEED) != Z_OK) return ENOMEM;
  uint8_t *out = malloc(CHUNK_BYTES);
  int failure = out ? 0 : ENOMEM;
  stream.next_in = (Bytef *)header;
  stream.avail_in = (uInt)header_length;
  size_t left = size;
  int state = Z_OK;
  while (!failure && state != Z_STREAM_END) {
    if (stream.avail_in == 0 && left > 0) {
      size_t part = left < CHUNK_BYTES * 16 ? left : CHUNK_BYTES * 16;
      stream.next_in = (Bytef *)data;
      stream.avail_in = (uInt)part;
      data += part;
      left -= part;
    }
    stream.next_out = out;
    stream.avail_out = CHUNK_BYTES;
    state = deflate(&stream, left == 0 ? Z_FINISH : Z_NO_FLUSH);
    if (state == Z_STREAM_ERROR) failure = -1;
    else if (write_all(fd, out, CHUNK_BYTES - stream.avail_out) < 0) failure = errno;
  }
  free(out);
  deflateEnd(&stream);
  return failure;
}

int hf_loose_write(const char *objects_dir, const git_oid *oid, git_object_t type, const void *data, size_t size, bool flush, hf_error *err) {
  char path[4096], temporary[4096], header[32], hex[GIT_OID_HEXSZ + 1];
  git_oid_tostr(hex, sizeof(hex), oid);
  int length = snprintf(temporary, sizeof(temporary), "%s/%.2s/tmp_obj_XXXXXX", objects_dir, hex);
  snprintf(path, sizeof(path), "%s/%.2s/%s", objects_dir, hex, hex + 2);
  if (length < 0 || (size_t)length >= sizeof(temporary)) return hf_fail(err, HF_INVALID, "the object directory's path is too long");
  int header_length = snprintf(header, sizeof(header), "%s %zu", git_object_type2string(type), size) + 1;
  int fd = mkostemp(temporary, O_CLOEXEC);
  if (fd < 0) return hf_fail_os(err, errno, "create %s", temporary);
  int failure = deflate_into(fd, header, (size_t)header_length, data, size);
  if (!failure && fchmod(fd, 0444) < 0) failure = errno;
  if (!failure && flush && fsync(fd) < 0) failure = errno;
  if (close(fd) < 0 && !failure) failure = errno;
  if (!failure && rename(temporary, path) < 0) failure = errno;
  if (!failure) return HF_OK;
  unlink(temporary);
  return failure < 0 ? hf_fail(err, HF_INTERNAL, "deflate failed") : hf_fail_os(err, failure, "write %s", path);
}
