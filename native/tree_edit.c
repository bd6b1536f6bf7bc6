/*
 * Editing trees: the edits become a tree of nodes, which is then laid over the base. Only folders with a node are read and
 * written; everything else keeps its entry.
 */
#include "tree_edit.h"
#include "revision.h"
#include <strings.h>

#define DEPTH_MAX 1024

typedef enum { NODE_FOLDER, NODE_PUT, NODE_REMOVE } node_kind;

typedef struct node {
  struct node *next_in_bucket;
  struct node *parent;
  struct node *next; /* sibling */
  struct node *children;
  const char *name;
  size_t name_len;
  node_kind kind;
  bool fresh; /* what the base has here is gone */
  uint32_t mode;
  git_oid oid;
  const uint8_t *old_oid; /* of the base's entry, while its tree is open; NULL when there is none */
  uint32_t old_mode;
} node;

typedef struct {
  node **buckets;
  size_t bucket_count;
  node *nodes; /* one block: every edit needs at most as many as its path has segments */
  size_t node_count;
  hf_repo *repo;
  hf_error *err;
} editor;

/* ---- from edits to nodes ---- */

static size_t hash_of(const node *parent, const char *name, size_t length) {
  uint64_t hash = 14695981039346656037u ^ (uint64_t)(uintptr_t)parent;
  for (size_t i = 0; i < length; i++) hash = (hash ^ (uint8_t)name[i]) * 1099511628211u;
  return (size_t)(hash ^ hash >> 29);
}

static node *child_of(editor *edit, node *parent, const char *name, size_t length) {
  node **bucket = &edit->buckets[hash_of(parent, name, length) & (edit->bucket_count - 1)];
  for (node *child = *bucket; child; child = child->next_in_bucket)
    if (child->parent == parent && child->name_len == length && memcmp(child->name, name, length) == 0) return child;
  node *child = &edit->nodes[edit->node_count++];
  child->parent = parent;
  child->name = name;
  child->name_len = length;
  child->next_in_bucket = *bucket;
  *bucket = child;
  child->next = parent->children;
  parent->children = child;
  return child;
}

/** Forgets what earlier edits did below a node. The nodes stay in the table, as ones that change nothing. */
static void clear_below(node *top) {
  for (node *child = top->children; child; child = child->next) {
    clear_below(child);
    child->kind = NODE_REMOVE;
    child->fresh = true;
  }
}

/** Names that git refuses in trees, since a checkout of them would do harm. */
static bool is_name(const char *name, size_t length) {
  if (length == 0 || memchr(name, 0, length)) return false;
  if (name[0] != '.') return true;
  return length > 2 ? !(length == 4 && strncasecmp(name, ".git", 4) == 0) : !(length == 1 || name[1] == '.');
}

static int add_edit(editor *edit, node *root, uint32_t mode, const git_oid *oid, const char *path, size_t path_len) {
  const char *at = path, *end = path + path_len;
  node *current = root;
  int depth = 0;
  for (;;) {
    const char *slash = memchr(at, '/', (size_t)(end - at));
    size_t length = (size_t)((slash ? slash : end) - at);
    if (!is_name(at, length) || ++depth > DEPTH_MAX) return hf_fail_about(edit->err, HF_INVALID, path, path_len, "a path that cannot be in a tree");
    current = child_of(edit, current, at, length);
    if (!slash) break;
    if (current->kind != NODE_FOLDER && mode != 0) {
      current->kind = NODE_FOLDER;
      current->fresh = true;
    } else if (current->kind != NODE_FOLDER) {
      /* Below what was put or removed there is nothing to remove. */
      return HF_OK;
    }
    at = slash + 1;
  }
  clear_below(current);
  current->kind = mode ? NODE_PUT : NODE_REMOVE;
  current->fresh = true;
  current->mode = mode;
  if (oid) current->oid = *oid;
  return HF_OK;
}

static int read_edits(editor *edit, const uint8_t *edits, size_t length) {
  size_t nodes = 1;
  for (hf_reader pass = {edits, edits + length, false}; pass.at < pass.end && !pass.failed;) {
    git_oid oid;
    size_t path_len;
    hf_reader_u32(&pass);
    hf_reader_oid(&pass, &oid);
    const char *path = hf_reader_text(&pass, &path_len);
    nodes++;
    for (size_t i = 0; i < path_len; i++) nodes += path[i] == '/';
    if (pass.failed) return hf_fail(edit->err, HF_INVALID, "malformed edits");
  }
  edit->bucket_count = 64;
  while (edit->bucket_count < nodes) edit->bucket_count *= 2;
  edit->buckets = calloc(edit->bucket_count, sizeof(*edit->buckets));
  edit->nodes = calloc(nodes, sizeof(*edit->nodes));
  if (!edit->buckets || !edit->nodes) return hf_fail_memory(edit->err);
  edit->node_count = 1;
  int rc = HF_OK;
  for (hf_reader pass = {edits, edits + length, false}; rc == HF_OK && pass.at < pass.end;) {
    git_oid oid;
    size_t path_len;
    uint32_t mode = hf_reader_u32(&pass);
    hf_reader_oid(&pass, &oid);
    const char *path = hf_reader_text(&pass, &path_len);
    rc = add_edit(edit, &edit->nodes[0], mode, &oid, path, path_len);
  }
  return rc;
}

/* ---- from nodes to trees ---- */

/** An entry of the tree that is made. */
typedef struct {
  const char *name;
  size_t name_len;
  uint32_t mode;
  git_oid oid;
} result;

static int compare_results(const void *a, const void *b) {
  const result *x = a, *y = b;
  return hf_tree_compare(x->name, x->name_len, hf_mode_is_tree(x->mode), y->name, y->name_len, hf_mode_is_tree(y->mode));
}

static void put_result(hf_buffer *out, uint32_t mode, const char *name, size_t name_len, const uint8_t *oid) {
  char digits[16];
  int length = snprintf(digits, sizeof(digits), "%o ", mode);
  hf_buffer_put(out, digits, (size_t)length);
  hf_buffer_put(out, name, name_len);
  hf_buffer_put_u8(out, 0);
  hf_buffer_put(out, oid, GIT_OID_RAWSZ);
}

static bool puts_something(const node *top) {
  if (top->kind == NODE_PUT) return true;
  if (top->kind == NODE_REMOVE) return false;
  for (const node *child = top->children; child; child = child->next)
    if (puts_something(child)) return true;
  return false;
}

static int make_tree(editor *edit, node *folder, const git_oid *base, git_oid *out, bool *empty);

/** What becomes of a child: an entry, or none (mode 0). */
static int make_child(editor *edit, node *child, result *made) {
  *made = (result){.name = child->name, .name_len = child->name_len};
  if (child->kind == NODE_REMOVE) return HF_OK;
  if (child->kind == NODE_PUT) {
    made->mode = child->mode;
    made->oid = child->oid;
    return HF_OK;
  }
  git_oid base;
  if (child->old_oid) memcpy(base.id, child->old_oid, GIT_OID_RAWSZ);
  bool was_folder = child->old_oid && hf_mode_is_tree(child->old_mode);
  if (child->old_oid && !was_folder && !child->fresh && !puts_something(child)) {
    /* Only removals below a file: there was nothing to remove. */
    made->mode = child->old_mode;
    made->oid = base;
    return HF_OK;
  }
  bool empty;
  int rc = make_tree(edit, child, was_folder && !child->fresh ? &base : NULL, &made->oid, &empty);
  made->mode = empty ? 0 : 0040000;
  return rc;
}

static node *find_child(editor *edit, const node *parent, const hf_tree_entry *entry) {
  node *child = edit->buckets[hash_of(parent, entry->name, entry->name_len) & (edit->bucket_count - 1)];
  while (child && !(child->parent == parent && child->name_len == entry->name_len && memcmp(child->name, entry->name, entry->name_len) == 0))
    child = child->next_in_bucket;
  return child;
}

/** Writes the merged entries of a folder. `results` are sorted; entries of the base whose name has a node are left out. */
static int merge_entries(editor *edit, const node *folder, hf_buffer *out, const uint8_t *at, const uint8_t *end, const result *results,
                         size_t count) {
  size_t next = 0;
  hf_tree_entry entry;
  int rc;
  while ((rc = hf_tree_next(&entry, &at, end)) > 0) {
    if (find_child(edit, folder, &entry)) continue;
    for (; next < count; next++) {
      const result *made = &results[next];
      if (hf_tree_compare(made->name, made->name_len, hf_mode_is_tree(made->mode), entry.name, entry.name_len, hf_mode_is_tree(entry.mode)) > 0) break;
      put_result(out, made->mode, made->name, made->name_len, made->oid.id);
    }
    put_result(out, entry.mode, entry.name, entry.name_len, entry.oid);
  }
  for (; next < count; next++) put_result(out, results[next].mode, results[next].name, results[next].name_len, results[next].oid.id);
  if (rc < 0) return hf_fail(edit->err, HF_CORRUPT, "a malformed tree");
  return out->failed ? hf_fail_memory(edit->err) : HF_OK;
}

/** The results of all children, sorted, without those that vanish. */
static int make_children(editor *edit, node *folder, const uint8_t *at, const uint8_t *end, result **out, size_t *out_count) {
  size_t count = 0, made = 0;
  for (const node *child = folder->children; child; child = child->next) count++;
  result *results = calloc(count + 1, sizeof(*results));
  if (!results) return hf_fail_memory(edit->err);
  hf_tree_entry entry;
  for (size_t found = 0; found < count && hf_tree_next(&entry, &at, end) > 0;) {
    node *child = find_child(edit, folder, &entry);
    if (!child) continue;
    child->old_oid = entry.oid;
    child->old_mode = entry.mode;
    found++;
  }
  int rc = HF_OK;
  for (node *child = folder->children; rc == HF_OK && child; child = child->next) {
    rc = make_child(edit, child, &results[made]);
    if (rc == HF_OK && results[made].mode != 0) made++;
  }
  if (rc < 0) {
    free(results);
    return rc;
  }
  qsort(results, made, sizeof(*results), compare_results);
  *out = results;
  *out_count = made;
  return HF_OK;
}

/** Writes a tree unless it is the base's as it was. */
static int write_tree(editor *edit, const hf_buffer *content, const hf_object *base, git_oid *out) {
  const void *bytes = content->data ? (const void *)content->data : "";
  if (!base || hf_object_size(base) != content->length || memcmp(hf_object_data(base), bytes, content->length) != 0)
    return hf_repo_write(out, edit->repo, GIT_OBJECT_TREE, bytes, content->length, edit->err);
  int rc = git_odb_hash(out, bytes, content->length, GIT_OBJECT_TREE);
  return rc < 0 ? hf_fail_git(edit->err, rc, "hash a tree") : HF_OK;
}

static int make_tree(editor *edit, node *folder, const git_oid *base, git_oid *out, bool *empty) {
  hf_object *tree = NULL;
  const uint8_t *at = NULL, *end = NULL;
  *empty = true;
  if (base) {
    int rc = hf_read_tree(&tree, edit->repo, base, edit->err);
    if (rc < 0) return rc;
    at = hf_object_data(tree);
    end = at + hf_object_size(tree);
  }
  result *results = NULL;
  size_t count = 0;
  hf_buffer content = {0};
  int rc = make_children(edit, folder, at, end, &results, &count);
  if (rc == HF_OK) rc = merge_entries(edit, folder, &content, at, end, results, count);
  *empty = content.length == 0;
  if (rc == HF_OK && (!*empty || !folder->parent)) rc = write_tree(edit, &content, tree, out);
  free(results);
  hf_buffer_free(&content);
  hf_object_free(tree);
  return rc;
}

int hf_tree_edit(git_oid *out, hf_repo *repo, const git_oid *base, const uint8_t *edits, size_t length, hf_error *err) {
  editor edit = {.repo = repo, .err = err};
  bool empty;
  int rc = read_edits(&edit, edits, length);
  if (rc == HF_OK) rc = make_tree(&edit, &edit.nodes[0], base, out, &empty);
  free(edit.buckets);
  free(edit.nodes);
  return rc;
}
