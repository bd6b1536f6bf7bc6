#include "test.h"
#include <errno.h>
#include <pthread.h>

typedef struct {
  const char *gitdir, *dir;
  unsigned number;
} writer;

static void *write_many(void *argument) {
  const writer *own = argument;
  for (unsigned i = 0; i < 200; i++) {
    hf_repo view;
    hf_error err;
    git_oid oid;
    char content[32];
    int length = snprintf(content, sizeof(content), "%u %u", own->number % 2, i);
    CHECK(hf_repo_open(&view, own->gitdir, own->dir, &err) == HF_OK);
    CHECK(hf_repo_write(&oid, &view, GIT_OBJECT_BLOB, content, (size_t)length, &err) == HF_OK);
    hf_object *object;
    CHECK(hf_repo_read(&object, &view, &oid, &err) == HF_OK);
    CHECK(hf_object_size(object) == (size_t)length);
    hf_object_free(object);
    hf_repo_close(&view);
  }
  return NULL;
}

HF_TEST(writes_from_many_threads) {
  test_repository repo = test_repository_make();
  char dir[128];
  snprintf(dir, sizeof(dir), "%s/quarantine", repo.directory);
  CHECK(mkdir(dir, 0777) == 0);
  pthread_t threads[4];
  writer writers[4];
  for (unsigned i = 0; i < 4; i++) {
    writers[i] = (writer){repo.path, dir, i};
    CHECK(pthread_create(&threads[i], NULL, write_many, &writers[i]) == 0);
  }
  for (unsigned i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  size_t count, bytes;
  hf_quarantine_usage(&count, &bytes);
  CHECK(count == 1 && bytes > 0);
  CHECK_OK(hf_quarantine_migrate(repo.path, dir, &test_error));
  CHECK_OK(hf_quarantine_discard(dir, &test_error));
  CHECK(atoi(test_output(&repo, "git count-objects")) == 400);
  test_run(&repo, "git fsck --strict --no-dangling");
  hf_quarantine_usage(&count, &bytes);
  CHECK(count == 0 && bytes == 0);
  test_repository_remove(&repo);
}

HF_TEST(libgit2_writes_into_the_quarantine) {
  test_repository repo = test_repository_make();
  char dir[128];
  snprintf(dir, sizeof(dir), "%s/quarantine", repo.directory);
  CHECK(mkdir(dir, 0777) == 0);
  hf_repo view;
  git_repository *git;
  git_oid oid, prefix;
  CHECK_OK(hf_repo_open(&view, repo.path, dir, &test_error));
  CHECK_OK(hf_repo_git(&git, &view, &test_error));
  git_odb *odb;
  CHECK(git_repository_odb(&odb, git) == 0);
  CHECK(git_odb_write(&oid, odb, "by libgit2", 10, GIT_OBJECT_BLOB) == 0);
  CHECK(git_odb_write(&oid, odb, "by libgit2", 10, GIT_OBJECT_BLOB) == 0);
  git_blob *blob;
  CHECK(git_blob_lookup(&blob, git, &oid) == 0);
  git_blob_free(blob);
  CHECK(git_odb_exists_prefix(&prefix, odb, &oid, 12) == 0);
  git_odb_free(odb);
  CHECK(git_oid_equal(&prefix, &oid));
  hf_repo_close(&view);
  CHECK_OK(hf_repo_open(&view, repo.path, NULL, &test_error));
  CHECK(!hf_repo_exists(&view, &oid));
  hf_repo_close(&view);
  CHECK_OK(hf_quarantine_discard(dir, &test_error));
  test_repository_remove(&repo);
}

HF_TEST(a_migration_that_fails_says_why) {
  test_repository repo = test_repository_make();
  char dir[128];
  snprintf(dir, sizeof(dir), "%s/quarantine", repo.directory);
  CHECK(mkdir(dir, 0777) == 0);
  hf_repo view;
  git_oid oid;
  CHECK_OK(hf_repo_open(&view, repo.path, dir, &test_error));
  CHECK_OK(hf_repo_write(&oid, &view, GIT_OBJECT_BLOB, "x", 1, &test_error));
  hf_repo_close(&view);
  /* A file where the object's folder should be. */
  test_run(&repo, "touch objects/%02x", oid.id[0]);
  CHECK_CODE(HF_OS, hf_quarantine_migrate(repo.path, dir, &test_error));
  CHECK(test_error.os_errno == ENOTDIR);
  CHECK_OK(hf_quarantine_discard(dir, &test_error));
  test_repository_remove(&repo);
}

HF_TEST(a_quarantine_takes_little_memory) {
  test_repository repo = test_repository_make();
  char dir[128];
  snprintf(dir, sizeof(dir), "%s/quarantine", repo.directory);
  hf_repo view;
  size_t length = 3 * 1024 * 1024;
  char *content = calloc(1, length);
  git_oid oids[20];
  CHECK_OK(hf_repo_open(&view, repo.path, dir, &test_error));
  for (size_t i = 0; i < HF_ARRAY_SIZE(oids); i++) {
    content[0] = (char)i;
    CHECK_OK(hf_repo_write(&oids[i], &view, GIT_OBJECT_BLOB, content, length, &test_error));
  }
  size_t count, bytes;
  hf_quarantine_usage(&count, &bytes);
  CHECK(bytes <= 32 * 1024 * 1024);
  for (size_t i = 0; i < HF_ARRAY_SIZE(oids); i++) CHECK(hf_repo_exists(&view, &oids[i]));
  hf_repo_close(&view);
  CHECK_OK(hf_quarantine_migrate(repo.path, dir, &test_error));
  CHECK_OK(hf_quarantine_discard(dir, &test_error));
  CHECK(atoi(test_output(&repo, "git count-objects")) == 20);
  free(content);
  test_repository_remove(&repo);
}
