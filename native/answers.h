/* How bindings answer about objects. */
#ifndef HOLDFAST_ANSWERS_H
#define HOLDFAST_ANSWERS_H

#include "binding.h"

/** Defines NAMESync and NAME, which differ only in the thread that executes. */
#define TWICE(js_name, c_name)                                          \
  HF_FUNCTION(js_name "Sync", c_name##_sync) {                          \
    hf_job *job = c_name##_parse(env, info);                            \
    return job ? hf_job_run(env, job) : NULL;                           \
  }                                                                     \
  HF_FUNCTION(js_name, c_name) {                                        \
    hf_job *job = c_name##_parse(env, info);                            \
    return job ? hf_job_submit(env, job) : NULL;                        \
  }

/** Size and type of an object in one number, which JavaScript holds exactly below 2^53. */
static inline uint64_t hf_header_bits(git_object_t type, size_t size) { return (uint64_t)size * 8 + (uint64_t)type; }
static inline double hf_header_number(git_object_t type, size_t size) { return (double)hf_header_bits(type, size); }

/** Absence is an answer, not an error. */
static inline int hf_absent(int rc, bool *found) {
  *found = rc == HF_OK;
  return rc == HF_NOT_FOUND ? HF_OK : rc;
}

/** The lowest `count` bytes of a number, little endian. */
static inline void hf_put_number(uint8_t *out, uint64_t number, int count) {
  for (int i = 0; i < count; i++) out[i] = (uint8_t)(number >> (8 * i));
}

#endif
