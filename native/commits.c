/*
 * Commits that the graph lacks stand in blocks that never move, each twice as large as the one before, so that threads read
 * them without a lock; numbers are given out under one.
 */
#include "commits.h"
#include "slots.h"
#include <inttypes.h>
#include <limits.h>
#include <unistd.h>

#define BLOCK_BITS 8
#define BLOCKS_MAX 20
/** What a repository keeps between calls; a walk may use more. */
#define EXTRAS_KEPT_MAX (256 * 1024)
#define SLOTS_MAX 64

typedef struct {
  git_oid oid, tree;
  uint64_t date;
  uint32_t parent_count;
  uint32_t first_parents[2];
  uint32_t *parents; /* all of them when there are more than two */
  atomic_uchar loaded;
} extra;

struct hf_commits {
  atomic_uint users;
  hf_graph *graph;
  uint32_t graph_count;
  pthread_mutex_t lock; /* of the table, and of what a number is given to */
  atomic_uint extra_count;
  extra *blocks[BLOCKS_MAX];
  uint32_t *table; /* numbers of extras + 1, open addressing */
  uint32_t table_size;
};

typedef struct {
  hf_slot slot;
  hf_commits *current;
} commits_slot;

static void empty_slot(hf_slot *slot) { hf_commits_release(((commits_slot *)slot)->current); }

static hf_slots slots = HF_SLOTS_INIT(commits_slot, empty_slot, SLOTS_MAX);

void hf_commits_clear(void) { hf_slots_clear(&slots); }

/* ---- blocks ---- */

static uint32_t block_of(uint32_t index) { return 31 - (uint32_t)__builtin_clz((index >> BLOCK_BITS) + 1); }

static size_t block_size(uint32_t block) { return (size_t)1 << (block + BLOCK_BITS); }

static extra *extra_at(const hf_commits *commits, uint32_t index) {
  uint32_t block = block_of(index);
  return &commits->blocks[block][index - (block_size(block) - ((size_t)1 << BLOCK_BITS))];
}

static extra *extra_of(const hf_commits *commits, uint32_t commit) { return extra_at(commits, commit - commits->graph_count); }

static bool in_graph(const hf_commits *commits, uint32_t commit) { return commit < commits->graph_count; }

void hf_commits_release(hf_commits *commits) {
  if (!commits || atomic_fetch_sub(&commits->users, 1) != 1) return;
  uint32_t count = atomic_load(&commits->extra_count);
  for (uint32_t i = 0; i < count; i++) free(extra_at(commits, i)->parents);
  for (uint32_t i = 0; i < BLOCKS_MAX; i++) free(commits->blocks[i]);
  free(commits->table);
  hf_graph_release(commits->graph);
  pthread_mutex_destroy(&commits->lock);
  free(commits);
}

/** Takes over the graph. */
static hf_commits *new_commits(hf_graph *graph) {
  hf_commits *commits = calloc(1, sizeof(*commits));
  if (!commits) {
    hf_graph_release(graph);
    return NULL;
  }
  atomic_init(&commits->users, 1);
  pthread_mutex_init(&commits->lock, NULL);
  commits->graph = graph;
  commits->graph_count = hf_graph_count(graph);
  return commits;
}

/* ---- the table of extras, with the lock held ---- */

static uint32_t hash_of(const git_oid *oid) {
  uint32_t hash;
  memcpy(&hash, oid->id, sizeof(hash));
  return hash;
}

static bool grow_table(hf_commits *commits) {
  uint32_t size = commits->table_size ? commits->table_size * 2 : 256;
  uint32_t *table = calloc(size, sizeof(*table));
  if (!table) return false;
  for (uint32_t i = 0; i < commits->table_size; i++) {
    uint32_t entry = commits->table[i];
    if (!entry) continue;
    uint32_t at = hash_of(&extra_at(commits, entry - 1)->oid) & (size - 1);
    while (table[at]) at = (at + 1) & (size - 1);
    table[at] = entry;
  }
  free(commits->table);
  commits->table = table;
  commits->table_size = size;
  return true;
}

/** The number of an extra, a new one when it has none: HF_NO_COMMIT when memory is short. */
static uint32_t number_of(hf_commits *commits, const git_oid *oid) {
  uint32_t count = atomic_load_explicit(&commits->extra_count, memory_order_relaxed);
  if (commits->table_size < (count + 1) * 2 && !grow_table(commits)) return HF_NO_COMMIT;
  uint32_t at = hash_of(oid) & (commits->table_size - 1);
  while (commits->table[at]) {
    uint32_t index = commits->table[at] - 1;
    if (git_oid_equal(&extra_at(commits, index)->oid, oid)) return commits->graph_count + index;
    at = (at + 1) & (commits->table_size - 1);
  }
  uint32_t block = block_of(count);
  if (block >= BLOCKS_MAX) return HF_NO_COMMIT;
  if (!commits->blocks[block] && !(commits->blocks[block] = calloc(block_size(block), sizeof(extra)))) return HF_NO_COMMIT;
  git_oid_cpy(&extra_at(commits, count)->oid, oid);
  commits->table[at] = count + 1;
  atomic_store_explicit(&commits->extra_count, count + 1, memory_order_release);
  return commits->graph_count + count;
}

/* ---- reading commit objects ---- */

/** The committer's date as git takes it: the digits after the last > of the line; 0 when there are none. */
static uint64_t date_of(const char *at, const char *end) {
  if (end - at < 6 || memcmp(at, "author", 6) != 0) return 0;
  at = memchr(at, '\n', (size_t)(end - at));
  if (!at || end - ++at < 9 || memcmp(at, "committer", 9) != 0) return 0;
  const char *eol = memchr(at, '\n', (size_t)(end - at));
  if (!eol) return 0;
  const char *date = eol;
  while (date > at && date[-1] != '>') date--;
  if (date == at) return 0;
  while (date < eol && (*date == ' ' || (*date >= '\t' && *date <= '\r'))) date++;
  /* The content of an object ends with NUL, and the line with a newline: the number ends there. */
  return date == eol ? 0 : (uint64_t)strtoumax(date, NULL, 10);
}

static const char *skip_id(git_oid *out, const char *at, const char *end, const char *label) {
  size_t label_len = strlen(label);
  if ((size_t)(end - at) < label_len + GIT_OID_HEXSZ + 1 || memcmp(at, label, label_len) != 0) return NULL;
  at += label_len;
  if (hf_oid_prefix(out, at, GIT_OID_HEXSZ) != GIT_OID_HEXSZ || at[GIT_OID_HEXSZ] != '\n') return NULL;
  return at + GIT_OID_HEXSZ + 1;
}

typedef struct {
  git_oid tree;
  uint64_t date;
  git_oid parents[HF_PARENTS_MAX];
  uint32_t parent_count;
} parsed_commit;

static int parse_commit(parsed_commit *out, const git_oid *oid, const char *content, size_t size, hf_error *err) {
  const char *at = content, *end = content + size;
  char hex[GIT_OID_HEXSZ];
  git_oid_fmt(hex, oid);
  at = skip_id(&out->tree, at, end, "tree ");
  if (!at) return hf_fail_about(err, HF_CORRUPT, hex, sizeof(hex), "the commit is malformed");
  out->parent_count = 0;
  git_oid parent;
  for (const char *next; (next = skip_id(&parent, at, end, "parent ")); at = next) {
    if (out->parent_count == HF_PARENTS_MAX) return hf_fail(err, HF_UNSUPPORTED, "a commit has more than %d parents", HF_PARENTS_MAX);
    out->parents[out->parent_count++] = parent;
  }
  out->date = date_of(at, end);
  return HF_OK;
}

/** Stores what was read; with the lock held. */
static int store(hf_commits *commits, extra *own, const parsed_commit *parsed, hf_error *err) {
  uint32_t *parents = own->first_parents;
  free(own->parents);
  own->parents = NULL;
  if (parsed->parent_count > 2) {
    parents = malloc(parsed->parent_count * sizeof(*parents));
    if (!parents) return hf_fail_memory(err);
    own->parents = parents;
  }
  for (uint32_t i = 0; i < parsed->parent_count; i++) {
    uint32_t number;
    if (!hf_graph_find(&number, commits->graph, &parsed->parents[i])) number = number_of(commits, &parsed->parents[i]);
    if (number == HF_NO_COMMIT) return hf_fail_memory(err);
    parents[i] = number;
  }
  own->parent_count = parsed->parent_count;
  own->tree = parsed->tree;
  own->date = parsed->date;
  atomic_store_explicit(&own->loaded, 1, memory_order_release);
  return HF_OK;
}

bool hf_commit_is_loaded(const hf_commits *commits, uint32_t commit) {
  return in_graph(commits, commit) || atomic_load_explicit(&extra_of(commits, commit)->loaded, memory_order_acquire);
}

static int read_parsed(parsed_commit *out, hf_repo *repo, const git_oid *oid, hf_error *err) {
  hf_object *object;
  int rc = hf_repo_read(&object, repo, oid, err);
  if (rc < 0) return rc;
  if (hf_object_type(object) != GIT_OBJECT_COMMIT) rc = hf_fail(err, HF_WRONG_TYPE, "the object is not a commit");
  else rc = parse_commit(out, oid, hf_object_data(object), hf_object_size(object), err);
  hf_object_free(object);
  return rc;
}

int hf_commit_load(hf_commits *commits, hf_repo *repo, uint32_t commit, hf_error *err) {
  if (hf_commit_is_loaded(commits, commit)) return HF_OK;
  extra *own = extra_of(commits, commit);
  parsed_commit parsed;
  int rc = read_parsed(&parsed, repo, &own->oid, err);
  if (rc < 0) return rc;
  pthread_mutex_lock(&commits->lock);
  if (!hf_commit_is_loaded(commits, commit)) rc = store(commits, own, &parsed, err);
  pthread_mutex_unlock(&commits->lock);
  return rc;
}

int hf_commits_find(uint32_t *out, hf_commits *commits, hf_repo *repo, const git_oid *oid, hf_error *err) {
  if (hf_graph_find(out, commits->graph, oid)) return HF_OK;
  parsed_commit parsed;
  pthread_mutex_lock(&commits->lock);
  uint32_t known = HF_NO_COMMIT;
  for (uint32_t at = hash_of(oid); commits->table_size > 0; at++) {
    uint32_t entry = commits->table[at & (commits->table_size - 1)];
    if (!entry) break;
    if (!git_oid_equal(&extra_at(commits, entry - 1)->oid, oid)) continue;
    known = commits->graph_count + entry - 1;
    break;
  }
  pthread_mutex_unlock(&commits->lock);
  if (known != HF_NO_COMMIT && hf_commit_is_loaded(commits, known)) {
    *out = known;
    return HF_OK;
  }
  /* A number is given only to what exists and is a commit. */
  int rc = read_parsed(&parsed, repo, oid, err);
  if (rc < 0) return rc;
  pthread_mutex_lock(&commits->lock);
  *out = number_of(commits, oid);
  if (*out == HF_NO_COMMIT) rc = hf_fail_memory(err);
  else if (!hf_commit_is_loaded(commits, *out)) rc = store(commits, extra_of(commits, *out), &parsed, err);
  pthread_mutex_unlock(&commits->lock);
  return rc;
}

/* ---- what is known of a commit ---- */

const hf_graph *hf_commits_graph(const hf_commits *commits) { return commits->graph; }

bool hf_commits_have_levels(const hf_commits *commits) { return hf_graph_has_levels(commits->graph); }

uint32_t hf_commits_count(const hf_commits *commits) {
  return commits->graph_count + atomic_load_explicit(&commits->extra_count, memory_order_acquire);
}

void hf_commit_oid(git_oid *out, const hf_commits *commits, uint32_t commit) {
  if (in_graph(commits, commit)) hf_graph_oid(out, commits->graph, commit);
  else *out = extra_of(commits, commit)->oid;
}

void hf_commit_tree_oid(git_oid *out, const hf_commits *commits, uint32_t commit) {
  if (in_graph(commits, commit)) hf_graph_tree(out, commits->graph, commit);
  else *out = extra_of(commits, commit)->tree;
}

uint64_t hf_commit_date(const hf_commits *commits, uint32_t commit) {
  return in_graph(commits, commit) ? hf_graph_date(commits->graph, commit) : extra_of(commits, commit)->date;
}

int hf_commit_parents(uint32_t parents[HF_PARENTS_MAX], uint32_t *count, const hf_commits *commits, uint32_t commit, hf_error *err) {
  if (in_graph(commits, commit)) {
    bool readable = hf_graph_parents(parents, count, HF_PARENTS_MAX, commits->graph, commit);
    return readable ? HF_OK : hf_fail(err, HF_UNSUPPORTED, "the commit-graph cannot be read");
  }
  const extra *own = extra_of(commits, commit);
  *count = own->parent_count;
  memcpy(parents, own->parent_count > 2 ? own->parents : own->first_parents, own->parent_count * sizeof(*parents));
  return HF_OK;
}

uint32_t hf_commit_level(const hf_commits *commits, uint32_t commit) {
  if (!in_graph(commits, commit)) return UINT32_MAX;
  return hf_commits_have_levels(commits) ? hf_graph_level(commits->graph, commit) : 0;
}

uint64_t hf_commit_generation(const hf_commits *commits, uint32_t commit) {
  if (!in_graph(commits, commit)) return UINT64_MAX;
  if (hf_graph_has_corrected_dates(commits->graph)) return hf_graph_corrected_date(commits->graph, commit);
  return hf_graph_level(commits->graph, commit);
}

/* ---- acquiring ---- */

/** A shallow repository or one with grafts has another history than its objects tell. */
static int check_plain(const char *gitdir, hf_error *err) {
  static const char *const files[] = {"shallow", "info/grafts"};
  for (size_t i = 0; i < HF_ARRAY_SIZE(files); i++) {
    char path[PATH_MAX];
    struct stat st;
    if ((size_t)snprintf(path, sizeof(path), "%s/%s", gitdir, files[i]) >= sizeof(path)) continue;
    if (stat(path, &st) == 0 && st.st_size > 0) return hf_fail(err, HF_UNSUPPORTED, "the repository has a file %s", files[i]);
  }
  return HF_OK;
}

int hf_commits_acquire(hf_commits **out, hf_repo *repo, hf_error *err) {
  char objects_dir[PATH_MAX];
  int rc = check_plain(repo->gitdir, err);
  if (rc < 0) return rc;
  if ((size_t)snprintf(objects_dir, sizeof(objects_dir), "%s/objects", repo->gitdir) >= sizeof(objects_dir) - 128) {
    return hf_fail(err, HF_NO_REPOSITORY, "the path is too long");
  }
  hf_slot *slot;
  if ((rc = hf_slot_acquire(&slot, &slots, repo->gitdir, err)) < 0) return rc;
  commits_slot *own = (commits_slot *)slot;
  pthread_mutex_lock(&slot->lock);
  hf_commits *commits = own->current;
  bool full = commits && atomic_load(&commits->extra_count) > EXTRAS_KEPT_MAX;
  if (commits && (full || !hf_graph_is_current(commits->graph, objects_dir))) {
    own->current = NULL;
    hf_commits_release(commits);
    commits = NULL;
  }
  if (!commits) {
    hf_graph *graph;
    rc = hf_graph_open(&graph, objects_dir, err);
    if (rc == HF_OK) {
      commits = new_commits(graph);
      own->current = commits;
      if (!commits) rc = hf_fail_memory(err);
    }
  }
  if (rc == HF_OK && repo->quarantine) {
    hf_graph_retain(commits->graph);
    commits = new_commits(commits->graph);
    if (!commits) rc = hf_fail_memory(err);
  } else if (rc == HF_OK) {
    atomic_fetch_add(&commits->users, 1);
  }
  pthread_mutex_unlock(&slot->lock);
  hf_slot_release(&slots, slot);
  if (rc == HF_OK) *out = commits;
  return rc;
}
