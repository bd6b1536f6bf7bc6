#include "object.h"
#include "test.h"

#define LIMIT (1024 * 1024)
#define SIZE 4096
/* As many as there is room for, with what each takes beside its content. */
#define ROOM (LIMIT / (SIZE + 128))

static hf_cache_key key(uint64_t owner, uint64_t number) { return (hf_cache_key){.owner = owner, .a = number * 997}; }

/** Asks for an object as a reader does: what is not there is made and kept. */
static bool ask(uint64_t owner, uint64_t number) {
  hf_cache_key asked = key(owner, number);
  hf_object *object = hf_cache_get(&asked);
  bool found = object != NULL;
  if (!found) {
    object = hf_object_new(GIT_OBJECT_BLOB, SIZE);
    memset(object->data, (int)number, SIZE);
    hf_cache_put(&asked, object);
  }
  CHECK(object->data[0] == (uint8_t)number);
  hf_object_free(object);
  return found;
}

static size_t ask_all(uint64_t owner, uint64_t from, uint64_t to) {
  size_t found = 0;
  for (uint64_t number = from; number < to; number++) found += ask(owner, number);
  return found;
}

static uint64_t begin(void) {
  hf_cache_set_limit(1);
  hf_cache_set_limit(LIMIT);
  return hf_cache_new_owner();
}

static void end(void) { hf_cache_set_limit(12 * 1024 * 1024); }

HF_TEST(what_is_used_outlives_what_passes) {
  uint64_t owner = begin();
  ask_all(owner, 0, 20);
  CHECK(ask_all(owner, 0, 20) == 20);
  ask_all(owner, 1000, 1000 + 20 * ROOM);
  CHECK(ask_all(owner, 0, 20) == 20);
  CHECK(hf_cache_bytes() <= LIMIT);
  end();
}

HF_TEST(who_reads_more_than_there_is_room_for_finds_a_part) {
  uint64_t owner = begin();
  for (int round = 0; round < 4; round++) ask_all(owner, 0, 2 * ROOM);
  for (int round = 0; round < 4; round++) CHECK(ask_all(owner, 0, 2 * ROOM) > ROOM / 2);
  CHECK(hf_cache_bytes() <= LIMIT);
  end();
}

HF_TEST(what_is_of_no_use_any_more_makes_room) {
  uint64_t owner = begin();
  for (int round = 0; round < 20; round++) ask_all(owner, 0, 2 * ROOM);
  for (int round = 0; round < 20; round++) ask_all(owner, 10000, 10000 + ROOM / 2);
  CHECK(ask_all(owner, 10000, 10000 + ROOM / 2) == ROOM / 2);
  for (int round = 0; round < 20; round++) ask_all(owner, 20000, 20000 + 2 * ROOM);
  CHECK(ask_all(owner, 20000, 20000 + 2 * ROOM) > ROOM / 2);
  end();
}
