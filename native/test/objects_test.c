#include "revision.h"
#include "test.h"
#include "tree_edit.h"
#include "tree_list.h"


/** main: two commits, the older one packed; a tag of a tag. */
static test_repository make_filled(void) {
  test_repository repo = test_repository_make();
  test_run(&repo,
           "blob=$(echo content | git hash-object -w --stdin) &&"
           "sub=$(printf '100644 blob %%s\\tfile\\n' $blob | git mktree) &&"
           "tree=$(printf '100644 blob %%s\\ta\\n040000 tree %%s\\tdir\\n100644 blob %%s\\tdir.c\\n' $blob $sub $blob | git mktree) &&"
           "one=$(git commit-tree -m one $tree) && two=$(git commit-tree -p $one -m two $tree) &&"
           "git update-ref refs/heads/main $one && git repack -adq && git update-ref refs/heads/main $two &&"
           "git tag -a -m inner inner main && git -c advice.nestedTag=false tag -a -m outer outer inner");
  return repo;
}

static void check_resolves(hf_repo *view, const test_repository *repo, const char *revision, hf_peel_target target, const char *expected) {
  git_oid oid, wanted = test_oid(repo, "git rev-parse --verify '%s'", expected);
  CHECK_OK(hf_resolve(&oid, view, revision, strlen(revision), target, &test_error));
  CHECK(git_oid_equal(&oid, &wanted));
}

HF_TEST(resolves_revisions) {
  test_repository repo = make_filled();
  hf_repo view;
  CHECK_OK(hf_repo_open(&view, repo.path, NULL, &test_error));
  check_resolves(&view, &repo, "main", HF_PEEL_COMMIT, "main");
  check_resolves(&view, &repo, "outer", HF_PEEL_OBJECT, "refs/tags/outer");
  check_resolves(&view, &repo, "outer^{}", HF_PEEL_OBJECT, "main");
  check_resolves(&view, &repo, "outer~1", HF_PEEL_TREE, "main~1^{tree}");
  check_resolves(&view, &repo, "outer:dir/file", HF_PEEL_BLOB, "main:a");
  check_resolves(&view, &repo, "main:", HF_PEEL_OBJECT, "main^{tree}");
  git_oid oid;
  static const struct {
    const char *revision;
    int code;
  } others[] = {{"main~2", HF_NOT_FOUND},      {"main:absent", HF_NOT_FOUND}, {"main:dir//file", HF_NOT_FOUND}, {"", HF_NOT_FOUND},
                {"main^{blob}", HF_NOT_FOUND}, {"main@{1}", HF_UNSUPPORTED},  {"main^{/one}", HF_UNSUPPORTED},  {":/one", HF_UNSUPPORTED},
                {"x-gabcdef", HF_UNSUPPORTED}, {"abcdef0", HF_NOT_FOUND},     {"main^{/", HF_NOT_FOUND},        {"a..b", HF_NOT_FOUND}};
  for (size_t i = 0; i < HF_ARRAY_SIZE(others); i++)
    CHECK_CODE(others[i].code, hf_resolve(&oid, &view, others[i].revision, strlen(others[i].revision), HF_PEEL_OBJECT, &test_error));
  char deep[2000];
  memset(deep, '^', sizeof(deep));
  CHECK_CODE(HF_UNSUPPORTED, hf_resolve(&oid, &view, deep, sizeof(deep), HF_PEEL_OBJECT, &test_error));
  hf_repo_close(&view);
  test_repository_remove(&repo);
}

HF_TEST(walks_malformed_trees_without_harm) {
  hf_tree_entry entry;
  static const struct {
    const char *bytes;
    size_t length;
  } cases[] = {{"1", 1}, {"100644", 6}, {"100644 ", 7}, {"100644 a", 8}, {"100644 a\0abc", 12}, {" a\0", 3}, {"9 a\0", 4}, {"100644 \0", 8}};
  for (size_t i = 0; i < HF_ARRAY_SIZE(cases); i++) {
    /* A copy of exactly that size, so that reading past it is seen. */
    uint8_t *copy = malloc(cases[i].length);
    memcpy(copy, cases[i].bytes, cases[i].length);
    const uint8_t *at = copy;
    CHECK(hf_tree_next(&entry, &at, copy + cases[i].length) == -1);
    free(copy);
  }
}

HF_TEST(reads_malformed_commits_and_tags_without_harm) {
  test_repository repo = test_repository_make();
  hf_repo view;
  CHECK_OK(hf_repo_open(&view, repo.path, NULL, &test_error));
  static const char *const contents[] = {"", "tree", "tree 0123", "object 12", "tree 0123456789012345678901234567890123456789", "\n\n"};
  static const char *const types[] = {"commit", "tag"};
  for (size_t i = 0; i < HF_ARRAY_SIZE(contents); i++) {
    for (size_t j = 0; j < HF_ARRAY_SIZE(types); j++) {
      git_oid out, oid = test_oid(&repo, "printf '%s' | git hash-object -t %s -w --stdin --literally", contents[i], types[j]);
      CHECK_CODE(HF_CORRUPT, hf_peel(&out, &view, &oid, GIT_OBJECT_TREE, &test_error));
      hf_object *object;
      CHECK_CODE(HF_CORRUPT, hf_read_tree(&object, &view, &oid, &test_error));
    }
  }
  hf_repo_close(&view);
  test_repository_remove(&repo);
}

static void check_listing(hf_repo *view, const git_oid *treeish, size_t bytes_max, const char *expected) {
  char paths[1024] = "", after[256] = "";
  size_t batches = 0;
  for (bool more = true; more; batches++) {
    hf_tree_batch batch = {0};
    hf_tree_list_options options = {
      .recursive = true, .prefix = "", .after = after, .after_len = strlen(after), .bytes_max = bytes_max};
    CHECK_OK(hf_tree_list(&batch, view, treeish, &options, NULL, &test_error));
    hf_reader numbers = {batch.numbers.data, batch.numbers.data + batch.numbers.length, false};
    const char *text = (const char *)batch.text.data;
    for (size_t i = 0; i < batch.count; i++) {
      hf_reader_u32(&numbers);
      size_t length = hf_reader_u32(&numbers);
      snprintf(after, sizeof(after), "%.*s", (int)length, text + GIT_OID_HEXSZ);
      snprintf(paths + strlen(paths), sizeof(paths) - strlen(paths), "%s ", after);
      text += GIT_OID_HEXSZ + length;
    }
    more = batch.more;
    hf_tree_batch_free(&batch);
  }
  CHECK(strcmp(paths, expected) == 0);
  CHECK(bytes_max > 1 ? batches == 1 : batches > 1);
}

HF_TEST(lists_trees_in_batches_of_any_size) {
  test_repository repo = make_filled();
  hf_repo view;
  CHECK_OK(hf_repo_open(&view, repo.path, NULL, &test_error));
  git_oid head = test_oid(&repo, "git rev-parse main");
  check_listing(&view, &head, 1 << 20, "a dir.c dir dir/file ");
  check_listing(&view, &head, 1, "a dir.c dir dir/file ");
  hf_repo_close(&view);
  test_repository_remove(&repo);
}

HF_TEST(refuses_malformed_edits) {
  test_repository repo = test_repository_make();
  char dir[128];
  snprintf(dir, sizeof(dir), "%s/quarantine", repo.directory);
  CHECK(mkdir(dir, 0777) == 0);
  hf_repo view;
  CHECK_OK(hf_repo_open(&view, repo.path, dir, &test_error));
  git_oid out;
  hf_buffer edits = {0};
  hf_buffer_put_u32(&edits, 0100644);
  hf_buffer_put_oid(&edits, &hf_empty_tree);
  hf_buffer_put_text(&edits, "a/b", 3);
  for (size_t length = 1; length < edits.length; length++) {
    uint8_t *copy = malloc(length);
    memcpy(copy, edits.data, length);
    CHECK_CODE(HF_INVALID, hf_tree_edit(&out, &view, NULL, copy, length, &test_error));
    free(copy);
  }
  CHECK_OK(hf_tree_edit(&out, &view, NULL, edits.data, edits.length, &test_error));
  hf_buffer_free(&edits);
  hf_repo_close(&view);
  CHECK_OK(hf_quarantine_discard(dir, &test_error));
  test_repository_remove(&repo);
}

HF_TEST(refuses_what_is_no_repository) {
  test_repository repo = test_repository_make();
  hf_repo view;
  CHECK_CODE(HF_NO_REPOSITORY, hf_repo_open(&view, repo.directory, NULL, &test_error));
  CHECK_CODE(HF_NO_REPOSITORY, hf_repo_open(&view, "/nonexistent", NULL, &test_error));
  CHECK_OK(hf_repo_open(&view, repo.path, NULL, &test_error));
  git_oid oid;
  CHECK_CODE(HF_INVALID, hf_repo_write(&oid, &view, GIT_OBJECT_BLOB, "x", 1, &test_error));
  hf_repo_close(&view);
  test_run(&repo, "git config core.repositoryformatversion 1 && git config extensions.objectformat sha256");
  CHECK_CODE(HF_UNSUPPORTED, hf_repo_open(&view, repo.path, NULL, &test_error));
  test_run(&repo, "git config -f config extensions.objectformat sha1 && git config -f config extensions.unheardof 1");
  CHECK_CODE(HF_UNSUPPORTED, hf_repo_open(&view, repo.path, NULL, &test_error));
  test_repository_remove(&repo);
}

HF_TEST(keeps_few_repositories_open) {
  hf_limits limits = {.repositories_max = 2};
  hf_set_limits(&limits);
  test_repository repos[4];
  hf_repo held;
  for (size_t i = 0; i < HF_ARRAY_SIZE(repos); i++) {
    hf_repo view;
    repos[i] = make_filled();
    CHECK_OK(hf_repo_open(i == 0 ? &held : &view, repos[i].path, NULL, &test_error));
    if (i > 0) hf_repo_close(&view);
  }
  hf_repo_reap();
  CHECK(hf_repo_count() <= 2);
  git_oid oid;
  CHECK_OK(hf_resolve(&oid, &held, "main", 4, HF_PEEL_COMMIT, &test_error));
  hf_repo_close(&held);
  for (size_t i = 0; i < HF_ARRAY_SIZE(repos); i++) test_repository_remove(&repos[i]);
  limits.repositories_max = 64;
  hf_set_limits(&limits);
}
