/* Revisions, ranges and pseudo revisions, as git rev-list reads its arguments (gitrevisions(7)). */
#include "log.h"
#include "refs.h"
#include "revision.h"

#define TAG_DEPTH_MAX 64

void hf_tips_free(hf_tips *tips) {
  for (size_t i = 0; i < tips->count; i++) free(tips->items[i].path);
  free(tips->items);
  memset(tips, 0, sizeof(*tips));
}

typedef struct {
  hf_tips *tips;
  hf_walk *walk;
  bool objects;
  uint16_t flags; /* what --not has made the normal case */
} reading;

static int add(reading *r, hf_tip tip) {
  hf_tips *tips = r->tips;
  if (tips->count == tips->capacity) {
    size_t capacity = tips->capacity ? tips->capacity * 2 : 8;
    hf_tip *items = realloc(tips->items, capacity * sizeof(*items));
    if (!items) return hf_fail_memory(r->walk->err);
    tips->items = items;
    tips->capacity = capacity;
  }
  tips->items[tips->count++] = tip;
  return HF_OK;
}

static int add_commit(reading *r, uint32_t commit, uint16_t flags) {
  return add(r, (hf_tip){.kind = HF_TIP_COMMIT, .commit = commit, .flags = flags});
}

/** The part behind the colon of REV:PATH, as git takes it: the colon must not stand inside braces. */
static const char *path_of(const char *revision) {
  int depth = 0;
  for (const char *at = revision; *at; at++) {
    if (*at == '{') depth++;
    else if (*at == '}') depth--;
    else if (*at == ':' && depth == 0) return at + 1;
  }
  return NULL;
}

/** Git repeats a path as it was given; only one without needless parts is known to come out the same. */
static bool is_plain_path(const char *path) {
  size_t length = strlen(path);
  if (length > 0 && (path[0] == '/' || path[0] == '.' || path[length - 1] == '/')) return false;
  return !strstr(path, "//") && !strstr(path, "/./") && !strstr(path, "/../");
}

/** A tree or blob, which only a listing of objects cares about. */
static int add_object(reading *r, const git_oid *oid, git_object_t type, const char *revision, uint16_t flags) {
  if (!r->objects) return HF_OK;
  hf_tip tip = {.kind = type == GIT_OBJECT_TREE ? HF_TIP_TREE : HF_TIP_BLOB, .flags = flags, .oid = *oid};
  const char *path = revision ? path_of(revision) : NULL;
  if (path && !is_plain_path(path)) return hf_fail(r->walk->err, HF_UNSUPPORTED, "a path with needless slashes or dots");
  if (path && !(tip.path = strdup(path))) return hf_fail_memory(r->walk->err);
  int rc = add(r, tip);
  if (rc < 0) free(tip.path);
  return rc;
}

/** Adds what an id leads to through tags. */
static int add_oid(reading *r, const git_oid *oid, const char *revision, uint16_t flags) {
  uint32_t commit;
  int rc = hf_walk_find(&commit, r->walk, oid);
  if (rc == HF_OK) return add_commit(r, commit, flags);
  if (rc != HF_WRONG_TYPE) return rc;
  git_oid at = *oid;
  for (int depth = 0; depth < TAG_DEPTH_MAX; depth++) {
    git_object_t type;
    size_t size;
    if ((rc = hf_repo_read_header(&type, &size, r->walk->repo, &at, r->walk->err)) < 0) return rc;
    if (type != GIT_OBJECT_TAG) return add_object(r, &at, type, depth == 0 ? revision : NULL, flags);
    git_oid tag = at;
    if ((rc = hf_tag_target(&at, r->walk->repo, &tag, r->walk->err)) < 0) return rc;
  }
  return hf_fail(r->walk->err, HF_UNSUPPORTED, "too many tags of tags");
}

static int not_found(reading *r, const char *argument) {
  return hf_fail_about(r->walk->err, HF_NOT_FOUND, argument, strlen(argument), "no such revision");
}

static int resolve(git_oid *out, reading *r, const char *revision, size_t length) {
  return hf_resolve(out, r->walk->repo, revision, length, HF_PEEL_OBJECT, r->walk->err);
}

/** A..B and A...B: 1 when it is such a range, 0 when it has to be read as one revision. */
static int add_range(reading *r, const char *argument) {
  const char *dots = strstr(argument, "..");
  if (!dots) return 0;
  bool symmetric = dots[2] == '.';
  const char *left = argument, *right = dots + (symmetric ? 3 : 2);
  size_t left_len = (size_t)(dots - argument), right_len = strlen(right);
  if (left_len == 0 && right_len == 0 && !symmetric) return 0; /* ".." is a path */
  if (left_len == 0) left = "HEAD", left_len = 4;
  if (right_len == 0) right = "HEAD", right_len = 4;
  git_oid a, b;
  uint32_t from, to;
  int rc = resolve(&a, r, left, left_len);
  if (rc == HF_OK) rc = resolve(&b, r, right, right_len);
  if (rc == HF_NOT_FOUND || rc == HF_INVALID) return 0;
  if (rc == HF_OK) rc = hf_walk_find(&from, r->walk, &a);
  if (rc == HF_OK) rc = hf_walk_find(&to, r->walk, &b);
  /* Git also takes trees for ends of A..B. */
  if (rc == HF_WRONG_TYPE) return hf_fail(r->walk->err, HF_UNSUPPORTED, "a range of what are no commits");
  if (rc < 0) return rc;
  uint16_t other = r->flags ^ HF_UNINTERESTING;
  if (!symmetric) {
    rc = add_commit(r, from, other);
  } else {
    hf_commit_list bases;
    *hf_bits(r->walk, from) |= HF_PARSED;
    *hf_bits(r->walk, to) |= HF_PARSED;
    if ((rc = hf_merge_bases(&bases, r->walk, from, to)) < 0) return rc;
    for (size_t i = 0; rc == HF_OK && i < bases.count; i++) rc = add_commit(r, bases.items[i], other);
    hf_list_free(&bases);
    if (rc == HF_OK) rc = add_commit(r, from, r->flags);
  }
  if (rc == HF_OK) rc = add_commit(r, to, r->flags);
  return rc == HF_OK ? 1 : rc;
}

static bool ends_with_mark(const char *argument) {
  size_t length = strlen(argument);
  if (length >= 2 && (strcmp(argument + length - 2, "^@") == 0 || strcmp(argument + length - 2, "^!") == 0)) return true;
  return strstr(argument, "^-") != NULL;
}

static int add_revision(reading *r, const char *argument) {
  if (ends_with_mark(argument)) return hf_fail(r->walk->err, HF_UNSUPPORTED, "a revision that stands for parents");
  int rc = add_range(r, argument);
  if (rc != 0) return rc < 0 ? rc : HF_OK;
  bool negated = argument[0] == '^';
  const char *revision = argument + negated;
  git_oid oid;
  rc = resolve(&oid, r, revision, strlen(revision));
  if (rc == HF_OK) rc = add_oid(r, &oid, revision, r->flags ^ (negated ? HF_UNINTERESTING : 0));
  return rc == HF_NOT_FOUND || rc == HF_INVALID ? not_found(r, argument) : rc;
}

/** All references with a prefix. A broken one, or one whose object is missing, makes git speak up: it shall do so itself. */
static int add_refs(reading *r, const char *prefix) {
  hf_refs_listing *listing;
  const char *const prefixes[] = {prefix};
  int rc = hf_refs_list_open(&listing, r->walk->repo->gitdir, prefixes, 1, r->walk->cancel, r->walk->err);
  if (rc < 0) return rc;
  hf_listed_ref ref;
  while ((rc = hf_refs_list_next(&ref, listing, NULL, r->walk->err)) > 0) {
    if ((rc = hf_walk_step(r->walk)) < 0) break;
    rc = add_oid(r, &ref.oid, NULL, r->flags);
    if (rc == HF_NOT_FOUND || rc == HF_CORRUPT) rc = hf_fail(r->walk->err, HF_UNSUPPORTED, "a reference points at nothing");
    if (rc < 0) break;
  }
  hf_refs_list_free(listing);
  return rc;
}

static int add_head(reading *r) {
  git_oid oid;
  int rc = hf_refs_lookup(&oid, r->walk->repo, "HEAD", r->walk->err);
  if (rc == HF_NOT_FOUND) return HF_OK;
  return rc < 0 ? rc : add_oid(r, &oid, NULL, r->flags);
}

static bool has_worktrees(const hf_repo *repo) {
  char *path = hf_path_join(repo->gitdir, "worktrees", NULL);
  struct stat st;
  bool found = path && stat(path, &st) == 0;
  free(path);
  return found;
}

static int add_argument(reading *r, const char *argument) {
  if (argument[0] != '-') return *argument ? add_revision(r, argument) : not_found(r, argument);
  if (strcmp(argument, "--not") == 0) {
    r->flags ^= HF_UNINTERESTING;
    return HF_OK;
  }
  if (strcmp(argument, "--branches") == 0) return add_refs(r, "refs/heads/");
  if (strcmp(argument, "--tags") == 0) return add_refs(r, "refs/tags/");
  if (strcmp(argument, "--remotes") == 0) return add_refs(r, "refs/remotes/");
  if (strcmp(argument, "--all") == 0 && !has_worktrees(r->walk->repo)) {
    int rc = add_refs(r, "refs/");
    return rc < 0 ? rc : add_head(r);
  }
  return hf_fail(r->walk->err, HF_UNSUPPORTED, "a pseudo revision that is left to git");
}

int hf_tips_parse(hf_tips *out, hf_walk *walk, const char *const *revisions, size_t count, bool objects) {
  memset(out, 0, sizeof(*out));
  reading r = {.tips = out, .walk = walk, .objects = objects};
  int rc = count > 0 ? HF_OK : hf_fail(walk->err, HF_UNSUPPORTED, "no revision");
  for (size_t i = 0; rc == HF_OK && i < count; i++) rc = add_argument(&r, revisions[i]);
  if (rc < 0) hf_tips_free(out);
  return rc;
}
