/*
 * A table of fixed size (2.3 MiB), 48 bytes for each entry: the question stands there as its hash alone. The hash is SipHash with 128 bits and a key
 * of this process (Aumasson and Bernstein, https://131002.net/siphash/), so that nobody can make two questions that have the same.
 */
#include "known_entries.h"
#include "repository.h"
#include <pthread.h>
#include <sys/random.h>

#define WAYS 6
#define SETS 8192
#define LOCKS 64

typedef struct {
  uint64_t generation; /* of the packs that it was found in */
  uint64_t hash[2];
  hf_found_entry entry;
} known;

/** The one that was used last stands first. */
static known sets[SETS][WAYS];
static pthread_mutex_t locks[LOCKS] = {[0 ... LOCKS - 1] = PTHREAD_MUTEX_INITIALIZER};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint64_t key[2];

static void make_key(void) {
  if (getrandom(key, sizeof(key), 0) != sizeof(key)) abort();
}

/* ---- SipHash-2-4 ---- */

static inline uint64_t rotate(uint64_t value, int bits) { return value << bits | value >> (64 - bits); }

static inline void sip_round(uint64_t v[4]) {
  v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
  v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
  v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
  v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
}

static inline void sip_word(uint64_t v[4], uint64_t word) {
  v[3] ^= word;
  sip_round(v);
  sip_round(v);
  v[0] ^= word;
}

static void hash_of(uint64_t out[2], const git_oid *treeish, const char *path, size_t path_len) {
  uint64_t v[4] = {key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du ^ 0xee, key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u};
  uint64_t words[3] = {0};
  memcpy(words, treeish->id, GIT_OID_RAWSZ);
  for (int i = 0; i < 3; i++) sip_word(v, words[i]);
  for (; path_len >= 8; path += 8, path_len -= 8) {
    uint64_t word;
    memcpy(&word, path, 8);
    sip_word(v, word);
  }
  /* How many bytes are left stands in the last word, so that no path is another with zeros behind it. */
  uint64_t last = (uint64_t)(path_len + 1) << 56;
  memcpy(&last, path, path_len);
  sip_word(v, last);
  v[2] ^= 0xee;
  for (int i = 0; i < 4; i++) sip_round(v);
  out[0] = v[0] ^ v[1] ^ v[2] ^ v[3];
  v[1] ^= 0xdd;
  for (int i = 0; i < 4; i++) sip_round(v);
  out[1] = v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* ---- the table ---- */

static bool recall(hf_found_entry *out, uint64_t generation, const uint64_t hash[2]) {
  size_t set = hash[0] % SETS;
  bool found = false;
  pthread_mutex_lock(&locks[set % LOCKS]);
  for (int i = 0; !found && i < WAYS; i++) {
    known *one = &sets[set][i];
    if (one->generation != generation || one->hash[0] != hash[0] || one->hash[1] != hash[1]) continue;
    known used = *one;
    memmove(&sets[set][1], &sets[set][0], (size_t)i * sizeof(known));
    sets[set][0] = used;
    *out = used.entry;
    found = true;
  }
  pthread_mutex_unlock(&locks[set % LOCKS]);
  return found;
}

static void remember(const hf_found_entry *entry, uint64_t generation, const uint64_t hash[2]) {
  size_t set = hash[0] % SETS;
  pthread_mutex_lock(&locks[set % LOCKS]);
  memmove(&sets[set][1], &sets[set][0], (WAYS - 1) * sizeof(known));
  sets[set][0] = (known){generation, {hash[0], hash[1]}, *entry};
  pthread_mutex_unlock(&locks[set % LOCKS]);
}

int hf_tree_find_known(hf_found_entry *out, hf_repo *repo, const git_oid *treeish, const char *path, size_t path_len, hf_error *err) {
  uint64_t generation = repo->quarantine ? 0 : hf_store_generation(repo->store);
  uint64_t hash[2];
  if (generation == 0) return hf_tree_find(out, repo, treeish, path, path_len, err);
  pthread_once(&once, make_key);
  hash_of(hash, treeish, path, path_len);
  if (recall(out, generation, hash)) return HF_OK;
  uint64_t loose = hf_loose_reads();
  int rc = hf_tree_find(out, repo, treeish, path, path_len, err);
  /* Packs that came in between have a number of their own. */
  if (rc == HF_OK && hf_loose_reads() == loose && hf_store_generation(repo->store) == generation) remember(out, generation, hash);
  return rc;
}
