/* The names of a transaction: each once, allowed, and none a folder of another (refs/heads/a and refs/heads/a/b). */
#include "ref_update.h"

size_t hf_ref_updates_place(const hf_ref_transaction *own, const char *name) {
  size_t low = 0, high = own->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (strcmp(own->updates[own->by_name[middle]].name, name) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

const char *hf_ref_updates_name(const hf_ref_transaction *own, size_t place) {
  return place < own->count ? own->updates[own->by_name[place]].name : NULL;
}

bool hf_ref_updates_have(const hf_ref_transaction *own, const char *name) {
  const char *found = hf_ref_updates_name(own, hf_ref_updates_place(own, name));
  return found && strcmp(found, name) == 0;
}

int hf_ref_updates_add(hf_ref_transaction *own, char *name, size_t *index, hf_error *err) {
  if (own->count == own->capacity) {
    size_t capacity = own->capacity ? own->capacity * 2 : 4;
    hf_ref_update *updates = realloc(own->updates, capacity * sizeof(*updates));
    if (updates) own->updates = updates;
    size_t *by_name = updates ? realloc(own->by_name, capacity * sizeof(*by_name)) : NULL;
    if (!by_name) {
      free(name);
      return hf_fail_memory(err);
    }
    own->by_name = by_name;
    own->capacity = capacity;
  }
  size_t place = hf_ref_updates_place(own, name);
  memmove(own->by_name + place + 1, own->by_name + place, (own->count - place) * sizeof(*own->by_name));
  own->by_name[place] = own->count;
  own->updates[own->count] = (hf_ref_update){.name = name, .parent = HF_REF_NO_INDEX, .lock = {.fd = -1}};
  *index = own->count++;
  return HF_OK;
}

static int compare_changes(const void *a, const void *b, void *changes) {
  const hf_ref_change *list = changes;
  return strcmp(list[*(const size_t *)a].name, list[*(const size_t *)b].name);
}

int hf_ref_updates_add_changes(hf_ref_preparation *p, const hf_ref_change *changes, size_t count) {
  hf_ref_transaction *own = p->own;
  size_t *sorted = malloc((count ? count : 1) * sizeof(*sorted));
  if (!sorted) return hf_fail_memory(p->err);
  for (size_t i = 0; i < count; i++) sorted[i] = i;
  qsort_r(sorted, count, sizeof(*sorted), compare_changes, (void *)changes);
  int rc = HF_OK;
  for (size_t i = 0; rc == HF_OK && i < count; i++) {
    const hf_ref_change *change = &changes[sorted[i]];
    bool removes = git_oid_is_zero(&change->new_oid);
    if (!(removes ? hf_ref_name_deletable(change->name) : hf_ref_name_writable(change->name))) {
      rc = hf_ref_refuse(p, HF_REFUSED_NAME, change->name);
    } else if (i > 0 && strcmp(change->name, changes[sorted[i - 1]].name) == 0) {
      rc = hf_ref_refuse(p, HF_REFUSED_REPEATED, change->name);
    } else {
      char *name = strdup(change->name);
      size_t index;
      rc = name ? hf_ref_updates_add(own, name, &index, p->err) : hf_fail_memory(p->err);
      if (rc < 0) break;
      own->order[sorted[i]] = index;
      hf_ref_update *added = &own->updates[index];
      added->new_oid = change->new_oid;
      added->removes = removes;
      added->has_expected = change->has_expected;
      if (change->has_expected) added->expected = change->expected;
    }
  }
  free(sorted);
  return rc;
}

/* ---- files and folders do not share names ---- */

/** Is there a reference whose name is a folder of this one's, in the repository or among the changes? */
static int check_parents(hf_ref_preparation *p, const hf_packed *packed, const char *name, bool look_at_loose) {
  char parent[HF_REF_NAME_MAX + 1];
  for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
    size_t length = (size_t)(slash - name);
    memcpy(parent, name, length);
    parent[length] = '\0';
    hf_packed_record record;
    int rc = hf_packed_find(&record, packed, parent, length, p->err);
    if (rc < 0) return rc;
    if (rc == 0 && look_at_loose) {
      hf_ref_value value;
      if ((rc = hf_ref_read(&value, p->own->gitdir, parent, p->err)) < 0) return rc;
      rc = value.kind != HF_REF_ABSENT;
    }
    if (rc > 0 || hf_ref_updates_have(p->own, parent)) return hf_ref_refuse_conflict(p, name, parent, length);
  }
  return HF_OK;
}

/** Finds a reference below `folder` (a name with its slash) that is loose: 1 and its name. */
static int find_loose_below(hf_ref_preparation *p, const char *folder, hf_listed_ref *found, hf_refs_listing **listing) {
  const char *const prefixes[] = {folder};
  int rc = hf_refs_list_open(listing, p->own->gitdir, prefixes, 1, p->cancel, p->err);
  return rc < 0 ? rc : hf_refs_list_next(found, *listing, NULL, p->err);
}

static int check_children(hf_ref_preparation *p, const hf_packed *packed, const char *name, bool look_at_loose) {
  char folder[HF_REF_NAME_MAX + 2];
  size_t length = (size_t)snprintf(folder, sizeof(folder), "%s/", name);
  const char *at;
  hf_packed_record record;
  int rc = hf_packed_seek(&at, packed, folder, length, p->err);
  if (rc == HF_OK) rc = hf_packed_next(&record, packed, &at, p->err);
  if (rc < 0) return rc;
  if (rc > 0 && record.name_len > length && memcmp(record.name, folder, length) == 0) {
    return hf_ref_refuse_conflict(p, name, record.name, record.name_len);
  }
  if (look_at_loose) {
    hf_refs_listing *listing = NULL;
    hf_listed_ref found;
    rc = find_loose_below(p, folder, &found, &listing);
    if (rc > 0) hf_ref_refuse_conflict(p, name, found.name, found.name_len);
    hf_refs_list_free(listing);
    if (rc != 0) return rc;
  }
  const char *changed = hf_ref_updates_name(p->own, hf_ref_updates_place(p->own, folder));
  if (changed && strncmp(changed, folder, length) == 0) return hf_ref_refuse_conflict(p, name, changed, strlen(changed));
  return HF_OK;
}

int hf_ref_check_name_free(hf_ref_preparation *p, const char *name, bool look_at_loose) {
  hf_packed *packed;
  int rc = hf_packed_acquire(&packed, p->own->gitdir, p->err);
  if (rc < 0) return rc;
  rc = check_parents(p, packed, name, look_at_loose);
  if (rc == HF_OK) rc = check_children(p, packed, name, look_at_loose);
  hf_packed_release(packed);
  return rc;
}
