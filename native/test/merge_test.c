#include "merge.h"
#include "test.h"

/**
 * Commits as `git fast-import` takes them: a base, and two sides that follow from it. `ours` and `theirs` are its commands.
 */
static test_repository make_fork(const char *ours, const char *theirs) {
  test_repository repo = test_repository_make();
  test_run(&repo,
           "mkdir objects/incoming && git fast-import --quiet <<'END'\n"
           "commit refs/heads/base\ncommitter A <a@b> 1 +0000\ndata 0\n"
           "M 100644 inline a\ndata 2\na\n\nM 100644 inline dir/b\ndata 2\nb\n\nM 100644 inline dir/sub/c\ndata 2\nc\n\nM 100644 inline z\ndata 2\nz\n\n"
           "commit refs/heads/ours\ncommitter A <a@b> 2 +0000\ndata 0\nfrom refs/heads/base\n%s"
           "commit refs/heads/theirs\ncommitter A <a@b> 3 +0000\ndata 0\nfrom refs/heads/base\n%sEND\n",
           ours, theirs);
  return repo;
}

/** Merges both ways; answers HF_OK when both gave git's tree. */
static int merge_fork(const char *ours, const char *theirs) {
  test_repository repo = make_fork(ours, theirs);
  char quarantine[128];
  snprintf(quarantine, sizeof(quarantine), "%s/objects/incoming", repo.path);
  hf_repo view;
  CHECK_OK(hf_repo_open(&view, repo.path, quarantine, &test_error));
  git_oid base = test_oid(&repo, "git rev-parse base"), one = test_oid(&repo, "git rev-parse ours");
  git_oid other = test_oid(&repo, "git rev-parse theirs"), tree, again;
  int rc = hf_merge_trees(&tree, &view, &base, &one, &other, NULL, &test_error);
  CHECK(hf_merge_trees(&again, &view, &base, &other, &one, NULL, &test_error) == rc);
  if (rc == HF_OK) {
    git_oid expected = test_oid(&repo, "git merge-tree --write-tree ours theirs");
    CHECK(git_oid_equal(&tree, &expected) && git_oid_equal(&again, &expected));
    CHECK(hf_repo_exists(&view, &tree));
  }
  hf_repo_close(&view);
  test_repository_remove(&repo);
  return rc;
}

#define PUT(path, text) "M 100644 inline " path "\ndata 2\n" text "\n\n"

HF_TEST(merges_what_sides_changed_apart) {
  CHECK_OK(merge_fork(PUT("a", "1"), PUT("z", "2")));
  CHECK_OK(merge_fork(PUT("dir/b", "1"), PUT("dir/sub/c", "2")));
  CHECK_OK(merge_fork(PUT("new/deep/file", "1"), "D dir\n"));
  CHECK_OK(merge_fork(PUT("a", "1"), PUT("a", "1")));
  CHECK_OK(merge_fork(PUT("a", "1"), ""));
  CHECK_OK(merge_fork("D a\nD dir\n", "D a\nD z\n"));
  CHECK_OK(merge_fork("D dir/sub\n", "D dir/b\n"));
  CHECK_OK(merge_fork("M 100755 inline a\ndata 2\na\n\n", "M 160000 1111111111111111111111111111111111111111 z\n"));
  /* A rename that the other side need not follow. */
  CHECK_OK(merge_fork("R a moved\n", PUT("dir/b", "1")));
}

HF_TEST(leaves_to_git_what_it_might_merge_otherwise) {
  CHECK_CODE(HF_UNSUPPORTED, merge_fork(PUT("a", "1"), PUT("a", "2")));
  CHECK_CODE(HF_UNSUPPORTED, merge_fork(PUT("new", "1"), PUT("new", "2")));
  CHECK_CODE(HF_UNSUPPORTED, merge_fork(PUT("a", "1"), "D a\n"));
  CHECK_CODE(HF_UNSUPPORTED, merge_fork(PUT("new", "1"), PUT("new/below", "2")));
  CHECK_CODE(HF_UNSUPPORTED, merge_fork("D a\n" PUT("a/below", "1"), PUT("z", "2")));
  CHECK_CODE(HF_UNSUPPORTED, merge_fork("R a moved\n", PUT("a", "1")));
  CHECK_CODE(HF_UNSUPPORTED, merge_fork("R a moved\n", "R a elsewhere\n"));
  CHECK_CODE(HF_UNSUPPORTED, merge_fork("R a moved\n", "D a\n"));
  /* A directory that moved takes new files with it. */
  CHECK_CODE(HF_UNSUPPORTED, merge_fork("R dir/sub moved\n", PUT("dir/sub/new", "1")));
  CHECK_CODE(HF_UNSUPPORTED, merge_fork("R dir moved\n", PUT("dir/sub/new", "1")));
}

HF_TEST(writes_nothing_for_a_refused_merge) {
  test_repository repo = make_fork(PUT("dir/b", "1") PUT("a", "1"), PUT("dir/sub/c", "2") PUT("a", "2"));
  char quarantine[128];
  snprintf(quarantine, sizeof(quarantine), "%s/objects/incoming", repo.path);
  hf_repo view;
  CHECK_OK(hf_repo_open(&view, repo.path, quarantine, &test_error));
  git_oid base = test_oid(&repo, "git rev-parse base"), ours = test_oid(&repo, "git rev-parse ours");
  git_oid theirs = test_oid(&repo, "git rev-parse theirs"), tree;
  size_t quarantines, before, after;
  hf_quarantine_usage(&quarantines, &before);
  CHECK_CODE(HF_UNSUPPORTED, hf_merge_trees(&tree, &view, &base, &ours, &theirs, NULL, &test_error));
  hf_quarantine_usage(&quarantines, &after);
  CHECK(before == after);
  hf_repo_close(&view);
  test_repository_remove(&repo);
}

HF_TEST(refuses_trees_that_git_would_write_anew) {
  test_repository repo = make_fork(PUT("a", "1"), PUT("z", "2"));
  char quarantine[128];
  snprintf(quarantine, sizeof(quarantine), "%s/objects/incoming", repo.path);
  git_oid old_mode = test_oid(&repo, "printf '100664 blob %%s\\ta\\n100644 blob %%s\\tz\\n' $(git rev-parse base:a base:z) | git mktree");
  hf_repo view;
  CHECK_OK(hf_repo_open(&view, repo.path, quarantine, &test_error));
  git_oid ours = test_oid(&repo, "git rev-parse ours"), theirs = test_oid(&repo, "git rev-parse theirs"), tree;
  CHECK_CODE(HF_UNSUPPORTED, hf_merge_trees(&tree, &view, &old_mode, &ours, &theirs, NULL, &test_error));
  git_oid absent = {{1}};
  CHECK_CODE(HF_NOT_FOUND, hf_merge_trees(&tree, &view, &absent, &ours, &theirs, NULL, &test_error));
  CHECK_CODE(HF_UNSUPPORTED, hf_merge_trees(&tree, &view, NULL, &ours, &theirs, NULL, &test_error));
  hf_repo_close(&view);
  test_repository_remove(&repo);
}
