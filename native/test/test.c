/* The driver: runs every test, or those whose names contain one of the arguments. */
#include "test.h"
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

hf_error test_error;
static test_case *tests;
static const char *running;

void test_register(test_case *test) {
  test->next = tests;
  tests = test;
}

void test_fail(const char *file, int line, const char *format, ...) {
  va_list list;
  va_start(list, format);
  fprintf(stderr, "%s:%d: %s: ", file, line, running);
  vfprintf(stderr, format, list);
  fprintf(stderr, "\n");
  va_end(list);
  /* Leaks of a test that ends in the middle say nothing. */
  _exit(1);
}

test_repository test_repository_make(void) {
  test_repository repository;
  snprintf(repository.directory, sizeof(repository.directory), "/tmp/holdfast-test-XXXXXX");
  CHECK(mkdtemp(repository.directory) != NULL);
  snprintf(repository.path, sizeof(repository.path), "%s/repository.git", repository.directory);
  char command[256];
  snprintf(command, sizeof(command), "git init --quiet --bare --initial-branch=main --template= %s", repository.path);
  CHECK(system(command) == 0);
  return repository;
}

void test_repository_remove(test_repository *repository) {
  char command[128];
  hf_repo_forget(repository->path);
  snprintf(command, sizeof(command), "rm -rf %s", repository->directory);
  CHECK(system(command) == 0);
}

static void compose(char *command, size_t size, const test_repository *repository, const char *format, va_list list) {
  int length = snprintf(command, size, "cd %s && ", repository->path);
  vsnprintf(command + length, size - (size_t)length, format, list);
}

void test_run(const test_repository *repository, const char *format, ...) {
  char command[4096];
  va_list list;
  va_start(list, format);
  compose(command, sizeof(command), repository, format, list);
  va_end(list);
  if (system(command) != 0) test_fail(__FILE__, __LINE__, "failed: %s", command);
}

static const char *output_of(const char *command) {
  static char line[4096];
  FILE *pipe = popen(command, "r");
  CHECK(pipe != NULL);
  line[0] = '\0';
  if (!fgets(line, sizeof(line), pipe)) line[0] = '\0';
  line[strcspn(line, "\n")] = '\0';
  if (pclose(pipe) != 0) test_fail(__FILE__, __LINE__, "failed: %s", command);
  return line;
}

const char *test_output(const test_repository *repository, const char *format, ...) {
  char command[4096];
  va_list list;
  va_start(list, format);
  compose(command, sizeof(command), repository, format, list);
  va_end(list);
  return output_of(command);
}

git_oid test_oid(const test_repository *repository, const char *format, ...) {
  char command[4096];
  va_list list;
  va_start(list, format);
  compose(command, sizeof(command), repository, format, list);
  va_end(list);
  git_oid oid;
  const char *text = output_of(command);
  if (hf_oid_prefix(&oid, text, strlen(text)) != GIT_OID_HEXSZ) test_fail(__FILE__, __LINE__, "no id: %s", text);
  return oid;
}

static bool wanted(const char *name, int count, char **filters) {
  for (int i = 0; i < count; i++)
    if (strstr(name, filters[i])) return true;
  return count == 0;
}

int main(int count, char **arguments) {
  setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
  setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
  setenv("GIT_AUTHOR_NAME", "Jane Doe", 1);
  setenv("GIT_AUTHOR_EMAIL", "jane@example.com", 1);
  setenv("GIT_COMMITTER_NAME", "Jane Doe", 1);
  setenv("GIT_COMMITTER_EMAIL", "jane@example.com", 1);
  if (hf_start(&test_error) < 0) {
    fprintf(stderr, "%s\n", test_error.message);
    return 1;
  }
  unsigned done = 0;
  for (const test_case *test = tests; test; test = test->next) {
    if (!wanted(test->name, count - 1, arguments + 1)) continue;
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    running = test->name;
    test->run();
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("ok %s (%ld ms)\n", test->name, (long)((end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000));
    fflush(stdout);
    done++;
  }
  printf("%u tests\n", done);
  return done > 0 ? 0 : 1;
}
