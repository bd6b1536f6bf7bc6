/* Objects in memory, and the cache of them. Used by the store; others see hf_object through holdfast.h. */
#ifndef HOLDFAST_OBJECT_H
#define HOLDFAST_OBJECT_H

#include "holdfast.h"

struct hf_object {
  atomic_uint users;
  git_object_t type;
  size_t size;
  uint8_t data[]; /* ends with a NUL that does not count */
};

/** Makes an object whose content the caller fills; NULL without memory. */
hf_object *hf_object_new(git_object_t type, size_t size);
hf_object *hf_object_retain(hf_object *object);

/** What a cached object is known by: where it was read (a pack and an offset), or a store and an id. */
typedef struct {
  uint64_t owner;
  uint64_t a, b;
  uint32_t c;
} hf_cache_key;

/** An owner that no key had before. */
uint64_t hf_cache_new_owner(void);
/** The object, retained, or NULL. */
hf_object *hf_cache_get(const hf_cache_key *key);
/** Keeps an object for later, unless it is large. */
void hf_cache_put(const hf_cache_key *key, hf_object *object);
void hf_cache_set_limit(size_t bytes);
size_t hf_cache_bytes(void);

#endif
