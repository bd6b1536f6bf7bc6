/* ---- flushFileSystem(directory): all that was written before, to any file of the file system, is on the disk ---- */
#include "binding.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

typedef struct {
  hf_job job;
  hf_text directory;
} flush_job;

static int flush_execute(hf_job *base) {
  const char *directory = ((flush_job *)base)->directory.bytes;
  int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return hf_fail_os(&base->error, errno, "cannot open %s", directory);
  int rc = syncfs(fd);
  int reason = errno;
  close(fd);
  return rc < 0 ? hf_fail_os(&base->error, reason, "cannot flush the file system of %s", directory) : HF_OK;
}

static napi_value flush_complete(napi_env env, hf_job *base) {
  (void)base;
  return hf_undefined(env);
}

static void flush_destroy(hf_job *base) {
  hf_text_free(&((flush_job *)base)->directory);
  free(base);
}

HF_FUNCTION("flushFileSystem", flush_file_system) {
  napi_value args[1];
  flush_job *job = hf_job_new(sizeof(*job), flush_execute, flush_complete, flush_destroy);
  if (!hf_args(env, info, args, 1) || !hf_text_path(env, args[0], &job->directory)) return hf_job_drop(&job->job);
  job->job.waits = true;
  return hf_job_submit(env, &job->job);
}
