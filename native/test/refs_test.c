#include "ref_transaction.h"
#include "test.h"
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

HF_TEST(reference_names) {
  const char *const valid[] = {"refs/heads/a", "refs/heads/a.b", "refs/heads/@", "refs/heads/\xff", "refs/x", "refs/heads/a@b{c}"};
  const char *const invalid[] = {"", "/", "@", "refs/heads/", "refs//a", "refs/heads/a..b", "refs/heads/.a", "refs/heads/a.lock",
                                 "refs/heads/a.lock/b", "refs/heads/a.", "refs/heads/a b", "refs/heads/a@{b", "refs/heads/a\\b",
                                 "refs/heads/a\x7f", "refs/heads/../a", "HEAD"};
  for (size_t i = 0; i < HF_ARRAY_SIZE(valid); i++) CHECK(hf_ref_name_valid(valid[i], false));
  for (size_t i = 0; i < HF_ARRAY_SIZE(invalid); i++) CHECK(!hf_ref_name_valid(invalid[i], false));
  CHECK(hf_ref_name_valid("HEAD", true) && hf_ref_name_writable("HEAD") && hf_ref_name_writable("ORIG_HEAD"));
  CHECK(!hf_ref_name_writable("config") && !hf_ref_name_writable("packed-refs") && !hf_ref_name_writable("refs"));
  CHECK(hf_ref_name_deletable("refs/heads/.a") && !hf_ref_name_deletable("refs/../a") && !hf_ref_name_deletable("refs/a.lock"));
}

static void write_file(const char *directory, const char *name, const void *bytes, size_t length) {
  char path[256], new_path[300];
  snprintf(path, sizeof(path), "%s/%s", directory, name);
  snprintf(new_path, sizeof(new_path), "%s.other", path);
  int fd = open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  CHECK(fd >= 0);
  CHECK(write(fd, bytes, length) == (ssize_t)length);
  close(fd);
  CHECK(rename(new_path, path) == 0);
}

static size_t count_references(const char *gitdir, hf_repo *repo) {
  hf_refs_listing *listing;
  hf_listed_ref ref;
  size_t count = 0;
  int rc = hf_refs_list_open(&listing, gitdir, NULL, 0, NULL, &test_error);
  if (rc < 0) return 0;
  while ((rc = hf_refs_list_next(&ref, listing, repo, &test_error)) > 0) count++;
  hf_refs_list_free(listing);
  return count;
}

/** A stamp that is there, once the clock has moved on from the last change. */
static hf_ref_stamp settled_stamp(const char *gitdir) {
  hf_ref_stamp stamp;
  do {
    CHECK(hf_refs_stamp(&stamp, gitdir, 1000, NULL, &test_error) == HF_OK);
  } while (!stamp.known && usleep(10000) == 0);
  return stamp;
}

HF_TEST(reference_stamps) {
  test_repository repo = test_repository_make();
  test_run(&repo, "c=$(git commit-tree -m x $(git hash-object -w -t tree /dev/null)) && git update-ref refs/heads/a/b/c $c");
  hf_ref_stamp stamp;
  CHECK(hf_refs_stamp(&stamp, repo.path, 1000, NULL, &test_error) == HF_OK && !stamp.known && !stamp.crowded);
  hf_ref_stamp first = settled_stamp(repo.path), again = settled_stamp(repo.path);
  CHECK(first.low == again.low && first.high == again.high);
  CHECK(hf_refs_stamp(&stamp, repo.path, 2, NULL, &test_error) == HF_OK && !stamp.known && stamp.crowded);
  test_run(&repo, "git update-ref refs/heads/a/b/d refs/heads/a/b/c && git pack-refs --all");
  hf_ref_stamp packed = settled_stamp(repo.path);
  CHECK(packed.low != first.low && packed.high != first.high);
  test_run(&repo, "ln -s a refs/heads/link");
  CHECK(hf_refs_stamp(&stamp, repo.path, 1000, NULL, &test_error) == HF_OK && !stamp.known);
  CHECK(hf_refs_stamp(&stamp, "/nonexistent", 1000, NULL, &test_error) < 0);
  test_repository_remove(&repo);
}

/** Whatever stands in packed-refs: an answer or an error, no crash. */
HF_TEST(damaged_packed_refs) {
  test_repository repo = test_repository_make();
  test_run(&repo, "c=$(git commit-tree -m x $(git hash-object -w -t tree /dev/null)) && for i in 1 2 3 4 5 6 7; do git update-ref "
                  "refs/heads/b$i $c; git tag -a -m x t$i $c; done && git pack-refs --all");
  char path[256], packed[8192];
  snprintf(path, sizeof(path), "%s/packed-refs", repo.path);
  FILE *file = fopen(path, "re");
  size_t length = fread(packed, 1, sizeof(packed), file);
  fclose(file);
  hf_repo view;
  CHECK_OK(hf_repo_open(&view, repo.path, NULL, &test_error));
  CHECK(count_references(repo.path, &view) == 14);
  srand(1);
  for (int round = 0; round < 1500; round++) {
    char damaged[8192];
    memcpy(damaged, packed, length);
    size_t kept = round % 3 == 0 ? (size_t)rand() % length : length;
    for (int i = rand() % 4; i > 0; i--) damaged[(size_t)rand() % length] = "\n^# 0g\0\xff"[rand() % 8];
    write_file(repo.path, "packed-refs", damaged, kept);
    CHECK(count_references(repo.path, &view) <= 30);
    hf_ref_resolved resolved;
    hf_ref_resolve(&resolved, repo.path, "refs/heads/b3", &test_error);
    hf_ref_resolve(&resolved, repo.path, "refs/tags/t9", &test_error);
  }
  write_file(repo.path, "packed-refs", packed, length);
  CHECK(count_references(repo.path, &view) == 14);
  hf_repo_close(&view);
  test_repository_remove(&repo);
}

typedef struct {
  const char *gitdir;
  atomic_bool stop;
  unsigned reads;
} reader;

static void *read_until_told(void *argument) {
  reader *own = argument;
  while (!atomic_load(&own->stop)) {
    hf_ref_resolved resolved;
    hf_error err;
    CHECK(hf_ref_resolve(&resolved, own->gitdir, "HEAD", &err) == HF_OK);
    CHECK(resolved.kind == HF_REF_DIRECT);
    CHECK(count_references(own->gitdir, NULL) == 2);
    own->reads++;
  }
  return NULL;
}

/** A reference that git packs, unpacks and packs again is there at every moment. */
HF_TEST(references_stay_visible_while_they_are_packed) {
  test_repository repo = test_repository_make();
  test_run(&repo, "git commit-tree -m x $(git hash-object -w -t tree /dev/null) >c && git symbolic-ref HEAD refs/heads/x && "
                  "git update-ref HEAD $(cat c) && git update-ref refs/heads/y $(cat c)");
  reader readers[3] = {0};
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) {
    readers[i].gitdir = repo.path;
    CHECK(pthread_create(&threads[i], NULL, read_until_told, &readers[i]) == 0);
  }
  test_run(&repo, "d=$(git commit-tree -m y $(git hash-object -w -t tree /dev/null)); for i in 1 2 3 4 5 6 7 8; do git pack-refs --all && "
                  "git update-ref HEAD $d && git pack-refs --all --prune && git update-ref HEAD $(cat c); done");
  for (int i = 0; i < 3; i++) {
    atomic_store(&readers[i].stop, true);
    pthread_join(threads[i], NULL);
    CHECK(readers[i].reads > 0);
  }
  test_repository_remove(&repo);
}

static int prepare(hf_ref_transaction **out, hf_ref_refusal *refusal, hf_repo *view, const char *name, const git_oid *oid, const hf_cancel *cancel) {
  hf_ref_change change = {.name = name, .new_oid = *oid};
  hf_ref_options options = {.deref = true, .lock_timeout_ms = 50, .packed_lock_timeout_ms = 50};
  return hf_ref_transaction_prepare(out, refusal, view, &change, 1, &options, cancel, &test_error);
}

HF_TEST(transactions_that_are_refused_leave_nothing) {
  test_repository repo = test_repository_make();
  git_oid oid = test_oid(&repo, "git commit-tree -m x $(git hash-object -w -t tree /dev/null)");
  git_oid absent = oid, zero = {0};
  absent.id[0] ^= 0xff;
  hf_repo view;
  hf_ref_transaction *first, *second;
  hf_ref_refusal refusal;
  hf_cancel cancel = {0};
  CHECK_OK(hf_repo_open(&view, repo.path, NULL, &test_error));
  CHECK_OK(prepare(&first, &refusal, &view, "refs/heads/a/b/c", &oid, NULL));
  CHECK(first && refusal.kind == HF_REFUSED_NOT);
  /* The lock is held by the first one, for its name and for the folder that it needs. */
  CHECK_OK(prepare(&second, &refusal, &view, "refs/heads/a/b/c", &oid, NULL));
  CHECK(!second && refusal.kind == HF_REFUSED_LOCKED);
  hf_buffer_free(&refusal.names);
  CHECK_OK(prepare(&second, &refusal, &view, "refs/heads/a", &oid, NULL));
  CHECK(!second && refusal.kind == HF_REFUSED_LOCKED);
  hf_buffer_free(&refusal.names);
  atomic_store(&cancel.flag, 1);
  CHECK_CODE(HF_CANCELLED, prepare(&second, &refusal, &view, "refs/heads/a/b/c", &oid, &cancel));
  hf_buffer_free(&refusal.names);
  hf_ref_transaction_abort(first);
  /* Not only who waits for a lock is told. */
  CHECK_CODE(HF_CANCELLED, prepare(&second, &refusal, &view, "refs/heads/a/b/c", &oid, &cancel));
  CHECK(!second && atoi(test_output(&repo, "find . -name '*.lock' | wc -l")) == 0);
  CHECK_OK(prepare(&second, &refusal, &view, "refs/heads/a", &absent, NULL));
  CHECK(!second && refusal.kind == HF_REFUSED_NO_OBJECT && git_oid_equal(&refusal.first, &absent));
  hf_buffer_free(&refusal.names);
  CHECK(atoi(test_output(&repo, "find refs -type f | wc -l")) == 0);
  CHECK_OK(prepare(&first, &refusal, &view, "refs/heads/a", &oid, NULL));
  CHECK_OK(hf_ref_transaction_commit(first, &test_error));
  CHECK_OK(prepare(&first, &refusal, &view, "refs/heads/a", &zero, NULL));
  CHECK(git_oid_equal(hf_ref_transaction_old(first, &(size_t){0}), &oid));
  CHECK_OK(hf_ref_transaction_commit(first, &test_error));
  CHECK(atoi(test_output(&repo, "find . -name '*.lock' -o -name a | wc -l")) == 0);
  test_run(&repo, "git config core.logAllRefUpdates true");
  hf_repo_close(&view);
  CHECK_OK(hf_repo_open(&view, repo.path, NULL, &test_error));
  CHECK_CODE(HF_UNSUPPORTED, prepare(&first, &refusal, &view, "refs/heads/a", &oid, NULL));
  hf_repo_close(&view);
  test_repository_remove(&repo);
}
