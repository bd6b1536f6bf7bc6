/*
 * Listing: the loose files below the folders that the prefixes name, merged with the records of packed-refs. The folders are
 * read first and packed-refs afterwards, so that a reference which is packed meanwhile is seen in one place or the other.
 */
#include "refs.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#define CANCEL_INTERVAL 64
#define TAG_DEPTH_MAX 64
#define LOOSE_REFS_MAX (16 * 1024 * 1024)

/** A loose reference; its name, and the end of its chain when it is symbolic, stand in `text`. */
typedef struct {
  size_t name_at;
  uint32_t name_len;
  uint32_t target_len; /* 0: not symbolic */
  size_t target_at;
  bool broken; /* hides a packed one of the same name, and is left out */
  git_oid oid;
} loose_ref;

struct hf_refs_listing {
  char *gitdir;
  char **prefixes; /* sorted, none begins with another */
  size_t prefix_count;
  size_t prefix_index;
  hf_buffer text;
  hf_buffer loose; /* of loose_ref */
  size_t loose_index;
  hf_packed *packed;
  const char *packed_at;
  hf_packed_record record;
  bool record_set;
};

void hf_refs_list_free(hf_refs_listing *listing) {
  if (!listing) return;
  for (size_t i = 0; i < listing->prefix_count; i++) free(listing->prefixes[i]);
  free(listing->prefixes);
  hf_buffer_free(&listing->text);
  hf_buffer_free(&listing->loose);
  if (listing->packed) hf_packed_release(listing->packed);
  free(listing->gitdir);
  free(listing);
}

/* ---- prefixes ---- */

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static bool begins_with(const char *text, const char *prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

/** Only what is below refs/ is listed: "r" means all of it, "HEAD" nothing. */
static const char *below_refs(const char *prefix) {
  if (begins_with("refs/", prefix)) return "refs/";
  return begins_with(prefix, "refs/") ? prefix : NULL;
}

static int take_prefixes(hf_refs_listing *listing, const char *const *prefixes, size_t count, hf_error *err) {
  static const char *const everything[] = {"refs/"};
  if (count == 0) {
    prefixes = everything;
    count = 1;
  }
  listing->prefixes = calloc(count, sizeof(*listing->prefixes));
  if (!listing->prefixes) return hf_fail_memory(err);
  for (size_t i = 0; i < count; i++) {
    const char *prefix = below_refs(prefixes[i]);
    if (!prefix) continue;
    char *copy = strdup(prefix);
    if (!copy) return hf_fail_memory(err);
    listing->prefixes[listing->prefix_count++] = copy;
  }
  if (listing->prefix_count == 0) return HF_OK;
  qsort(listing->prefixes, listing->prefix_count, sizeof(char *), by_text);
  size_t kept = 1;
  for (size_t i = 1; i < listing->prefix_count; i++) {
    if (begins_with(listing->prefixes[i], listing->prefixes[kept - 1])) free(listing->prefixes[i]);
    else listing->prefixes[kept++] = listing->prefixes[i];
  }
  listing->prefix_count = kept;
  return HF_OK;
}

/* ---- loose references ---- */

/** Folders still to be read: names that end with a slash, one after the other, each with its NUL. */
typedef struct {
  hf_refs_listing *listing;
  const char *prefix;
  const hf_cancel *cancel;
  hf_buffer folders; /* a stack: offsets into `names` */
  hf_buffer names;
  size_t seen;
} loose_walk;

static void push_folder(loose_walk *walk, const char *name, size_t length) {
  size_t at = walk->names.length;
  hf_buffer_put(&walk->folders, &at, sizeof(at));
  hf_buffer_put(&walk->names, name, length);
  hf_buffer_put_u8(&walk->names, 0);
}

/** Does a name below this folder still have a chance to begin with the prefix? */
static bool folder_matches(const loose_walk *walk, const char *folder, size_t length) {
  size_t prefix_len = strlen(walk->prefix);
  return memcmp(folder, walk->prefix, length < prefix_len ? length : prefix_len) == 0;
}

static int add_loose(loose_walk *walk, int dir, const char *name, size_t name_len, const char *file, hf_error *err) {
  hf_refs_listing *listing = walk->listing;
  hf_ref_value value;
  int rc = hf_ref_read_loose(&value, dir, file, err);
  if (rc < 0 || value.kind == HF_REF_ABSENT) return rc; /* packed or deleted meanwhile */
  loose_ref ref = {.name_at = listing->text.length, .name_len = (uint32_t)name_len, .broken = true};
  hf_buffer_put(&listing->text, name, name_len);
  if (value.kind == HF_REF_DIRECT) {
    ref.oid = value.oid;
    ref.broken = false;
  } else if (value.kind == HF_REF_SYMBOLIC) {
    hf_ref_resolved end;
    if ((rc = hf_ref_resolve(&end, listing->gitdir, name, err)) < 0) return rc;
    if (end.kind == HF_REF_DIRECT) {
      ref.oid = end.oid;
      ref.broken = false;
      ref.target_at = listing->text.length;
      ref.target_len = end.symbolic ? (uint32_t)strlen(end.name) : 0;
      hf_buffer_put(&listing->text, end.name, ref.target_len);
    }
  }
  hf_buffer_put(&listing->loose, &ref, sizeof(ref));
  return HF_OK;
}

static bool is_folder(int dir, const struct dirent *entry) {
  if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK) return entry->d_type == DT_DIR;
  struct stat st;
  return fstatat(dir, entry->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static int read_entry(loose_walk *walk, int dir, const char *folder, size_t folder_len, const struct dirent *entry, hf_error *err) {
  char name[HF_REF_NAME_MAX + NAME_MAX + 2];
  size_t entry_len = strlen(entry->d_name);
  size_t length = folder_len + entry_len;
  if (entry->d_name[0] == '.' || length > HF_REF_NAME_MAX) return HF_OK;
  memcpy(name, folder, folder_len);
  memcpy(name + folder_len, entry->d_name, entry_len + 1);
  if (is_folder(dir, entry)) {
    name[length] = '/';
    if (folder_matches(walk, name, length + 1)) push_folder(walk, name, length + 1);
    return HF_OK;
  }
  if (!begins_with(name, walk->prefix) || !hf_ref_name_valid(name, false)) return HF_OK;
  if (++walk->seen % CANCEL_INTERVAL == 0 && hf_cancelled(walk->cancel)) return hf_fail_cancelled(err);
  if (walk->seen > LOOSE_REFS_MAX) return hf_fail(err, HF_TOO_LARGE, "more than %d loose references", LOOSE_REFS_MAX);
  return add_loose(walk, dir, name, length, entry->d_name, err);
}

static int read_folder(loose_walk *walk, const char *folder, size_t folder_len, hf_error *err) {
  char path[PATH_MAX];
  if ((size_t)snprintf(path, sizeof(path), "%s/%s", walk->listing->gitdir, folder) >= sizeof(path)) return HF_OK;
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    bool gone = errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG;
    return gone ? HF_OK : hf_fail_os(err, errno, "open a folder of references");
  }
  DIR *dir = fdopendir(fd);
  if (!dir) {
    close(fd);
    return hf_fail_memory(err);
  }
  int rc = HF_OK;
  for (;;) {
    errno = 0;
    const struct dirent *entry = readdir(dir);
    if (!entry) {
      if (errno) rc = hf_fail_os(err, errno, "read a folder of references");
      break;
    }
    if ((rc = read_entry(walk, dirfd(dir), folder, folder_len, entry, err)) < 0) break;
  }
  closedir(dir);
  return rc;
}

/** Finds the loose references of one prefix. */
static int walk_loose(hf_refs_listing *listing, const char *prefix, const hf_cancel *cancel, hf_error *err) {
  loose_walk walk = {.listing = listing, .prefix = prefix, .cancel = cancel};
  const char *slash = strrchr(prefix, '/');
  char folder[HF_REF_NAME_MAX + NAME_MAX + 2];
  size_t length = (size_t)(slash - prefix) + 1;
  if (length > HF_REF_NAME_MAX) return HF_OK;
  memcpy(folder, prefix, length);
  folder[length] = '\0';
  /* A prefix is text from a client: nothing that leaves the folder may be opened. */
  folder[length - 1] = '\0';
  bool safe = strcmp(folder, "refs") == 0 || hf_ref_name_valid(folder, false);
  folder[length - 1] = '/';
  if (!safe) return HF_OK;
  push_folder(&walk, folder, length);
  int rc = HF_OK;
  while (rc == HF_OK && walk.folders.length > 0 && !walk.folders.failed && !walk.names.failed) {
    size_t at;
    walk.folders.length -= sizeof(at);
    memcpy(&at, walk.folders.data + walk.folders.length, sizeof(at));
    length = strlen((char *)walk.names.data + at);
    memcpy(folder, walk.names.data + at, length + 1);
    walk.names.length = at;
    rc = read_folder(&walk, folder, length, err);
  }
  if (rc == HF_OK && (walk.folders.failed || walk.names.failed)) rc = hf_fail_memory(err);
  hf_buffer_free(&walk.folders);
  hf_buffer_free(&walk.names);
  return rc;
}

static int by_name(const void *a, const void *b, void *text) {
  const loose_ref *left = a, *right = b;
  size_t shorter = left->name_len < right->name_len ? left->name_len : right->name_len;
  int order = memcmp((char *)text + left->name_at, (char *)text + right->name_at, shorter);
  return order ? order : (left->name_len > right->name_len) - (left->name_len < right->name_len);
}

/* ---- merging ---- */

static int seek_prefix(hf_refs_listing *listing, hf_error *err) {
  const char *prefix = listing->prefixes[listing->prefix_index];
  listing->record_set = false;
  return hf_packed_seek(&listing->packed_at, listing->packed, prefix, strlen(prefix), err);
}

int hf_refs_list_open(hf_refs_listing **out, const char *gitdir, const char *const *prefixes, size_t count,
                      const hf_cancel *cancel, hf_error *err) {
  hf_refs_listing *listing = calloc(1, sizeof(*listing));
  if (!listing) return hf_fail_memory(err);
  listing->gitdir = strdup(gitdir);
  int rc = listing->gitdir ? take_prefixes(listing, prefixes, count, err) : hf_fail_memory(err);
  for (size_t i = 0; rc == HF_OK && i < listing->prefix_count; i++) rc = walk_loose(listing, listing->prefixes[i], cancel, err);
  if (rc == HF_OK && (listing->loose.failed || listing->text.failed)) rc = hf_fail_memory(err);
  if (rc == HF_OK) {
    size_t found = listing->loose.length / sizeof(loose_ref);
    if (found > 1) qsort_r(listing->loose.data, found, sizeof(loose_ref), by_name, listing->text.data);
    rc = hf_packed_acquire(&listing->packed, gitdir, err);
  }
  if (rc == HF_OK && listing->prefix_count > 0) rc = seek_prefix(listing, err);
  if (rc < 0) {
    hf_refs_list_free(listing);
    return rc;
  }
  *out = listing;
  return HF_OK;
}

/** Makes `record` the next packed one that matches: 1, or 0 when there is none. */
static int next_packed(hf_refs_listing *listing, hf_error *err) {
  while (!listing->record_set && listing->prefix_index < listing->prefix_count) {
    const char *prefix = listing->prefixes[listing->prefix_index];
    size_t prefix_len = strlen(prefix);
    int rc = hf_packed_next(&listing->record, listing->packed, &listing->packed_at, err);
    if (rc < 0) return rc;
    const hf_packed_record *record = &listing->record;
    if (rc > 0 && record->name_len >= prefix_len && memcmp(record->name, prefix, prefix_len) == 0) {
      listing->record_set = true;
    } else if (++listing->prefix_index < listing->prefix_count && (rc = seek_prefix(listing, err)) < 0) {
      return rc;
    }
  }
  return listing->record_set;
}

static int peel_object(hf_listed_ref *out, hf_repo *repo, hf_error *err) {
  git_oid oid = out->oid;
  for (int depth = 0; depth < TAG_DEPTH_MAX; depth++) {
    git_object_t type;
    size_t size;
    int rc = hf_repo_read_header(&type, &size, repo, &oid, err);
    if (rc == HF_NOT_FOUND || rc == HF_CORRUPT) return HF_OK; /* nothing to say about what is not there */
    if (rc < 0) return rc;
    if (type != GIT_OBJECT_TAG) {
      out->peeled = depth > 0;
      out->peeled_oid = oid;
      return HF_OK;
    }
    hf_object *object;
    if ((rc = hf_repo_read(&object, repo, &oid, err)) < 0) return rc;
    const char *content = hf_object_data(object);
    bool valid = hf_object_size(object) > 7 + GIT_OID_HEXSZ && memcmp(content, "object ", 7) == 0 &&
                 hf_oid_prefix(&oid, content + 7, GIT_OID_HEXSZ) == GIT_OID_HEXSZ;
    hf_object_free(object);
    if (!valid) return HF_OK;
  }
  return HF_OK;
}

/** A branch holds a commit by git's rules, so there is nothing to look for. */
static bool may_be_tag(const hf_listed_ref *ref) {
  return !(ref->name_len > 11 && memcmp(ref->name, "refs/heads/", 11) == 0);
}

static int give_loose(hf_listed_ref *out, const hf_refs_listing *listing, const loose_ref *ref, hf_repo *repo, hf_error *err) {
  out->name = (const char *)listing->text.data + ref->name_at;
  out->name_len = ref->name_len;
  out->oid = ref->oid;
  out->target = ref->target_len ? (const char *)listing->text.data + ref->target_at : NULL;
  out->target_len = ref->target_len;
  out->peeled = false;
  if (repo && may_be_tag(out)) return peel_object(out, repo, err);
  return HF_OK;
}

static bool parse_hex(git_oid *out, const char *hex) { return hf_oid_prefix(out, hex, GIT_OID_HEXSZ) == GIT_OID_HEXSZ; }

/** 1, or 0 for a record that git would call broken. */
static int give_packed(hf_listed_ref *out, const hf_packed_record *record, hf_repo *repo, hf_error *err) {
  char name[HF_REF_NAME_MAX + 1];
  if (record->name_len > HF_REF_NAME_MAX || memchr(record->name, '\0', record->name_len)) return 0;
  memcpy(name, record->name, record->name_len);
  name[record->name_len] = '\0';
  if (!hf_ref_name_valid(name, false)) return 0;
  if (!parse_hex(&out->oid, record->hex) || git_oid_is_zero(&out->oid)) return 0;
  out->name = record->name;
  out->name_len = record->name_len;
  out->target = NULL;
  out->target_len = 0;
  out->peeled = false;
  if (!repo) return 1;
  if (record->peeled_hex) {
    out->peeled = parse_hex(&out->peeled_oid, record->peeled_hex);
  } else if (!record->peel_known && may_be_tag(out)) {
    int rc = peel_object(out, repo, err);
    if (rc < 0) return rc;
  }
  return 1;
}

int hf_refs_list_next(hf_listed_ref *out, hf_refs_listing *listing, hf_repo *repo, hf_error *err) {
  for (;;) {
    int rc = next_packed(listing, err);
    if (rc < 0) return rc;
    bool has_packed = rc > 0;
    size_t loose_count = listing->loose.length / sizeof(loose_ref);
    const loose_ref *loose = listing->loose_index < loose_count ? (const loose_ref *)listing->loose.data + listing->loose_index : NULL;
    if (!loose && !has_packed) return 0;
    int order = loose ? -1 : 1;
    if (loose && has_packed) {
      const hf_packed_record *record = &listing->record;
      size_t shorter = loose->name_len < record->name_len ? loose->name_len : record->name_len;
      order = memcmp(listing->text.data + loose->name_at, record->name, shorter);
      if (order == 0) order = (loose->name_len > record->name_len) - (loose->name_len < record->name_len);
    }
    if (order >= 0) listing->record_set = false;
    if (order <= 0) listing->loose_index++;
    if (order > 0) {
      rc = give_packed(out, &listing->record, repo, err);
    } else {
      if (loose->broken) continue;
      rc = give_loose(out, listing, loose, repo, err);
      if (rc == HF_OK) rc = 1;
    }
    if (rc != 0) return rc;
  }
}
