#include "patch.h"
#include "test.h"

/** Branches left and right with changes of every kind. */
static test_repository make_changed(void) {
  test_repository repo = test_repository_make();
  test_run(&repo,
           "git fast-import --quiet <<'END'\n"
           "commit refs/heads/left\ncommitter A <a@b> 1 +0000\ndata 0\n"
           "M 100644 inline a\ndata 4\na\nb\n\n"
           "M 100644 inline dir/same\ndata 2\ns\n\n"
           "M 100644 inline dir/sub/changed\ndata 12\nint f()\n1\n2\n\n"
           "M 100644 inline empty\ndata 0\n\n"
           "M 100644 inline mode\ndata 2\nm\n\n"
           "M 100644 inline \"sp ace\\303\\251\"\ndata 1\nx\n"
           "M 100644 inline type\ndata 2\nt\n\n"
           "M 160000 1111111111111111111111111111111111111111 module\n"
           "commit refs/heads/right\ncommitter A <a@b> 2 +0000\ndata 0\nfrom refs/heads/left\n"
           "M 100644 inline a\ndata 5\na\nb\nc\n"
           "M 100644 inline dir/sub/changed\ndata 13\nint f()\n1\n\f2\n\n"
           "M 100755 inline mode\ndata 2\nm\n\n"
           "M 100644 inline \"sp ace\\303\\251\"\ndata 2\nx\n\n"
           "M 120000 inline type\ndata 1\nt\n"
           "M 160000 2222222222222222222222222222222222222222 module\n"
           "M 100644 inline zero\ndata 0\n\n"
           "END\n");
  return repo;
}

static hf_buffer read_file(const test_repository *repo, const char *name) {
  char path[256];
  snprintf(path, sizeof(path), "%s/%s", repo->path, name);
  FILE *file = fopen(path, "r");
  CHECK(file != NULL);
  hf_buffer content = {0};
  uint8_t bytes[4096];
  for (size_t got; (got = fread(bytes, 1, sizeof(bytes), file)) > 0;) hf_buffer_put(&content, bytes, got);
  fclose(file);
  return content;
}

static uint32_t u32_at(const hf_buffer *buffer, size_t at) {
  hf_reader reader = {buffer->data + at, buffer->data + buffer->length, false};
  return hf_reader_u32(&reader);
}

HF_TEST(prints_diffs_as_git_does) {
  test_repository repo = make_changed();
  test_run(&repo, "git diff-tree -r -p --full-index left right > expected");
  hf_repo view;
  CHECK_OK(hf_repo_open(&view, repo.path, NULL, &test_error));
  hf_diff_request request = {.kind = HF_DIFF_TEXT, .left = test_oid(&repo, "git rev-parse left"), .right = test_oid(&repo, "git rev-parse right")};
  hf_buffer out = {0}, expected = read_file(&repo, "expected");
  CHECK_OK(hf_diff(&out, &view, &request, NULL, &test_error));
  CHECK(u32_at(&out, 0) == 7);
  CHECK(u32_at(&out, 4) == expected.length && out.length == expected.length + 8);
  CHECK(memcmp(out.data + 8, expected.data, expected.length) == 0);
  for (hf_diff_kind kind = HF_DIFF_PATCHES; kind <= HF_DIFF_STATS; kind++) {
    hf_buffer_free(&out);
    request.kind = kind;
    CHECK_OK(hf_diff(&out, &view, &request, NULL, &test_error));
    CHECK(u32_at(&out, 0) == 7 && out.length == 8 + u32_at(&out, 4));
  }
  hf_buffer_free(&out);
  hf_buffer_free(&expected);
  hf_repo_close(&view);
  test_repository_remove(&repo);
}

HF_TEST(refuses_diffs_that_git_may_print_otherwise) {
  test_repository repo = make_changed();
  hf_repo view;
  CHECK_OK(hf_repo_open(&view, repo.path, NULL, &test_error));
  hf_diff_request request = {.renames = true, .left = test_oid(&repo, "git rev-parse left"), .right = test_oid(&repo, "git rev-parse right")};
  hf_buffer out = {0};
  CHECK_OK(hf_diff(&out, &view, &request, NULL, &test_error));
  hf_buffer_free(&out);
  test_run(&repo, "git config Diff.Algorithm patience");
  CHECK_CODE(HF_UNSUPPORTED, hf_diff(&out, &view, &request, NULL, &test_error));
  test_run(&repo, "git config --unset diff.algorithm && mkdir -p info && touch info/attributes");
  CHECK_CODE(HF_UNSUPPORTED, hf_diff(&out, &view, &request, NULL, &test_error));
  hf_buffer_free(&out);
  hf_repo_close(&view);
  test_repository_remove(&repo);
}

HF_TEST(reports_missing_and_malformed_trees) {
  test_repository repo = make_changed();
  git_oid malformed = test_oid(&repo, "printf '100644 a' | git hash-object -t tree -w --stdin --literally");
  git_oid blob = test_oid(&repo, "git rev-parse left:a");
  git_oid left = test_oid(&repo, "git rev-parse left"), absent = {{1}};
  hf_repo view;
  CHECK_OK(hf_repo_open(&view, repo.path, NULL, &test_error));
  const struct {
    git_oid id;
    int code;
  } cases[] = {{malformed, HF_CORRUPT}, {blob, HF_WRONG_TYPE}, {absent, HF_NOT_FOUND}};
  for (size_t i = 0; i < HF_ARRAY_SIZE(cases); i++) {
    hf_buffer out = {0};
    hf_diff_request request = {.left = left, .right = cases[i].id};
    CHECK_CODE(cases[i].code, hf_diff(&out, &view, &request, NULL, &test_error));
    hf_buffer_free(&out);
  }
  hf_repo_close(&view);
  test_repository_remove(&repo);
}

HF_TEST(limits_diffs_to_paths) {
  test_repository repo = make_changed();
  hf_repo view;
  CHECK_OK(hf_repo_open(&view, repo.path, NULL, &test_error));
  git_oid left = test_oid(&repo, "git rev-parse left^{tree}"), right = test_oid(&repo, "git rev-parse right^{tree}");
  const struct {
    const char *path;
    size_t changes;
  } cases[] = {{"dir", 1}, {"dir/sub", 1}, {"dir/sub/changed", 1}, {"dir/su", 0}, {"a", 1}, {"a/b", 0}, {"dir/same", 0}, {"mode", 1}};
  for (size_t i = 0; i < HF_ARRAY_SIZE(cases); i++) {
    hf_buffer packed = {0};
    hf_buffer_put_u32(&packed, 1);
    hf_buffer_put_text(&packed, cases[i].path, strlen(cases[i].path));
    hf_path_limits limits;
    CHECK_OK(hf_path_limits_read(&limits, packed.data, packed.length, &test_error));
    hf_changes changes = {0};
    CHECK_OK(hf_tree_diff(&changes, &view, &left, &right, &limits, NULL, &test_error));
    CHECK(changes.count == cases[i].changes);
    hf_changes_free(&changes);
    hf_path_limits_free(&limits);
    hf_buffer_free(&packed);
  }
  hf_repo_close(&view);
  test_repository_remove(&repo);
}

HF_TEST(refuses_pathspecs) {
  static const char *const specs[] = {"", ":(top)a", "*.c", "a?", "[ab]", "a\\b", "a/", "/a", "a//b", "./a", "a/../b", "a/."};
  for (size_t i = 0; i < HF_ARRAY_SIZE(specs); i++) {
    hf_buffer packed = {0};
    hf_buffer_put_u32(&packed, 1);
    hf_buffer_put_text(&packed, specs[i], strlen(specs[i]));
    hf_path_limits limits;
    CHECK_CODE(HF_UNSUPPORTED, hf_path_limits_read(&limits, packed.data, packed.length, &test_error));
    hf_path_limits_free(&limits);
    for (size_t length = 1; length < packed.length; length++) {
      CHECK_CODE(HF_INVALID, hf_path_limits_read(&limits, packed.data, length, &test_error));
      hf_path_limits_free(&limits);
    }
    hf_buffer_free(&packed);
  }
}

HF_TEST(takes_malformed_requests_without_harm) {
  test_repository repo = make_changed();
  hf_repo view;
  CHECK_OK(hf_repo_open(&view, repo.path, NULL, &test_error));
  git_oid left = test_oid(&repo, "git rev-parse left"), right = test_oid(&repo, "git rev-parse right");
  hf_diff_request request = {.kind = HF_DIFF_TEXT};
  hf_buffer packed = {0}, out = {0};
  hf_buffer_put_u32(&packed, 1);
  hf_buffer_put_u8(&packed, 'c');
  hf_buffer_put_oid(&packed, &right);
  hf_buffer_put_u32(&packed, 2);
  hf_buffer_put_oid(&packed, &left);
  hf_buffer_put_oid(&packed, &left);
  CHECK_OK(hf_changed_paths(&out, &view, packed.data, packed.length, true, NULL, &test_error));
  size_t all = out.length;
  hf_buffer_free(&out);
  CHECK_OK(hf_changed_paths(&out, &view, packed.data, packed.length, false, NULL, &test_error));
  CHECK(all > 0 && out.length == all);
  for (size_t length = 0; length < packed.length; length++)
    CHECK_CODE(HF_INVALID, hf_changed_paths(&out, &view, packed.data, length, false, NULL, &test_error));
  for (size_t length = 1; length < 60; length++)
    CHECK_CODE(HF_INVALID, hf_diff_rest(&out, &view, &request, packed.data, length, NULL, &test_error));
  hf_buffer_free(&packed);
  hf_buffer_free(&out);
  hf_repo_close(&view);
  test_repository_remove(&repo);
}

HF_TEST(stops_a_diff) {
  test_repository repo = make_changed();
  hf_repo view;
  CHECK_OK(hf_repo_open(&view, repo.path, NULL, &test_error));
  hf_diff_request request = {.left = test_oid(&repo, "git rev-parse left"), .right = test_oid(&repo, "git rev-parse right")};
  hf_cancel cancel = {1};
  hf_buffer out = {0};
  CHECK_CODE(HF_CANCELLED, hf_diff(&out, &view, &request, &cancel, &test_error));
  hf_buffer_free(&out);
  hf_repo_close(&view);
  test_repository_remove(&repo);
}

/* ---- patches ---- */

/** Copies of exactly that size, so that reading past the end is seen. */
static hf_content copy_of(const char *text, size_t size) {
  char *copy = malloc(size ? size : 1);
  if (size) memcpy(copy, text, size);
  return (hf_content){copy, size};
}

static void check_compared(const char *old_text, size_t old_size, const char *new_text, size_t new_size, hf_whitespace whitespace,
                           const char *expected) {
  hf_content old_content = copy_of(old_text, old_size), new_content = copy_of(new_text, new_size);
  hf_edits edits;
  hf_buffer out = {0};
  CHECK_OK(hf_patch_edits(&edits, old_content, new_content, whitespace, &test_error));
  CHECK_OK(hf_patch_hunks(&out, old_content, new_content, &edits, &test_error));
  if (expected) CHECK(out.length == strlen(expected) && (out.length == 0 || memcmp(out.data, expected, out.length) == 0));
  hf_edits_free(&edits);
  hf_buffer_free(&out);
  free((char *)old_content.data);
  free((char *)new_content.data);
}

static void check_patch(const char *old_text, size_t old_size, const char *new_text, size_t new_size, const char *expected) {
  check_compared(old_text, old_size, new_text, new_size, HF_WHITESPACE_KEEP, expected);
}

HF_TEST(leaves_white_space_out_of_account) {
  check_compared("a b\n", 4, "a  b \n", 6, HF_WHITESPACE_IGNORE_CHANGE, "");
  check_compared("ab\n", 3, "a b\n", 4, HF_WHITESPACE_IGNORE_CHANGE, "@@ -1 +1 @@\n-ab\n+a b\n");
  check_compared("ab\n", 3, "a b\n", 4, HF_WHITESPACE_IGNORE_ALL, "");
  /* A form feed is no white space. */
  check_compared("ab\n", 3, "a\fb\n", 4, HF_WHITESPACE_IGNORE_ALL, "@@ -1 +1 @@\n-ab\n+a\fb\n");
  /* Context is the new side's. */
  check_compared("a b\n1\n", 6, "a  b\n2\n", 7, HF_WHITESPACE_IGNORE_CHANGE, "@@ -1,2 +1,2 @@\n a  b\n-1\n+2\n");
}

HF_TEST(prints_hunks) {
  check_patch("a\n", 2, "b\n", 2, "@@ -1 +1 @@\n-a\n+b\n");
  check_patch("a", 1, "a\n", 2, "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
  check_patch("", 0, "a\nb", 3, "@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file\n");
  check_patch("a\n", 2, "", 0, "@@ -1 +0,0 @@\n-a\n");
  /* The heading is cut where its bytes are no UTF-8, as git does. */
  check_patch("ab\xe9" "c\n1\n2\n3\n4\n", 13, "ab\xe9" "c\n1\n2\n3\n5\n", 13, "@@ -2,4 +2,4 @@ ab\n 1\n 2\n 3\n-4\n+5\n");
}

HF_TEST(prints_patches_of_any_bytes) {
  static const char alphabet[] = "\n\n\n a\f\v\x01\t\r\0\xff_";
  unsigned state = 1;
  for (int round = 0; round < 3000; round++) {
    char texts[2][120];
    size_t sizes[2];
    for (int side = 0; side < 2; side++) {
      sizes[side] = (state = state * 1103515245 + 12345) >> 16 & 127;
      if (sizes[side] > sizeof(texts[side])) sizes[side] = 0;
      for (size_t i = 0; i < sizes[side]; i++) texts[side][i] = alphabet[((state = state * 1103515245 + 12345) >> 16) % (sizeof(alphabet) - 1)];
    }
    check_compared(texts[0], sizes[0], texts[1], sizes[1], (hf_whitespace)(round % 3), NULL);
  }
}
