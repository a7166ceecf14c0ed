/* What the pages of the images of a chaos run hold (images.ts writes them). */
#ifndef PAGERD_CHAOS_CONTENT_H
#define PAGERD_CHAOS_CONTENT_H

#include "test/harness/pattern.h"

enum { page_bytes = 4096, half_page_bytes = page_bytes / 2 };

/* Of every 512 pages the last 64 are a hole in the file. */
static inline int content_is_hole(uint64_t page) { return (page >> 6) % 8 == 7; }

static inline int64_t content_nonzero(const unsigned char *memory, uint64_t length_bytes) {
  for (uint64_t at = 0; at < length_bytes; at++)
    if (memory[at] != 0) return (int64_t)at;
  return -1;
}

/* Where bytes from `offset_bytes` of a page on differ from the image's; -1 when nowhere. */
static inline int64_t content_mismatch(const unsigned char *memory, uint64_t length_bytes,
                                       uint32_t seed, uint64_t page, uint64_t offset_bytes) {
  if (content_is_hole(page)) return content_nonzero(memory, length_bytes);
  return pattern_mismatch(memory, length_bytes, seed, page * page_bytes + offset_bytes);
}

static inline int64_t content_page_mismatch(const unsigned char *memory, uint32_t seed,
                                            uint64_t page) {
  return content_mismatch(memory, page_bytes, seed, page, 0);
}

#endif
