/*
 * Inflating with pread into small buffers. Nothing is mapped: what mapping touches counts as our memory, while the kernel keeps
 * files cached just as well without it, and a file that is cut short under a mapping ends the process.
 */
#include "inflate.h"
#include <errno.h>
#include <pthread.h>
#include <unistd.h>
#include <zlib.h>

#define WINDOW_BYTES (16 * 1024)
#define BUFFER_KEEP_BYTES (512 * 1024)
#define BUFFERS 3

/** What a thread keeps, so that a small read allocates nothing. */
typedef struct {
  z_stream stream;
  bool ready;
  uint8_t window[WINDOW_BYTES];
  uint8_t *buffers[BUFFERS];
  size_t sizes[BUFFERS];
} thread_state;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;

static void free_state(void *data) {
  thread_state *state = data;
  if (state->ready) inflateEnd(&state->stream);
  for (int i = 0; i < BUFFERS; i++) free(state->buffers[i]);
  free(state);
}

static void make_key(void) { pthread_key_create(&key, free_state); }

static thread_state *state_of_thread(void) {
  static __thread thread_state *mine;
  if (mine) return mine;
  pthread_once(&once, make_key);
  mine = calloc(1, sizeof(*mine));
  if (mine) pthread_setspecific(key, mine);
  return mine;
}

uint8_t *hf_thread_buffer(int which, size_t size) {
  thread_state *state = state_of_thread();
  if (!state) return NULL;
  if (state->sizes[which] < size) {
    size_t wanted = size < 4096 ? 4096 : size + size / 4;
    free(state->buffers[which]);
    state->buffers[which] = malloc(wanted);
    state->sizes[which] = state->buffers[which] ? wanted : 0;
  }
  return state->buffers[which];
}

void hf_thread_buffers_trim(void) {
  thread_state *state = state_of_thread();
  for (int i = 0; state && i < BUFFERS; i++) {
    if (state->sizes[i] <= BUFFER_KEEP_BYTES) continue;
    free(state->buffers[i]);
    state->buffers[i] = NULL;
    state->sizes[i] = 0;
  }
}

ssize_t hf_read_at(int fd, void *out, size_t length, uint64_t offset, hf_error *err) {
  size_t done = 0;
  while (done < length) {
    ssize_t part = pread(fd, (uint8_t *)out + done, length - done, (off_t)(offset + done));
    if (part < 0 && errno == EINTR) continue;
    if (part < 0) return hf_fail_os(err, errno, "read objects");
    if (part == 0) break;
    done += (size_t)part;
  }
  return (ssize_t)done;
}

int hf_inflate_begin(hf_inflater *inflater, int fd, uint64_t offset, const uint8_t *have, size_t have_len, hf_error *err) {
  thread_state *state = state_of_thread();
  if (!state) return hf_fail_memory(err);
  z_stream *stream = &state->stream;
  if (state->ready ? inflateReset(stream) != Z_OK : inflateInit(stream) != Z_OK) return hf_fail_memory(err);
  state->ready = true;
  stream->next_in = (Bytef *)have;
  stream->avail_in = (uInt)have_len;
  *inflater = (hf_inflater){.fd = fd, .at = offset + have_len, .stream = stream, .window = state->window};
  return HF_OK;
}

/** An inflater and what it works with. */
typedef struct {
  hf_inflater inflater;
  z_stream stream;
  uint8_t window[WINDOW_BYTES];
} own_inflater;

hf_inflater *hf_inflater_new(int fd, uint64_t offset, hf_error *err) {
  own_inflater *own = calloc(1, sizeof(*own));
  if (!own || inflateInit(&own->stream) != Z_OK) {
    free(own);
    close(fd);
    hf_fail_memory(err);
    return NULL;
  }
  own->inflater = (hf_inflater){.fd = fd, .at = offset, .stream = &own->stream, .window = own->window};
  return &own->inflater;
}

void hf_inflater_free(hf_inflater *inflater) {
  if (!inflater) return;
  own_inflater *own = (own_inflater *)inflater;
  inflateEnd(&own->stream);
  close(inflater->fd);
  free(own);
}

ssize_t hf_inflate_some(hf_inflater *inflater, uint8_t *out, size_t length, hf_error *err) {
  z_stream *stream = inflater->stream;
  size_t done = 0;
  while (done < length && !inflater->ended) {
    if (stream->avail_in == 0) {
      ssize_t got = hf_read_at(inflater->fd, inflater->window, WINDOW_BYTES, inflater->at, err);
      if (got < 0) return got;
      if (got == 0) return hf_fail(err, HF_CORRUPT, "an object ends too early");
      stream->next_in = inflater->window;
      stream->avail_in = (uInt)got;
      inflater->at += (uint64_t)got;
    }
    size_t part = length - done < (1u << 30) ? length - done : (1u << 30);
    stream->next_out = out + done;
    stream->avail_out = (uInt)part;
    int state = inflate(stream, Z_NO_FLUSH);
    done += part - stream->avail_out;
    if (state == Z_STREAM_END) inflater->ended = true;
    else if (state != Z_OK && state != Z_BUF_ERROR) return hf_fail(err, HF_CORRUPT, "inflate: %s", stream->msg ? stream->msg : "bad data");
  }
  return (ssize_t)done;
}

int hf_inflate_exactly(hf_inflater *inflater, uint8_t *out, size_t length, hf_error *err) {
  ssize_t got = hf_inflate_some(inflater, out, length, err);
  if (got < 0) return (int)got;
  if ((size_t)got != length) return hf_fail(err, HF_CORRUPT, "an object is shorter than it says");
  uint8_t extra;
  while (!inflater->ended) {
    got = hf_inflate_some(inflater, &extra, 1, err);
    if (got < 0) return (int)got;
    if (got > 0) return hf_fail(err, HF_CORRUPT, "an object is longer than it says");
  }
  return HF_OK;
}
