/* Inflating: from a file at an offset, with the calling thread's own buffers. */
#ifndef HOLDFAST_INFLATE_H
#define HOLDFAST_INFLATE_H

#include "holdfast.h"

/** A stream that is being inflated from a file. One at a time for each thread. */
typedef struct {
  int fd;
  uint64_t at;      /* of the next byte to be read */
  bool ended;       /* the stream is at its end */
  void *stream;     /* private */
  uint8_t *window;  /* private */
} hf_inflater;

/** Starts at `offset`; `have` bytes that were read there already may be given, and stay valid for the first call. */
int hf_inflate_begin(hf_inflater *inflater, int fd, uint64_t offset, const uint8_t *have, size_t have_len, hf_error *err);
/** Inflates up to `length` bytes; gives fewer only at the end. Negative: HF_CORRUPT, HF_OS. */
ssize_t hf_inflate_some(hf_inflater *inflater, uint8_t *out, size_t length, hf_error *err);
/** Inflates exactly `length` bytes and checks that the stream ends with them (zlib checks the sum then). */
int hf_inflate_exactly(hf_inflater *inflater, uint8_t *out, size_t length, hf_error *err);

/** The same with memory of its own, for a stream that outlives a call. It takes over `fd`, also when it fails; NULL with `err`. */
hf_inflater *hf_inflater_new(int fd, uint64_t offset, hf_error *err);
void hf_inflater_free(hf_inflater *inflater);

/** One of two growing buffers of the calling thread, valid until it is asked for again; NULL without memory. */
uint8_t *hf_thread_buffer(int which, size_t size);
/** Gives back what a large object took. */
void hf_thread_buffers_trim(void);

/** pread of exactly `length` bytes, or fewer at the end of the file. Negative with `err`. */
ssize_t hf_read_at(int fd, void *out, size_t length, uint64_t offset, hf_error *err);

#endif
