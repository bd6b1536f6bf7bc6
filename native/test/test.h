/*
 * C tests, run under AddressSanitizer and LeakSanitizer by `make check`. A test is a function in any file of this folder:
 *
 *     HF_TEST(peels_nested_tags) {
 *       test_repository repo = test_repository_make();
 *       CHECK_OK(hf_peel(...));
 *       test_repository_remove(&repo);
 *     }
 */
#ifndef HOLDFAST_TEST_H
#define HOLDFAST_TEST_H

#include "holdfast.h"

typedef struct test_case {
  const char *name;
  void (*run)(void);
  struct test_case *next;
} test_case;

void test_register(test_case *test);
void test_fail(const char *file, int line, const char *format, ...) HF_PRINTF(3, 4);

#define HF_TEST(c_name)                                                   \
  static void c_name(void);                                               \
  __attribute__((constructor)) static void c_name##_register(void) {      \
    static test_case test = {#c_name, c_name, NULL};                      \
    test_register(&test);                                                 \
  }                                                                       \
  static void c_name(void)

/** Every check that fails ends the run. */
#define CHECK(condition) ((condition) ? (void)0 : test_fail(__FILE__, __LINE__, "%s", #condition))

/** The error that tests hand to functions. */
extern hf_error test_error;

/** A call that must succeed, and one that must fail with a code; both use test_error. */
#define CHECK_OK(call)                                                                            \
  do {                                                                                            \
    int check_rc = (call);                                                                        \
    if (check_rc != HF_OK) test_fail(__FILE__, __LINE__, "%s: %d %s", #call, check_rc, test_error.message); \
  } while (0)
#define CHECK_CODE(expected, call)                                                                \
  do {                                                                                            \
    int check_rc = (call);                                                                        \
    if (check_rc != (expected)) test_fail(__FILE__, __LINE__, "%s: %d instead of %d", #call, check_rc, (int)(expected)); \
  } while (0)

typedef struct {
  char directory[64];
  char path[96];
} test_repository;

/** An empty bare repository in a temporary directory. */
test_repository test_repository_make(void);
void test_repository_remove(test_repository *repository);
/** Runs a shell command in the repository with real git; ends the test when it fails. */
void test_run(const test_repository *repository, const char *format, ...) HF_PRINTF(2, 3);
/** The first line of what it prints; valid until the next call. */
const char *test_output(const test_repository *repository, const char *format, ...) HF_PRINTF(2, 3);
/** The id that it prints. */
git_oid test_oid(const test_repository *repository, const char *format, ...) HF_PRINTF(2, 3);

#endif
