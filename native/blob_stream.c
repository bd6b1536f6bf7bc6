/* Reading an object a piece at a time. */
#include "blob_stream.h"
#include "repository.h"

/* Below this a whole object takes less than what a stream needs. */
#define STREAM_BYTES_MIN (256 * 1024)

struct hf_blob_stream {
  hf_object *object; /* held whole, or NULL: */
  hf_inflater *inflater;
  size_t size;
  size_t at;
};

/** Tries the places where an object may stand whole. */
static int open_inflater(hf_inflater **out, git_object_t *type, size_t *size, hf_repo *repo, const git_oid *oid, hf_error *err) {
  int rc = hf_store_stream(out, type, size, repo->store, oid, err);
  hf_store *disk = rc == HF_NOT_FOUND && repo->quarantine ? hf_quarantine_store(repo->quarantine) : NULL;
  return disk ? hf_store_stream(out, type, size, disk, oid, err) : rc;
}

int hf_blob_stream_open(hf_blob_stream **out, git_object_t *type, size_t *size, hf_repo *repo, const git_oid *oid, hf_error *err) {
  int rc = hf_repo_read_header(type, size, repo, oid, err);
  if (rc < 0) return rc;
  hf_blob_stream *stream = calloc(1, sizeof(*stream));
  if (!stream) return hf_fail_memory(err);
  stream->size = *size;
  rc = *size < STREAM_BYTES_MIN ? HF_UNSUPPORTED : open_inflater(&stream->inflater, type, size, repo, oid, err);
  /* A delta, or one in memory, or one that git has moved this moment: reading looks everywhere. */
  if (rc == HF_UNSUPPORTED || rc == HF_NOT_FOUND) rc = hf_repo_read(&stream->object, repo, oid, err);
  if (rc < 0) {
    hf_blob_stream_close(stream);
    return rc;
  }
  *out = stream;
  return HF_OK;
}

int hf_blob_stream_read(uint8_t *out, size_t length, size_t *got, hf_blob_stream *stream, hf_error *err) {
  size_t left = stream->size - stream->at;
  *got = length < left ? length : left;
  if (stream->object) {
    memcpy(out, stream->object->data + stream->at, *got);
  } else {
    /* With the last bytes the end is checked too. */
    ssize_t read = *got == left ? hf_inflate_exactly(stream->inflater, out, *got, err) : hf_inflate_some(stream->inflater, out, *got, err);
    if (read < 0) return (int)read;
    if (*got != left && (size_t)read != *got) return hf_fail(err, HF_CORRUPT, "an object is shorter than it says");
  }
  stream->at += *got;
  return HF_OK;
}

void hf_blob_stream_close(hf_blob_stream *stream) {
  if (!stream) return;
  hf_object_free(stream->object);
  hf_inflater_free(stream->inflater);
  free(stream);
}
