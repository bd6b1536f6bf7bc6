/*
 * Revisions, as git resolves them (gitrevisions(7)): the answer is git's own or HF_UNSUPPORTED, never a guess. Not here:
 * reflogs and `@{…}`, `^{/text}`, `:/text`, `:path` (the index), names made by git-describe, ambiguous abbreviations.
 */
#include "revision.h"
#include <limits.h>

#define ABBREVIATION_MIN 4
/* Each suffix is a level of recursion. */
#define DEPTH_MAX 64
#define REVISION_BYTES_MAX 8192

static int not_found(hf_error *err) { return hf_fail(err, HF_NOT_FOUND, "revision not found"); }

static int unsupported(hf_error *err, const char *what) { return hf_fail(err, HF_UNSUPPORTED, "revision syntax: %s", what); }

static bool ends_with(const char *text, size_t length, const char *end) {
  size_t end_len = strlen(end);
  return length >= end_len && memcmp(text + length - end_len, end, end_len) == 0;
}

/** Would git look such a name up at all? The rules of git-check-ref-format(1), one level allowed. */
static bool is_ref_name(const char *name, size_t length) {
  if (length == 0 || name[0] == '/' || name[length - 1] == '/' || name[length - 1] == '.') return false;
  if (length == 1 && name[0] == '@') return false;
  const char *component = name;
  for (size_t i = 0; i <= length; i++) {
    unsigned char c = i < length ? (unsigned char)name[i] : '/';
    if (c == '/') {
      size_t component_len = (size_t)(name + i - component);
      if (component_len == 0 || component[0] == '.' || ends_with(component, component_len, ".lock")) return false;
      component = name + i + 1;
      continue;
    }
    if (c < 0x20 || c == 0x7f || strchr(" ~^:?*[\\", c)) return false;
    if (i + 1 < length && ((c == '.' && name[i + 1] == '.') || (c == '@' && name[i + 1] == '{'))) return false;
  }
  return true;
}

static const char *const rules[] = {"%.*s", "refs/%.*s", "refs/tags/%.*s", "refs/heads/%.*s", "refs/remotes/%.*s", "refs/remotes/%.*s/HEAD"};

static int resolve_ref(git_oid *out, hf_repo *repo, const char *name, size_t length, hf_error *err) {
  char full[1100];
  if (length > 1024 || !is_ref_name(name, length)) return not_found(err);
  for (size_t i = 0; i < HF_ARRAY_SIZE(rules); i++) {
    snprintf(full, sizeof(full), rules[i], (int)length, name);
    int rc = hf_refs_lookup(out, repo, full, err);
    if (rc != HF_NOT_FOUND) return rc;
  }
  return not_found(err);
}

/** Does the name end like one of git-describe's, `…-g1234`? */
static bool is_described(const char *name, size_t length) {
  size_t digits = 0;
  while (digits < length && strchr("0123456789abcdefABCDEF", name[length - 1 - digits]) && name[length - 1 - digits]) digits++;
  return digits >= ABBREVIATION_MIN && ends_with(name, length - digits, "-g");
}

static int resolve_basic(git_oid *out, hf_repo *repo, const char *name, size_t length, hf_error *err) {
  git_oid prefix;
  size_t digits = hf_oid_prefix(&prefix, name, length);
  if (digits == length && length == GIT_OID_HEXSZ) {
    *out = prefix;
    return HF_OK;
  }
  if (memmem(name, length, "@{", 2)) return unsupported(err, "@{");
  if (length == 1 && name[0] == '@') return resolve_ref(out, repo, "HEAD", 4, err);
  int rc = resolve_ref(out, repo, name, length, err);
  if (rc != HF_NOT_FOUND) return rc;
  if (is_described(name, length)) return unsupported(err, "a name of git-describe");
  if (digits != length || length < ABBREVIATION_MIN) return not_found(err);
  rc = hf_repo_find_prefix(out, repo, &prefix, length, err);
  return rc == HF_AMBIGUOUS ? unsupported(err, "an ambiguous abbreviation") : rc;
}

static int resolve_suffixed(git_oid *out, hf_repo *repo, const char *name, size_t length, int depth, hf_error *err);

/** Peels; whatever does not lead there makes the whole revision unknown, as with git. */
static int peel(git_oid *out, hf_repo *repo, const git_oid *oid, git_object_t type, hf_error *err) {
  int rc = hf_peel(out, repo, oid, type, err);
  return rc == HF_WRONG_TYPE || rc == HF_NOT_FOUND ? not_found(err) : rc;
}

static int parent_of(git_oid *out, hf_repo *repo, const git_oid *commit, size_t number, hf_error *err) {
  hf_object *object;
  int rc = hf_repo_read(&object, repo, commit, err);
  if (rc == HF_OK) {
    rc = hf_commit_parent(out, hf_object_data(object), hf_object_size(object), number - 1);
    hf_object_free(object);
  }
  if (rc == HF_CORRUPT) return hf_fail(err, HF_CORRUPT, "a commit without a tree");
  return rc == HF_NOT_FOUND ? not_found(err) : rc;
}

static int resolve_relation(git_oid *out, hf_repo *repo, const char *name, size_t base_len, char relation, unsigned long number,
                            int depth, hf_error *err) {
  git_oid at;
  int rc = resolve_suffixed(&at, repo, name, base_len, depth + 1, err);
  if (rc == HF_OK) rc = peel(&at, repo, &at, GIT_OBJECT_COMMIT, err);
  if (rc == HF_OK && relation == '^' && number > 0) rc = parent_of(&at, repo, &at, number, err);
  if (relation == '~')
    for (unsigned long i = 0; rc == HF_OK && i < number; i++) rc = parent_of(&at, repo, &at, 1, err);
  if (rc == HF_OK) *out = at;
  return rc;
}

/** The object without its tags. */
static int peel_tags(git_oid *out, hf_repo *repo, const git_oid *oid, hf_error *err) {
  git_object_t type;
  size_t size;
  *out = *oid;
  for (;;) {
    int rc = hf_repo_read_header(&type, &size, repo, out, err);
    if (rc == HF_NOT_FOUND) return not_found(err);
    if (rc < 0 || type != GIT_OBJECT_TAG) return rc;
    if ((rc = hf_tag_target(out, repo, out, err)) < 0) return rc;
  }
}

/** `name^{…}`; HF_INVALID when it is none. */
static int resolve_braces(git_oid *out, hf_repo *repo, const char *name, size_t length, int depth, hf_error *err) {
  if (length < 4 || name[length - 1] != '}') return HF_INVALID;
  size_t open = length - 1;
  while (open > 0 && !(name[open] == '{' && name[open - 1] == '^')) open--;
  if (open < 2) return HF_INVALID;
  const char *wanted = name + open + 1;
  size_t wanted_len = length - open - 2;
  if (wanted_len > 0 && wanted[0] == '/') return unsupported(err, "^{/text}");
  static const struct {
    const char *name;
    git_object_t type;
  } types[] = {{"commit", GIT_OBJECT_COMMIT}, {"tag", GIT_OBJECT_TAG},    {"tree", GIT_OBJECT_TREE},
               {"blob", GIT_OBJECT_BLOB},     {"object", GIT_OBJECT_ANY}, {"", GIT_OBJECT_INVALID}};
  for (size_t i = 0; i < HF_ARRAY_SIZE(types); i++) {
    if (strlen(types[i].name) != wanted_len || memcmp(types[i].name, wanted, wanted_len) != 0) continue;
    git_oid base;
    int rc = resolve_suffixed(&base, repo, name, open - 1, depth + 1, err);
    if (rc < 0) return rc;
    return types[i].type == GIT_OBJECT_INVALID ? peel_tags(out, repo, &base, err) : peel(out, repo, &base, types[i].type, err);
  }
  return HF_INVALID;
}

static int resolve_suffixed(git_oid *out, hf_repo *repo, const char *name, size_t length, int depth, hf_error *err) {
  if (depth > DEPTH_MAX) return unsupported(err, "too many suffixes");
  size_t digits = 0;
  while (digits < length && name[length - 1 - digits] >= '0' && name[length - 1 - digits] <= '9') digits++;
  char relation = digits < length ? name[length - 1 - digits] : 0;
  if (relation == '~' || relation == '^') {
    unsigned long number = digits == 0 ? 1 : 0;
    for (size_t i = length - digits; i < length; i++) {
      number = number * 10 + (unsigned long)(name[i] - '0');
      if (number > INT_MAX) return not_found(err);
    }
    return resolve_relation(out, repo, name, length - digits - 1, relation, number, depth, err);
  }
  int rc = resolve_braces(out, repo, name, length, depth, err);
  return rc == HF_INVALID ? resolve_basic(out, repo, name, length, err) : rc;
}

/** Where the path of `rev:path` begins: the first colon outside braces. */
static const char *find_colon(const char *name, size_t length) {
  int braces = 0;
  for (size_t i = 0; i < length; i++) {
    if (name[i] == '{') braces++;
    else if (braces > 0 && name[i] == '}') braces--;
    else if (braces == 0 && name[i] == ':') return name + i;
  }
  return NULL;
}

static int resolve_path(git_oid *out, hf_repo *repo, const char *name, const char *colon, size_t length, hf_error *err) {
  const char *path = colon + 1;
  size_t path_len = length - (size_t)(path - name);
  if (colon == name) return unsupported(err, "the index or a search");
  if ((path_len >= 2 && memcmp(path, "./", 2) == 0) || (path_len >= 3 && memcmp(path, "../", 3) == 0))
    return unsupported(err, "a relative path");
  git_oid tree;
  int rc = resolve_suffixed(&tree, repo, name, (size_t)(colon - name), 0, err);
  if (rc == HF_OK) rc = peel(&tree, repo, &tree, GIT_OBJECT_TREE, err);
  if (rc < 0) return rc;
  if (path_len == 0) {
    *out = tree;
    return HF_OK;
  }
  /* `dir/` names a directory, never a file. */
  bool directory = path[path_len - 1] == '/';
  hf_found_entry entry;
  rc = hf_tree_find(&entry, repo, &tree, path, path_len - (directory ? 1 : 0), err);
  if (rc == HF_OK && directory && !hf_mode_is_tree(entry.mode)) rc = HF_NOT_FOUND;
  if (rc < 0) return rc == HF_NOT_FOUND ? not_found(err) : rc;
  *out = entry.oid;
  return HF_OK;
}

/** A revision that may end in a path. */
static int resolve_name(git_oid *out, hf_repo *repo, const char *revision, size_t length, hf_error *err) {
  int rc = resolve_suffixed(out, repo, revision, length, 0, err);
  const char *colon = rc == HF_NOT_FOUND ? find_colon(revision, length) : NULL;
  return colon ? resolve_path(out, repo, revision, colon, length, err) : rc;
}

int hf_resolve(git_oid *out, hf_repo *repo, const char *revision, size_t length, hf_peel_target target, hf_error *err) {
  static const struct {
    const char *suffix;
    git_object_t type;
  } targets[] = {
    [HF_PEEL_OBJECT] = {"^{object}", GIT_OBJECT_ANY}, [HF_PEEL_COMMIT] = {"^{commit}", GIT_OBJECT_COMMIT},
    [HF_PEEL_TREE] = {"^{tree}", GIT_OBJECT_TREE},    [HF_PEEL_BLOB] = {"^{blob}", GIT_OBJECT_BLOB},
    [HF_PEEL_TAG] = {"^{tag}", GIT_OBJECT_TAG},
  };
  if (length == 0 || memchr(revision, 0, length)) return not_found(err);
  if (length > REVISION_BYTES_MAX) return unsupported(err, "very long");
  git_oid found;
  if (memchr(revision, ':', length)) {
    int rc = resolve_name(&found, repo, revision, length, err);
    return rc < 0 ? rc : peel(out, repo, &found, targets[target].type, err);
  }
  char name[REVISION_BYTES_MAX + 16];
  memcpy(name, revision, length);
  strcpy(name + length, targets[target].suffix);
  int rc = resolve_suffixed(&found, repo, name, length + strlen(targets[target].suffix), 0, err);
  if (rc == HF_OK) *out = found;
  return rc;
}
