/* Reading an object a piece at a time. */
#ifndef HOLDFAST_BLOB_STREAM_H
#define HOLDFAST_BLOB_STREAM_H

#include "holdfast.h"

/** An object that is being read. One thread at a time; it needs no open view. */
typedef struct hf_blob_stream hf_blob_stream;

/**
 * Opens an object. What stands whole in a pack or in a file is inflated piece by piece; what is a delta, small or in memory is held
 * whole until the stream is closed, since there is no other way to unpack a delta.
 */
int hf_blob_stream_open(hf_blob_stream **out, git_object_t *type, size_t *size, hf_repo *repo, const git_oid *oid, hf_error *err);
/** Gives the next `length` bytes, fewer only at the end. */
int hf_blob_stream_read(uint8_t *out, size_t length, size_t *got, hf_blob_stream *stream, hf_error *err);
void hf_blob_stream_close(hf_blob_stream *stream);

#endif
