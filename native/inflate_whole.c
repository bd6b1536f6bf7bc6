/*
 * libdeflate is asked for by name when it is first needed, so that a machine without it needs nothing else: zlib does the same then. What is
 * declared here is its interface since 1.0; the number in the library's name would change with it.
 */
#include "inflate_whole.h"
#include <dlfcn.h>
#include <pthread.h>

#define LIBRARY "libdeflate.so.0"

typedef struct libdeflate_decompressor libdeflate_decompressor;

static struct {
  libdeflate_decompressor *(*alloc)(void);
  void (*release)(libdeflate_decompressor *own);
  int (*inflate)(libdeflate_decompressor *own, const void *in, size_t in_len, void *out, size_t out_len, size_t *in_used, size_t *out_used);
} library;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool available;
static atomic_bool disabled;

static void free_decompressor(void *own) { library.release(own); }

static void load(void) {
  /* Never closed: threads keep decompressors. */
  void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
  if (!handle) return;
  *(void **)&library.alloc = dlsym(handle, "libdeflate_alloc_decompressor");
  *(void **)&library.release = dlsym(handle, "libdeflate_free_decompressor");
  *(void **)&library.inflate = dlsym(handle, "libdeflate_zlib_decompress_ex");
  available = library.alloc && library.release && library.inflate && pthread_key_create(&key, free_decompressor) == 0;
}

static libdeflate_decompressor *decompressor_of_thread(void) {
  static __thread libdeflate_decompressor *mine;
  if (mine) return mine;
  pthread_once(&once, load);
  if (!available || !(mine = library.alloc())) return NULL;
  pthread_setspecific(key, mine);
  return mine;
}

bool hf_inflate_whole(uint8_t *out, size_t length, const uint8_t *have, size_t have_len) {
  libdeflate_decompressor *own = atomic_load_explicit(&disabled, memory_order_relaxed) ? NULL : decompressor_of_thread();
  size_t in_used, out_used;
  return own && library.inflate(own, have, have_len, out, length, &in_used, &out_used) == 0 && out_used == length;
}

void hf_inflate_whole_enable(bool enabled) { atomic_store(&disabled, !enabled); }

bool hf_inflate_whole_available(void) { return decompressor_of_thread() != NULL; }
