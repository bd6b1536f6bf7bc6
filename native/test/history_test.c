#include "list_blobs.h"
#include "log.h"
#include "test.h"
#include <pthread.h>
#include <unistd.h>

/** 300 commits on 5 branches that merge one another. */
static void fill(const test_repository *repo) {
  test_run(repo, "awk 'BEGIN { srand(1); for (i = 1; i <= 300; i++) { print \"commit refs/heads/b\" i %% 5; print \"mark :\" i; "
                 "print \"committer A <a@x> \" 1500000000 + int(i / 3) * 10 \" +0000\\ndata 2\\nx\"; "
                 "if (i > 1) print \"from :\" (i > 6 ? i - 1 - int(rand() * 5) : i - 1); "
                 "if (i > 20 && i %% 4 == 0) print \"merge :\" i - 8; if (i > 20 && i %% 40 == 0) print \"merge :\" i - 9 \"\\nmerge :\" i - 10; "
                 "print \"M 100644 inline d\" i %% 7 \"/f\" i %% 11 \"\\ndata 4\"; printf \"%%04d\\n\\n\", i; } "
                 "print \"reset refs/heads/main\\nfrom :300\\n\" }' | git fast-import --quiet --force");
}

HF_TEST(queue_gives_the_newest_first_and_equal_ones_in_their_order) {
  hf_queue queue = {0};
  const uint64_t dates[] = {5, 9, 5, 1, 9, 5};
  const uint32_t expected[] = {1, 4, 0, 2, 5, 3};
  for (uint32_t i = 0; i < 6; i++) CHECK(hf_queue_put(&queue, 0, dates[i], i));
  for (uint32_t i = 0; i < 6; i++) CHECK(hf_queue_take(&queue) == expected[i]);
  CHECK(hf_queue_take(&queue) == HF_NO_COMMIT);
  hf_queue_free(&queue);
}

static int count_log(hf_repo *view, const char *revision, hf_log_order order, int64_t budget) {
  const char *const revisions[] = {revision};
  hf_log_query query = {.revisions = revisions, .revision_count = 1, .order = order, .max_parents = -1, .limit = UINT64_MAX};
  hf_log *log;
  hf_error err;
  int rc = hf_log_open(&log, view, &query, budget, NULL, &err), count = 0;
  if (rc < 0) return rc;
  uint32_t commit;
  while ((rc = hf_log_next(&commit, log)) > 0) count++;
  hf_log_free(log);
  return rc < 0 ? rc : count;
}

HF_TEST(walks_end_where_their_budget_does) {
  test_repository repo = test_repository_make();
  fill(&repo);
  hf_repo view;
  hf_commits_clear();
  CHECK_OK(hf_repo_open(&view, repo.path, NULL, &test_error));
  CHECK(count_log(&view, "main", HF_ORDER_DEFAULT, 10 * HF_READ_COST) == HF_DECLINED);
  CHECK(count_log(&view, "main", HF_ORDER_TOPO, 10 * HF_READ_COST) == HF_DECLINED);
  int all = atoi(test_output(&repo, "git rev-list --count main"));
  CHECK(count_log(&view, "main", HF_ORDER_DEFAULT, HF_NO_BUDGET) == all);
  /* What has been read is remembered. */
  CHECK(count_log(&view, "main", HF_ORDER_DEFAULT, all + 10) == all);
  CHECK(count_log(&view, "main", HF_ORDER_TOPO, HF_NO_BUDGET) == all);
  CHECK(count_log(&view, "nothing", HF_ORDER_DEFAULT, HF_NO_BUDGET) == HF_NOT_FOUND);
  hf_repo_close(&view);
  test_repository_remove(&repo);
}

static void ask_everything(const char *gitdir, const git_oid *a, const git_oid *b) {
  hf_repo view;
  hf_walk walk;
  hf_error err;
  uint32_t from, to;
  CHECK(hf_repo_open(&view, gitdir, NULL, &err) == HF_OK);
  for (int order = HF_ORDER_DEFAULT; order <= HF_ORDER_DATE; order++) {
    count_log(&view, "main", (hf_log_order)order, HF_NO_BUDGET);
    count_log(&view, "b1..b2", (hf_log_order)order, HF_NO_BUDGET);
    count_log(&view, "b1...b3", (hf_log_order)order, HF_NO_BUDGET);
  }
  if (hf_walk_open(&walk, &view, HF_NO_BUDGET, NULL, &err) == HF_OK) {
    bool answer;
    hf_commit_list bases;
    if (hf_walk_find(&from, &walk, a) == HF_OK && hf_walk_find(&to, &walk, b) == HF_OK) {
      if (hf_merge_bases(&bases, &walk, from, to) == HF_OK) hf_list_free(&bases);
      hf_is_ancestor(&answer, &walk, from, to);
    }
    hf_walk_close(&walk);
  }
  const char *const revisions[] = {"b1", "main"};
  hf_blob_listing *blobs;
  if (hf_blobs_open(&blobs, &view, revisions, 2, NULL, &err) == HF_OK) {
    git_oid oid;
    const char *path;
    size_t path_len;
    while (hf_blobs_next(&oid, &path, &path_len, blobs) > 0) continue;
    hf_blobs_free(blobs);
  }
  hf_repo_close(&view);
}

/** Whatever stands in a commit-graph: an answer or an error, no crash, no endless walk. */
HF_TEST(damaged_commit_graphs) {
  test_repository repo = test_repository_make();
  fill(&repo);
  git_oid a = test_oid(&repo, "git rev-parse b1"), b = test_oid(&repo, "git rev-parse b4");
  test_run(&repo, "git commit-graph write --reachable && chmod u+w objects/info/commit-graph");
  char path[256];
  snprintf(path, sizeof(path), "%s/objects/info/commit-graph", repo.path);
  FILE *file = fopen(path, "re");
  static uint8_t graph[65536], damaged[65536];
  size_t length = fread(graph, 1, sizeof(graph), file);
  fclose(file);
  CHECK(length > 1000 && length < sizeof(graph));
  srand(2);
  for (int round = 0; round < 150; round++) {
    memcpy(damaged, graph, length);
    /* The head and the table of chunks as often as the rest. */
    size_t range = round % 2 ? length : 120;
    for (int i = 1 + rand() % 8; i > 0; i--) damaged[(size_t)rand() % range] = (uint8_t)rand();
    size_t kept = round % 10 == 0 ? (size_t)rand() % length : length;
    unlink(path);
    file = fopen(path, "we");
    CHECK(fwrite(damaged, 1, kept, file) == kept);
    fclose(file);
    ask_everything(repo.path, &a, &b);
  }
  test_repository_remove(&repo);
}

typedef struct {
  const char *gitdir;
  int expected;
  git_oid a, b;
} walker;

static void *walk_often(void *argument) {
  const walker *own = argument;
  for (int i = 0; i < 20; i++) {
    hf_repo view;
    hf_error err;
    CHECK(hf_repo_open(&view, own->gitdir, NULL, &err) == HF_OK);
    CHECK(count_log(&view, "main", i % 2 ? HF_ORDER_TOPO : HF_ORDER_DEFAULT, HF_NO_BUDGET) == own->expected);
    hf_repo_close(&view);
    if (i % 5 == 0) ask_everything(own->gitdir, &own->a, &own->b);
  }
  return NULL;
}

HF_TEST(threads_share_what_was_read) {
  test_repository repo = test_repository_make();
  fill(&repo);
  hf_commits_clear();
  walker own = {.gitdir = repo.path, .expected = atoi(test_output(&repo, "git rev-list --count main"))};
  own.a = test_oid(&repo, "git rev-parse b1");
  own.b = test_oid(&repo, "git rev-parse b2");
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, walk_often, &own) == 0);
  /* The graph appears, and the numbers of commits change, while they walk. */
  test_run(&repo, "git commit-graph write --reachable");
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  test_repository_remove(&repo);
}
