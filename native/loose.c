/* Loose object files: deflated, written beside their place, flushed, then given their name (gitrepository-layout(5)). */
#include "loose.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK_BYTES 16384

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
static int deflate_into(int fd, z_stream *stream, const char *header, size_t header_length, const uint8_t *data, size_t size) {
  uint8_t out[CHUNK_BYTES];
  int failure = 0;
  stream->next_in = (Bytef *)header;
  stream->avail_in = (uInt)header_length;
  size_t left = size;
  int state = Z_OK;
  while (!failure && state != Z_STREAM_END) {
    if (stream->avail_in == 0 && left > 0) {
      size_t part = left < CHUNK_BYTES * 64 ? left : CHUNK_BYTES * 64;
      stream->next_in = (Bytef *)data;
      stream->avail_in = (uInt)part;
      data += part;
      left -= part;
    }
    stream->next_out = out;
    stream->avail_out = CHUNK_BYTES;
    state = deflate(stream, left == 0 ? Z_FINISH : Z_NO_FLUSH);
    if (state == Z_STREAM_ERROR) failure = -1;
    else if (write_all(fd, out, CHUNK_BYTES - stream->avail_out) < 0) failure = errno;
  }
  return failure;
}

int hf_loose_writer_open(hf_loose_writer *writer, const char *objects_dir, hf_error *err) {
  writer->objects_dir = objects_dir;
  writer->stream = calloc(1, sizeof(z_stream));
  /* Git's own default level for loose objects. */
  if (writer->stream && deflateInit((z_stream *)writer->stream, Z_BEST_SPEED) == Z_OK) return HF_OK;
  free(writer->stream);
  writer->stream = NULL;
  return hf_fail_memory(err);
}

void hf_loose_writer_close(hf_loose_writer *writer) {
  if (writer->stream) deflateEnd((z_stream *)writer->stream);
  free(writer->stream);
  writer->stream = NULL;
}

static char *name_below(const char *objects_dir, const char *hex, const char *name) {
  char folder[3] = {hex[0], hex[1], 0};
  return hf_path_join(objects_dir, folder, name, NULL);
}

int hf_loose_begin(hf_loose_file *file, hf_loose_writer *writer, const git_oid *oid, git_object_t type, const void *data, size_t size,
                   hf_error *err) {
  char header[32], hex[GIT_OID_HEXSZ + 1];
  git_oid_tostr(hex, sizeof(hex), oid);
  int header_length = snprintf(header, sizeof(header), "%s %zu", git_object_type2string(type), size) + 1;
  file->fd = -1;
  file->path = name_below(writer->objects_dir, hex, hex + 2);
  file->temporary = name_below(writer->objects_dir, hex, "tmp_obj_XXXXXX");
  int rc = file->path && file->temporary ? HF_OK : hf_fail_memory(err);
  if (rc == HF_OK && (file->fd = mkostemp(file->temporary, O_CLOEXEC)) < 0) rc = hf_fail_os(err, errno, "create %s", file->temporary);
  if (rc < 0) {
    free(file->temporary);
    file->temporary = NULL;
    hf_loose_abort(file);
    return rc;
  }
  z_stream *stream = writer->stream;
  deflateReset(stream);
  int failure = deflate_into(file->fd, stream, header, (size_t)header_length, data, size);
  if (!failure && fchmod(file->fd, 0444) < 0) failure = errno;
  if (!failure) return HF_OK;
  rc = failure < 0 ? hf_fail(err, HF_INTERNAL, "deflate failed") : hf_fail_os(err, failure, "write %s", file->path);
  hf_loose_abort(file);
  return rc;
}

void hf_loose_send(const hf_loose_file *file) { sync_file_range(file->fd, 0, 0, SYNC_FILE_RANGE_WRITE); }

int hf_loose_flush(const hf_loose_file *file, hf_error *err) {
  return fsync(file->fd) < 0 ? hf_fail_os(err, errno, "flush %s", file->path) : HF_OK;
}

int hf_loose_commit(hf_loose_file *file, hf_error *err) {
  int fd = file->fd;
  file->fd = -1;
  int rc = close(fd) < 0 || rename(file->temporary, file->path) < 0 ? hf_fail_os(err, errno, "write %s", file->path) : HF_OK;
  if (rc == HF_OK) {
    free(file->temporary);
    file->temporary = NULL;
  }
  hf_loose_abort(file);
  return rc;
}

void hf_loose_abort(hf_loose_file *file) {
  if (file->fd >= 0) close(file->fd);
  if (file->temporary) unlink(file->temporary);
  free(file->temporary);
  free(file->path);
  *file = (hf_loose_file){.fd = -1};
}

int hf_loose_write(const char *objects_dir, const git_oid *oid, git_object_t type, const void *data, size_t size, hf_error *err) {
  hf_loose_writer writer;
  hf_loose_file file;
  bool made;
  int rc = hf_loose_make_folder(objects_dir, oid->id[0], &made, err);
  if (rc < 0 || (rc = hf_loose_writer_open(&writer, objects_dir, err)) < 0) return rc;
  if ((rc = hf_loose_begin(&file, &writer, oid, type, data, size, err)) == HF_OK) rc = hf_loose_commit(&file, err);
  hf_loose_writer_close(&writer);
  return rc;
}
