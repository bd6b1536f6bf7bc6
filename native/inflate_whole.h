/* Inflating at once what is in memory as a whole, by libdeflate where the machine has it: two to three times as fast as zlib. */
#ifndef HOLDFAST_INFLATE_WHOLE_H
#define HOLDFAST_INFLATE_WHOLE_H

#include "holdfast.h"

/**
 * Inflates a zlib stream that makes exactly `length` bytes, and checks its sum. `have` may go on behind the stream's end. False where it does
 * not (the stream is cut short, or damaged), and where there is no libdeflate: zlib tells which.
 */
bool hf_inflate_whole(uint8_t *out, size_t length, const uint8_t *have, size_t have_len);

/** The most that deflating `length` bytes can make of them with any setting of zlib, its header and sum included. */
static inline size_t hf_deflated_bytes_max(size_t length) { return length + length / 8 + 64; }

/** False sends everything to zlib, for tests; true takes that back. */
void hf_inflate_whole_enable(bool enabled);
/** Is libdeflate there? */
bool hf_inflate_whole_available(void);

#endif
