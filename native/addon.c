/* The module: exports every function that a *_binding.c file registered, and the addon's own settings. */
#include "binding.h"
#include "slots.h"
#include "object.h"

static hf_function *functions;

void hf_function_register(hf_function *function) {
  function->next = functions;
  functions = function;
}

/** configure({ threads, repositoriesMax, idleMs, cacheBytes }): what is absent stays. */
HF_FUNCTION("configure", configure) {
  napi_value args[1];
  if (!hf_args(env, info, args, 1)) return NULL;
  static const char *const names[] = {"threads", "repositoriesMax", "idleMs", "cacheBytes"};
  int64_t values[HF_ARRAY_SIZE(names)] = {0};
  for (size_t i = 0; i < HF_ARRAY_SIZE(names); i++) {
    napi_value value;
    if (napi_get_named_property(env, args[0], names[i], &value) != napi_ok) {
      hf_throw_type(env, "settings must be an object");
      return NULL;
    }
    if (!hf_is_nullish(env, value) && !hf_arg_i64(env, value, &values[i])) return NULL;
  }
  if (values[0] > 0) hf_pool_set_threads((unsigned)values[0]);
  hf_limits limits = {
    .repositories_max = (size_t)values[1],
    .idle_ms = (unsigned)values[2],
    .cache_bytes = (size_t)values[3],
  };
  hf_set_limits(&limits);
  return NULL;
}

HF_FUNCTION("libgit2Version", libgit2_version) {
  (void)info;
  int major = 0, minor = 0, revision = 0;
  git_libgit2_version(&major, &minor, &revision);
  char text[32];
  int length = snprintf(text, sizeof(text), "%d.%d.%d", major, minor, revision);
  return hf_byte_string(env, text, (size_t)length);
}

/** Closes what is kept for a repository that is being removed or renamed. */
HF_FUNCTION("forget", forget) {
  napi_value args[1];
  hf_text gitdir;
  if (!hf_args(env, info, args, 1) || !hf_text_path(env, args[0], &gitdir)) return NULL;
  hf_repo_forget(gitdir.bytes);
  hf_slots_forget(gitdir.bytes);
  hf_text_free(&gitdir);
  return NULL;
}

HF_FUNCTION("reap", reap) {
  (void)env;
  (void)info;
  hf_repo_reap();
  hf_slots_reap();
  return NULL;
}

/** usage() → [open repositories, quarantines, bytes of objects in quarantines, bytes in the cache of objects] */
HF_FUNCTION("usage", usage) {
  (void)info;
  size_t quarantines, quarantine_bytes;
  hf_quarantine_usage(&quarantines, &quarantine_bytes);
  const double numbers[] = {(double)hf_repo_count(), (double)quarantines, (double)quarantine_bytes, (double)hf_cache_bytes()};
  napi_value result;
  if (napi_create_array_with_length(env, HF_ARRAY_SIZE(numbers), &result) != napi_ok) return NULL;
  for (uint32_t i = 0; i < HF_ARRAY_SIZE(numbers); i++) napi_set_element(env, result, i, hf_number(env, numbers[i]));
  return result;
}

NAPI_MODULE_INIT() {
  hf_error err;
  if (hf_start(&err) < 0) {
    hf_throw(env, &err);
    return NULL;
  }
  if (hf_env_attach(env) < 0) {
    napi_throw_error(env, "internal", "the addon cannot be attached");
    return NULL;
  }
  for (hf_function *function = functions; function; function = function->next) {
    napi_value value;
    if (napi_create_function(env, function->name, NAPI_AUTO_LENGTH, function->callback, NULL, &value) != napi_ok ||
        napi_set_named_property(env, exports, function->name, value) != napi_ok)
      return NULL;
  }
  return exports;
}
