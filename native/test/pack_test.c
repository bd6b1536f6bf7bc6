#include "blob_stream.h"
#include "inflate_whole.h"
#include "repository.h"
#include "test.h"
#include <fcntl.h>
#include <unistd.h>

/** Forty versions of a few files, as git likes to pack them; one object is larger than any buffer. */
static test_repository make_versions(void) {
  test_repository repo = test_repository_make();
  test_run(&repo,
           "(for i in $(seq 40); do"
           " printf 'commit refs/heads/main\\ncommitter A <a@b> %%d +0000\\ndata 2\\nm\\n' $((1700000000 + i));"
           " for f in 1 2 3; do (seq $((f * 400)); echo version $i; seq $((f * 700))) > $f.tmp;"
           " printf 'M 100644 inline dir/%%d\\ndata %%d\\n' $f $(wc -c < $f.tmp); cat $f.tmp; echo; done;"
           "done) | git fast-import --quiet --force && rm *.tmp");
  return repo;
}

/** Reads every object, and compares type, size and hash with what git says. */
static size_t check_all(const test_repository *repo) {
  char command[256];
  snprintf(command, sizeof(command), "git -C %s cat-file --batch-all-objects --batch-check", repo->path);
  FILE *pipe = popen(command, "r");
  CHECK(pipe != NULL);
  hf_repo view;
  CHECK_OK(hf_repo_open(&view, repo->path, NULL, &test_error));
  char hex[64], type_name[16];
  size_t size, count = 0;
  for (; fscanf(pipe, "%63s %15s %zu", hex, type_name, &size) == 3; count++) {
    git_oid oid, hash, found;
    git_object_t type;
    size_t header_size;
    hf_object *object;
    hf_oid_prefix(&oid, hex, GIT_OID_HEXSZ);
    CHECK_OK(hf_repo_read_header(&type, &header_size, &view, &oid, &test_error));
    CHECK(header_size == size && strcmp(git_object_type2string(type), type_name) == 0);
    CHECK_OK(hf_repo_read(&object, &view, &oid, &test_error));
    CHECK(git_odb_hash(&hash, hf_object_data(object), hf_object_size(object), hf_object_type(object)) == 0);
    CHECK(git_oid_equal(&hash, &oid));
    hf_object_free(object);
    CHECK_OK(hf_repo_read_up_to(&object, &header_size, size, &view, &oid, &test_error));
    CHECK(object != NULL && header_size == size && hf_object_size(object) == size);
    hf_object_free(object);
    if (size > 0) {
      CHECK_OK(hf_repo_read_up_to(&object, &header_size, size - 1, &view, &oid, &test_error));
      CHECK(header_size == size && (!object || hf_object_size(object) == size));
      hf_object_free(object);
    }
    CHECK_OK(hf_repo_find_prefix(&found, &view, &oid, 20, &test_error));
    CHECK(git_oid_equal(&found, &oid));
    oid.id[19] ^= 1;
    CHECK(!hf_repo_exists(&view, &oid));
  }
  CHECK(pclose(pipe) == 0);
  hf_repo_close(&view);
  return count;
}

static void without_cache(void) {
  hf_limits limits = {.cache_bytes = 1};
  hf_set_limits(&limits);
}

static void with_cache(void) {
  hf_limits limits = {.cache_bytes = 12 * 1024 * 1024};
  hf_set_limits(&limits);
}

HF_TEST(reads_every_object_of_any_pack) {
  test_repository repo = make_versions();
  test_run(&repo, "head -c 3000000 /dev/urandom | git hash-object -w --stdin > /dev/null && head -c 3000000 /dev/zero | git hash-object -w --stdin > /dev/null");
  size_t count = check_all(&repo);
  CHECK(count > 200);
  static const char *const forms[] = {
    "git repack -adfq --depth=50",
    "git repack -adfq --depth=300 --window=20",
    "git -c repack.useDeltaBaseOffset=false -c repack.writeBitmaps=false repack -adfq",
    "git -c pack.packSizeLimit=1m repack -adfq",
    "git repack -adfq && for p in objects/pack/*.pack; do git index-pack --index-version=2,0x100 -o ${p%%.pack}.new $p && mv -f ${p%%.pack}.new ${p%%.pack}.idx; done",
    "git repack -adfq && git multi-pack-index write && git prune-packed",
  };
  for (size_t i = 0; i < HF_ARRAY_SIZE(forms); i++) {
    test_run(&repo, "%s > /dev/null 2>&1", forms[i]);
    without_cache();
    CHECK(check_all(&repo) >= count - 2);
    hf_inflate_whole_enable(false);
    CHECK(check_all(&repo) >= count - 2);
    hf_inflate_whole_enable(true);
    with_cache();
    CHECK(check_all(&repo) >= count - 2);
  }
  test_repository_remove(&repo);
}

HF_TEST(declines_old_indexes) {
  test_repository repo = make_versions();
  test_run(&repo, "git repack -adfq && for p in objects/pack/*.pack; do git index-pack --index-version=1 -o ${p%%.pack}.new $p && mv -f ${p%%.pack}.new ${p%%.pack}.idx; done > /dev/null");
  hf_repo view;
  git_oid oid = test_oid(&repo, "git rev-parse main");
  hf_object *object;
  CHECK_OK(hf_repo_open(&view, repo.path, NULL, &test_error));
  CHECK_CODE(HF_UNSUPPORTED, hf_repo_read(&object, &view, &oid, &test_error));
  hf_repo_close(&view);
  test_repository_remove(&repo);
}

/** A reader of random numbers that gives the same ones in each run. */
static uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525 + 1013904223;
  return *state >> 8;
}

static void damage(const char *path, uint32_t *state) {
  int fd = open(path, O_RDWR);
  CHECK(fd >= 0);
  off_t size = lseek(fd, 0, SEEK_END);
  for (int i = 0; i < 40; i++) {
    uint8_t byte = (uint8_t)next_random(state);
    CHECK(pwrite(fd, &byte, 1, next_random(state) % size) == 1);
  }
  if (next_random(state) % 4 == 0) CHECK(ftruncate(fd, next_random(state) % size) == 0);
  close(fd);
}

HF_TEST(survives_damaged_packs) {
  test_repository repo = make_versions();
  test_run(&repo, "git repack -adfq && git rev-list --objects --all | cut -c1-40 > ids && cp -r objects/pack pack.whole && chmod -R u+w objects/pack pack.whole");
  char ids[128], path[256];
  snprintf(ids, sizeof(ids), "%s/ids", repo.path);
  uint32_t state = 1;
  for (int round = 0; round < 30; round++) {
    /* Two rounds with each way to inflate: damage of a pack and of an index. */
    hf_inflate_whole_enable(round % 4 < 2);
    test_run(&repo, "rm -f objects/pack/* && cp pack.whole/* objects/pack/ && chmod u+w objects/pack/*");
    snprintf(path, sizeof(path), "%s/%s", repo.path, test_output(&repo, "ls objects/pack/*.%s", round % 2 ? "idx" : "pack"));
    damage(path, &state);
    hf_repo_forget(repo.path);
    without_cache();
    hf_repo view;
    CHECK_OK(hf_repo_open(&view, repo.path, NULL, &test_error));
    FILE *file = fopen(ids, "r");
    CHECK(file != NULL);
    char hex[64];
    while (fscanf(file, "%63s", hex) == 1) {
      git_oid oid;
      git_object_t type;
      size_t size;
      hf_object *object;
      hf_error err;
      hf_oid_prefix(&oid, hex, GIT_OID_HEXSZ);
      (void)hf_repo_read_header(&type, &size, &view, &oid, &err);
      if (hf_repo_read(&object, &view, &oid, &err) == HF_OK) hf_object_free(object);
    }
    fclose(file);
    hf_repo_close(&view);
  }
  with_cache();
  test_repository_remove(&repo);
}

HF_TEST(survives_damaged_loose_objects) {
  test_repository repo = test_repository_make();
  uint32_t state = 7;
  char path[256];
  for (int round = 0; round < 60; round++) {
    git_oid oid = test_oid(&repo, "seq %d 900 | git hash-object -w --stdin", round);
    char hex[GIT_OID_HEXSZ + 1];
    git_oid_tostr(hex, sizeof(hex), &oid);
    snprintf(path, sizeof(path), "%s/objects/%.2s/%s", repo.path, hex, hex + 2);
    CHECK(chmod(path, 0644) == 0);
    if (round == 0) CHECK(truncate(path, 0) == 0);
    else damage(path, &state);
    hf_repo view;
    hf_object *object;
    git_object_t type;
    size_t size;
    CHECK_OK(hf_repo_open(&view, repo.path, NULL, &test_error));
    (void)hf_repo_read_header(&type, &size, &view, &oid, &test_error);
    CHECK_CODE(HF_CORRUPT, hf_repo_read(&object, &view, &oid, &test_error));
    CHECK(strcmp(test_error.subject, hex) == 0);
    hf_repo_close(&view);
  }
  test_repository_remove(&repo);
}

HF_TEST(sees_what_git_does_beside_us) {
  test_repository repo = make_versions();
  hf_repo view;
  git_oid head = test_oid(&repo, "git rev-parse main");
  git_oid lost = test_oid(&repo, "echo lost | git hash-object -w --stdin");
  hf_object *object;
  CHECK_OK(hf_repo_open(&view, repo.path, NULL, &test_error));
  CHECK_OK(hf_repo_read(&object, &view, &lost, &test_error));
  hf_object_free(object);
  /* With a view open: moved, added, dropped. */
  test_run(&repo, "git repack -adfq");
  CHECK_OK(hf_repo_read(&object, &view, &head, &test_error));
  hf_object_free(object);
  git_oid fresh = test_oid(&repo, "echo fresh | git hash-object -w --stdin");
  CHECK(hf_repo_exists(&view, &fresh));
  git_oid packed = test_oid(&repo, "oid=$(echo packed | git hash-object -w --stdin) && echo $oid | git pack-objects -q objects/pack/pack > /dev/null && git prune-packed && echo $oid");
  CHECK(hf_repo_exists(&view, &packed));
  test_run(&repo, "git prune --expire=now");
  CHECK(!hf_repo_exists(&view, &lost));
  CHECK_CODE(HF_NOT_FOUND, hf_repo_read(&object, &view, &lost, &test_error));
  hf_repo_close(&view);
  test_repository_remove(&repo);
}

HF_TEST(has_few_packs_open) {
  test_repository repo = test_repository_make();
  test_run(&repo, "for i in $(seq 150); do echo $i | git hash-object -w --stdin | git pack-objects -q objects/pack/pack > /dev/null; done && git prune-packed");
  CHECK(check_all(&repo) == 150);
  CHECK(check_all(&repo) == 150);
  CHECK(atoi(test_output(&repo, "ls -l /proc/%d/fd | grep -c 'pack-'", (int)getpid())) <= 2 * 128);
  test_repository_remove(&repo);
}

static void check_stream(hf_repo *view, const git_oid *oid, size_t piece) {
  hf_blob_stream *stream;
  hf_object *object;
  git_object_t type;
  size_t size, got, at = 0;
  CHECK_OK(hf_repo_read(&object, view, oid, &test_error));
  CHECK_OK(hf_blob_stream_open(&stream, &type, &size, view, oid, &test_error));
  CHECK(size == hf_object_size(object) && type == hf_object_type(object));
  uint8_t *bytes = malloc(piece);
  do {
    CHECK_OK(hf_blob_stream_read(bytes, piece, &got, stream, &test_error));
    CHECK(at + got <= size && memcmp(bytes, (const uint8_t *)hf_object_data(object) + at, got) == 0);
    at += got;
  } while (got == piece);
  CHECK(at == size);
  free(bytes);
  hf_blob_stream_close(stream);
  hf_object_free(object);
}

HF_TEST(streams_objects_in_pieces) {
  test_repository repo = test_repository_make();
  git_oid oids[3];
  oids[0] = test_oid(&repo, "head -c 2000000 /dev/urandom | tee random | git hash-object -w --stdin");
  oids[1] = test_oid(&repo, "(cat random; echo more) | git hash-object -w --stdin");
  oids[2] = test_oid(&repo, "git hash-object -w --stdin < /dev/null");
  for (int packed = 0; packed < 2; packed++) {
    if (packed) test_run(&repo, "ls objects/?? -d | while read d; do ls $d | sed s,^,$(basename $d),; done | git pack-objects -q objects/pack/pack > /dev/null && git prune-packed");
    hf_repo view;
    CHECK_OK(hf_repo_open(&view, repo.path, NULL, &test_error));
    for (size_t i = 0; i < HF_ARRAY_SIZE(oids); i++) {
      check_stream(&view, &oids[i], 100000);
      check_stream(&view, &oids[i], 3000000);
    }
    hf_blob_stream *stream;
    git_object_t type;
    size_t size;
    git_oid absent = oids[0];
    absent.id[3] ^= 1;
    CHECK_CODE(HF_NOT_FOUND, hf_blob_stream_open(&stream, &type, &size, &view, &absent, &test_error));
    hf_repo_close(&view);
  }
  test_repository_remove(&repo);
}
