/* Reads the commit-graph file, or the chain of files, in place. Every offset that leads anywhere is checked before it is followed. */
#include "graph.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

#define LAYERS_MAX 64
#define HEADER_BYTES 8
#define CHUNK_ENTRY_BYTES 12
#define HASH_BYTES 20
#define FANOUT_BYTES (256 * 4)
#define DATA_BYTES (HASH_BYTES + 16)
#define NO_PARENT 0x70000000u
#define EDGE_FLAG 0x80000000u
#define EDGE_LAST 0x80000000u
#define OVERFLOW_FLAG 0x80000000u
#define POSITIONS_MAX 0x70000000u

typedef struct {
  void *map;
  size_t size;
  uint32_t base, count; /* positions base .. base + count - 1 */
  const uint8_t *fanout, *oids, *data, *edges, *dates, *date_overflow;
  uint32_t edge_count, date_overflow_count;
} layer;

typedef struct {
  dev_t device;
  ino_t inode;
  off_t size;
  struct timespec modified;
} stamp;

struct hf_graph {
  atomic_uint users;
  stamp file, chain; /* of the single file and of the chain's list, zeros when missing */
  uint32_t layer_count, count;
  bool has_levels, has_corrected_dates;
  layer layers[LAYERS_MAX];
};

static uint32_t be32(const uint8_t *at) { return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]; }

static uint64_t be64(const uint8_t *at) { return (uint64_t)be32(at) << 32 | be32(at + 4); }

void hf_graph_retain(hf_graph *graph) { atomic_fetch_add(&graph->users, 1); }

void hf_graph_release(hf_graph *graph) {
  if (!graph || atomic_fetch_sub(&graph->users, 1) != 1) return;
  for (uint32_t i = 0; i < graph->layer_count; i++) munmap(graph->layers[i].map, graph->layers[i].size);
  free(graph);
}

/* ---- opening ---- */

static void stamp_of(stamp *out, const char *path) {
  struct stat st;
  memset(out, 0, sizeof(*out));
  if (stat(path, &st) < 0) return;
  out->device = st.st_dev;
  out->inode = st.st_ino;
  out->size = st.st_size;
  out->modified = st.st_mtim;
}

static bool same_stamp(const stamp *a, const stamp *b) {
  return a->device == b->device && a->inode == b->inode && a->size == b->size && a->modified.tv_sec == b->modified.tv_sec &&
         a->modified.tv_nsec == b->modified.tv_nsec;
}

static void look(stamp *file, stamp *chain, const char *objects_dir) {
  char path[PATH_MAX];
  snprintf(path, sizeof(path), "%s/info/commit-graph", objects_dir);
  stamp_of(file, path);
  snprintf(path, sizeof(path), "%s/info/commit-graphs/commit-graph-chain", objects_dir);
  stamp_of(chain, path);
}

bool hf_graph_is_current(const hf_graph *graph, const char *objects_dir) {
  stamp file, chain;
  look(&file, &chain, objects_dir);
  return same_stamp(&file, &graph->file) && same_stamp(&chain, &graph->chain);
}

typedef struct {
  const uint8_t *at;
  size_t size;
} chunk;

static chunk find_chunk(const uint8_t *map, size_t size, uint32_t chunk_count, const char *name) {
  const uint8_t *entry = map + HEADER_BYTES;
  for (uint32_t i = 0; i < chunk_count; i++, entry += CHUNK_ENTRY_BYTES) {
    if (memcmp(entry, name, 4) != 0) continue;
    uint64_t start = be64(entry + 4), end = be64(entry + CHUNK_ENTRY_BYTES + 4);
    if (start > end || end > size) break;
    return (chunk){map + start, (size_t)(end - start)};
  }
  return (chunk){NULL, 0};
}

/** Finds the parts of a mapped layer; false when it is not one that we can use. */
static bool read_layer(layer *out, uint32_t base) {
  const uint8_t *map = out->map;
  /* Signature, version 1, SHA-1, number of chunks, number of layers below. */
  if (out->size < HEADER_BYTES + HASH_BYTES || memcmp(map, "CGPH\1\1", 6) != 0) return false;
  uint32_t chunk_count = map[6];
  if (out->size < HEADER_BYTES + (size_t)(chunk_count + 1) * CHUNK_ENTRY_BYTES + HASH_BYTES) return false;
  chunk fanout = find_chunk(map, out->size, chunk_count, "OIDF");
  chunk oids = find_chunk(map, out->size, chunk_count, "OIDL");
  chunk data = find_chunk(map, out->size, chunk_count, "CDAT");
  chunk edges = find_chunk(map, out->size, chunk_count, "EDGE");
  chunk dates = find_chunk(map, out->size, chunk_count, "GDA2");
  chunk overflow = find_chunk(map, out->size, chunk_count, "GDO2");
  if (fanout.size != FANOUT_BYTES) return false;
  for (int i = 1; i < 256; i++)
    if (be32(fanout.at + 4 * (i - 1)) > be32(fanout.at + 4 * i)) return false;
  uint32_t count = be32(fanout.at + 4 * 255);
  if (count > POSITIONS_MAX - base) return false;
  if (oids.size != (size_t)count * HASH_BYTES || data.size != (size_t)count * DATA_BYTES) return false;
  out->base = base;
  out->count = count;
  out->fanout = fanout.at;
  out->oids = oids.at;
  out->data = data.at;
  out->edges = edges.at;
  out->edge_count = (uint32_t)(edges.size / 4);
  if (dates.size == (size_t)count * 4) out->dates = dates.at;
  out->date_overflow = overflow.at;
  out->date_overflow_count = (uint32_t)(overflow.size / 8);
  return true;
}

/** Maps a file as the next layer: 1, or 0 when it is missing or of no use. */
static int add_layer(hf_graph *graph, const char *path, hf_error *err) {
  if (graph->layer_count == LAYERS_MAX) return 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT || errno == ENOTDIR ? 0 : hf_fail_os(err, errno, "open a commit-graph");
  struct stat st;
  layer *next = &graph->layers[graph->layer_count];
  *next = (layer){.map = MAP_FAILED};
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
    next->size = (size_t)st.st_size;
    next->map = mmap(NULL, next->size, PROT_READ, MAP_SHARED, fd, 0);
  }
  close(fd);
  if (next->map == MAP_FAILED) return 0;
  if (!read_layer(next, graph->count)) {
    munmap(next->map, next->size);
    return 0;
  }
  graph->count += next->count;
  graph->layer_count++;
  return 1;
}

static void drop_layers(hf_graph *graph) {
  for (uint32_t i = 0; i < graph->layer_count; i++) munmap(graph->layers[i].map, graph->layers[i].size);
  graph->layer_count = graph->count = 0;
}

/** A chain lists the hashes of its layers, the lowest first. Without one of them it is of no use. */
static int add_chain(hf_graph *graph, const char *objects_dir, hf_error *err) {
  char path[PATH_MAX];
  snprintf(path, sizeof(path), "%s/info/commit-graphs/commit-graph-chain", objects_dir);
  FILE *list = fopen(path, "re");
  if (!list) return HF_OK;
  char line[GIT_OID_HEXSZ + 8];
  int rc = 1;
  while (rc > 0 && fgets(line, sizeof(line), list)) {
    line[strcspn(line, "\n")] = '\0';
    git_oid hash;
    bool valid = strlen(line) == GIT_OID_HEXSZ && hf_oid_prefix(&hash, line, GIT_OID_HEXSZ) == GIT_OID_HEXSZ;
    if (!valid || (size_t)snprintf(path, sizeof(path), "%s/info/commit-graphs/graph-%s.graph", objects_dir, line) >= sizeof(path)) rc = 0;
    else rc = add_layer(graph, path, err);
  }
  fclose(list);
  if (rc == 0) drop_layers(graph);
  return rc < 0 ? rc : HF_OK;
}

/** Which kinds of generations all layers have. */
static void look_at_generations(hf_graph *graph) {
  graph->has_levels = graph->has_corrected_dates = graph->layer_count > 0;
  for (uint32_t i = 0; i < graph->layer_count; i++) {
    const layer *each = &graph->layers[i];
    if (each->count > 0 && be32(each->data + HASH_BYTES + 8) >> 2 == 0) graph->has_levels = false;
    if (!each->dates) graph->has_corrected_dates = false;
  }
}

int hf_graph_open(hf_graph **out, const char *objects_dir, hf_error *err) {
  if (strlen(objects_dir) > PATH_MAX - 128) return hf_fail(err, HF_NO_REPOSITORY, "the path is too long");
  hf_graph *graph = calloc(1, sizeof(*graph));
  if (!graph) return hf_fail_memory(err);
  atomic_init(&graph->users, 1);
  /* What changes after this look is seen the next time. */
  look(&graph->file, &graph->chain, objects_dir);
  char path[PATH_MAX];
  snprintf(path, sizeof(path), "%s/info/commit-graph", objects_dir);
  int rc = add_layer(graph, path, err);
  if (rc == 0) rc = add_chain(graph, objects_dir, err);
  if (rc < 0) {
    hf_graph_release(graph);
    return rc;
  }
  look_at_generations(graph);
  *out = graph;
  return HF_OK;
}

/* ---- commits ---- */

uint32_t hf_graph_count(const hf_graph *graph) { return graph->count; }

bool hf_graph_has_levels(const hf_graph *graph) { return graph->has_levels; }

bool hf_graph_has_corrected_dates(const hf_graph *graph) { return graph->has_corrected_dates; }

static const layer *layer_of(const hf_graph *graph, uint32_t position) {
  const layer *found = &graph->layers[graph->layer_count - 1];
  while (position < found->base) found--;
  return found;
}

static const uint8_t *data_of(const hf_graph *graph, uint32_t position) {
  const layer *own = layer_of(graph, position);
  return own->data + (size_t)(position - own->base) * DATA_BYTES;
}

static bool find_in_layer(uint32_t *position, const layer *own, const git_oid *oid) {
  uint32_t low = oid->id[0] ? be32(own->fanout + 4 * (oid->id[0] - 1)) : 0;
  uint32_t high = be32(own->fanout + 4 * oid->id[0]);
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    int order = memcmp(own->oids + (size_t)middle * HASH_BYTES, oid->id, HASH_BYTES);
    if (order == 0) {
      *position = own->base + middle;
      return true;
    }
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return false;
}

bool hf_graph_find(uint32_t *position, const hf_graph *graph, const git_oid *oid) {
  for (uint32_t i = graph->layer_count; i-- > 0;)
    if (find_in_layer(position, &graph->layers[i], oid)) return true;
  return false;
}

void hf_graph_oid(git_oid *out, const hf_graph *graph, uint32_t position) {
  const layer *own = layer_of(graph, position);
  memcpy(out->id, own->oids + (size_t)(position - own->base) * HASH_BYTES, HASH_BYTES);
}

void hf_graph_tree(git_oid *out, const hf_graph *graph, uint32_t position) { memcpy(out->id, data_of(graph, position), HASH_BYTES); }

uint64_t hf_graph_date(const hf_graph *graph, uint32_t position) {
  return be64(data_of(graph, position) + HASH_BYTES + 8) & 0x3ffffffffu;
}

uint32_t hf_graph_level(const hf_graph *graph, uint32_t position) { return be32(data_of(graph, position) + HASH_BYTES + 8) >> 2; }

uint64_t hf_graph_corrected_date(const hf_graph *graph, uint32_t position) {
  const layer *own = layer_of(graph, position);
  uint64_t date = hf_graph_date(graph, position);
  uint32_t offset = be32(own->dates + (size_t)(position - own->base) * 4);
  if (!(offset & OVERFLOW_FLAG)) return date + offset;
  offset &= ~OVERFLOW_FLAG;
  return offset < own->date_overflow_count ? date + be64(own->date_overflow + (size_t)offset * 8) : date;
}

bool hf_graph_parents(uint32_t *parents, uint32_t *count, uint32_t max, const hf_graph *graph, uint32_t position) {
  const layer *own = layer_of(graph, position);
  const uint8_t *data = own->data + (size_t)(position - own->base) * DATA_BYTES + HASH_BYTES;
  uint32_t end = own->base + own->count;
  uint32_t first = be32(data), second = be32(data + 4);
  *count = 0;
  if (first == NO_PARENT) return second == NO_PARENT;
  if (first >= end || max < 1) return false;
  parents[(*count)++] = first;
  if (second == NO_PARENT) return true;
  if (!(second & EDGE_FLAG)) {
    if (second >= end || max < 2) return false;
    parents[(*count)++] = second;
    return true;
  }
  for (uint32_t edge = second & ~EDGE_FLAG;; edge++) {
    if (edge >= own->edge_count || *count == max) return false;
    uint32_t value = be32(own->edges + (size_t)edge * 4);
    if ((value & ~EDGE_LAST) >= end) return false;
    parents[(*count)++] = value & ~EDGE_LAST;
    if (value & EDGE_LAST) return true;
  }
}
