/* Listing trees in the order of `git ls-tree -t -r`, a batch at a time. */
#include "tree_list.h"
#include "revision.h"

#define DEPTH_MAX 2048

typedef struct {
  hf_repo *repo;
  hf_tree_batch *out;
  const hf_tree_list_options *options;
  const hf_cancel *cancel;
  hf_error *err;
  hf_buffer path; /* prefix and folders of where we are */
} lister;

static void put_hex(hf_buffer *buffer, const uint8_t *oid) {
  static const char digits[] = "0123456789abcdef";
  uint8_t *at = hf_buffer_reserve(buffer, GIT_OID_HEXSZ);
  if (!at) return;
  for (size_t i = 0; i < GIT_OID_RAWSZ; i++) {
    *at++ = (uint8_t)digits[oid[i] >> 4];
    *at++ = (uint8_t)digits[oid[i] & 15];
  }
  buffer->length += GIT_OID_HEXSZ;
}

static void put_entry(lister *list, const hf_tree_entry *entry) {
  hf_tree_batch *out = list->out;
  put_hex(&out->text, entry->oid);
  hf_buffer_put(&out->text, list->path.data, list->path.length);
  hf_buffer_put(&out->text, entry->name, entry->name_len);
  hf_buffer_put_u32(&out->numbers, entry->mode);
  hf_buffer_put_u32(&out->numbers, (uint32_t)(list->path.length + entry->name_len));
  out->count++;
}

static int list_tree(lister *list, const git_oid *oid, const char *after, size_t after_len, int depth);

static int list_subtree(lister *list, const hf_tree_entry *entry, const char *after, size_t after_len, int depth) {
  git_oid oid;
  memcpy(oid.id, entry->oid, GIT_OID_RAWSZ);
  size_t before = list->path.length;
  hf_buffer_put(&list->path, entry->name, entry->name_len);
  hf_buffer_put_u8(&list->path, '/');
  int rc = list_tree(list, &oid, after, after_len, depth + 1);
  list->path.length = before;
  return rc;
}

/** Lists what follows `after`, a path from this tree (length 0: everything). Returns 1 when the batch is full. */
static int list_tree(lister *list, const git_oid *oid, const char *after, size_t after_len, int depth) {
  if (depth > DEPTH_MAX) return hf_fail(list->err, HF_UNSUPPORTED, "trees nested too deeply");
  if (hf_cancelled(list->cancel)) return hf_fail_cancelled(list->err);
  hf_object *tree;
  int rc = hf_read_tree(&tree, list->repo, oid, list->err);
  if (rc < 0) return rc;
  const uint8_t *at = hf_object_data(tree), *end = at + hf_object_size(tree);
  const char *slash = memchr(after, '/', after_len);
  size_t skip_len = slash ? (size_t)(slash - after) : after_len;
  bool skipping = after_len > 0;
  bool recursive = list->options->recursive;
  hf_tree_entry entry;
  int next;
  while (rc == HF_OK && (next = hf_tree_next(&entry, &at, end)) != 0) {
    if (next < 0) {
      rc = hf_fail(list->err, HF_CORRUPT, "a malformed tree");
      break;
    }
    const char *rest = "";
    size_t rest_len = 0;
    if (skipping) {
      if (entry.name_len != skip_len || memcmp(entry.name, after, skip_len) != 0) continue;
      skipping = false;
      if (slash) {
        rest = slash + 1;
        rest_len = after_len - skip_len - 1;
      }
    } else {
      if (list->out->text.length >= list->options->bytes_max) {
        rc = 1;
        break;
      }
      put_entry(list, &entry);
    }
    if (recursive && hf_mode_is_tree(entry.mode)) rc = list_subtree(list, &entry, rest, rest_len, depth);
  }
  hf_object_free(tree);
  return rc;
}

int hf_tree_list(hf_tree_batch *out, hf_repo *repo, const git_oid *treeish, const hf_tree_list_options *options,
                 const hf_cancel *cancel, hf_error *err) {
  lister list = {.repo = repo, .out = out, .options = options, .cancel = cancel, .err = err};
  hf_buffer_put(&list.path, options->prefix, options->prefix_len);
  int rc = list_tree(&list, treeish, options->after, options->after_len, 0);
  bool failed = list.path.failed || out->text.failed || out->numbers.failed;
  hf_buffer_free(&list.path);
  if (rc >= 0 && failed) rc = hf_fail_memory(err);
  out->more = rc == 1;
  if (rc < 0) hf_tree_batch_free(out);
  return rc < 0 ? rc : HF_OK;
}

void hf_tree_batch_free(hf_tree_batch *batch) {
  hf_buffer_free(&batch->text);
  hf_buffer_free(&batch->numbers);
}
