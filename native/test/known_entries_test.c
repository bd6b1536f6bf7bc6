#include "known_entries.h"
#include "test.h"

static test_repository make_two_commits(void) {
  test_repository repo = test_repository_make();
  test_run(&repo,
           "(for i in 1 2; do"
           " printf 'commit refs/heads/main\\ncommitter A <a@b> %%d +0000\\ndata 2\\nm\\n' $i;"
           " for f in a dir/a dir/b dir/sub/a; do printf 'M 100644 inline %%s\\ndata <<E\\n%%s in %%d\\nE\\n' $f $f $i; done;"
           "done) | git fast-import --quiet && git repack -adq");
  return repo;
}

static int find(hf_found_entry *out, const test_repository *repo, const git_oid *treeish, const char *path) {
  hf_repo view;
  int rc = hf_repo_open(&view, repo->path, NULL, &test_error);
  if (rc < 0) return rc;
  rc = hf_tree_find_known(out, &view, treeish, path, strlen(path), &test_error);
  hf_repo_close(&view);
  return rc;
}

/** Each path at each commit and tree, twice, as git sees it. */
static void check_paths(const test_repository *repo) {
  static const char *const treeishes[] = {"main", "main~1", "main^{tree}"};
  static const char *const paths[] = {"a", "dir", "dir/a", "dir/b", "dir/sub", "dir/sub/a"};
  for (int again = 0; again < 2; again++) {
    for (size_t i = 0; i < HF_ARRAY_SIZE(treeishes); i++) {
      git_oid treeish = test_oid(repo, "git rev-parse '%s'", treeishes[i]);
      hf_found_entry entry;
      for (size_t j = 0; j < HF_ARRAY_SIZE(paths); j++) {
        git_oid expected = test_oid(repo, "git rev-parse '%s:%s'", treeishes[i], paths[j]);
        CHECK_OK(find(&entry, repo, &treeish, paths[j]));
        CHECK(git_oid_equal(&entry.oid, &expected));
        CHECK(hf_mode_is_tree(entry.mode) == (strcmp(paths[j], "dir") == 0 || strcmp(paths[j], "dir/sub") == 0));
      }
      CHECK_CODE(HF_NOT_FOUND, find(&entry, repo, &treeish, "dir/c"));
      CHECK_CODE(HF_NOT_FOUND, find(&entry, repo, &treeish, "dir/a/b"));
      CHECK_CODE(HF_NOT_FOUND, find(&entry, repo, &treeish, ""));
    }
  }
}

HF_TEST(knows_entries_while_the_packs_stay) {
  test_repository repo = make_two_commits();
  check_paths(&repo);
  test_run(&repo, "git repack -adfq");
  check_paths(&repo);
  test_run(&repo, "mv objects/pack/*.pack . && rm -f objects/pack/* && cat *.pack | git unpack-objects -q && rm *.pack");
  check_paths(&repo);
  test_repository_remove(&repo);
}

HF_TEST(forgets_entries_of_lost_commits) {
  test_repository repo = make_two_commits();
  hf_found_entry entry;
  git_oid lost = test_oid(&repo, "git rev-parse main");
  CHECK_OK(find(&entry, &repo, &lost, "dir/a"));
  CHECK_OK(find(&entry, &repo, &lost, "dir/a"));
  test_run(&repo, "git update-ref refs/heads/main main~1 && git -c gc.pruneExpire=now gc --quiet --prune=now");
  CHECK_CODE(HF_NOT_FOUND, find(&entry, &repo, &lost, "dir/a"));
  test_repository_remove(&repo);
}

HF_TEST(forgets_entries_of_another_repository_at_its_place) {
  test_repository repo = make_two_commits();
  hf_found_entry entry;
  git_oid old = test_oid(&repo, "git rev-parse main");
  CHECK_OK(find(&entry, &repo, &old, "dir/a"));
  test_run(&repo, "mkdir ../gone && mv * ../gone && git init --quiet --bare .");
  CHECK_CODE(HF_NOT_FOUND, find(&entry, &repo, &old, "dir/a"));
  test_repository_remove(&repo);
}

HF_TEST(forgets_entries_of_alternates_that_are_gone) {
  test_repository base = make_two_commits(), repo = test_repository_make();
  hf_found_entry entry;
  git_oid commit = test_oid(&base, "git rev-parse main");
  CHECK_CODE(HF_NOT_FOUND, find(&entry, &repo, &commit, "a"));
  test_run(&repo, "echo %s/objects > objects/info/alternates", base.path);
  CHECK_OK(find(&entry, &repo, &commit, "a"));
  CHECK_OK(find(&entry, &repo, &commit, "a"));
  test_run(&repo, "rm objects/info/alternates");
  CHECK_CODE(HF_NOT_FOUND, find(&entry, &repo, &commit, "a"));
  test_repository_remove(&base);
  test_repository_remove(&repo);
}

HF_TEST(sees_what_changed_unless_the_look_was_just_now) {
  test_repository repo = make_two_commits();
  hf_found_entry entry;
  git_oid commit = test_oid(&repo, "git rev-parse main");
  uint64_t generation, later;
  hf_repo view;
  CHECK_OK(hf_repo_generation(&generation, repo.path, &test_error));
  CHECK(generation > 0);
  test_run(&repo, "mkdir ../gone && mv objects/pack/* ../gone");
  /* In the moment of the look the packs count as they were; files that were never opened are gone all the same. */
  CHECK_OK(hf_repo_open_seen(&view, repo.path, generation, &test_error));
  CHECK_CODE(HF_NOT_FOUND, hf_tree_find_known(&entry, &view, &commit, "a", 1, &test_error));
  hf_repo_close(&view);
  test_run(&repo, "mv ../gone/* objects/pack");
  CHECK_OK(hf_repo_generation(&later, repo.path, &test_error));
  CHECK(later != generation);
  /* The number of another state makes one look. */
  CHECK_OK(hf_repo_open_seen(&view, repo.path, generation, &test_error));
  CHECK_OK(hf_tree_find_known(&entry, &view, &commit, "a", 1, &test_error));
  hf_repo_close(&view);
  test_repository_remove(&repo);
}
