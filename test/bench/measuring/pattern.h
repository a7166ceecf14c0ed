/* The bytes of a benchmark image, computable from the offset alone: nobody needs the file to check
   a page. */
#ifndef BENCH_PATTERN_H
#define BENCH_PATTERN_H

#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES 4096u

enum image_content { CONTENT_PATTERN, CONTENT_ZERO };

/* The word at a multiple of 8. Never zero, and different in each page. */
static inline uint64_t pattern_word(uint64_t offset_bytes) {
  return (offset_bytes + 1) * 0x9e3779b97f4a7c15u;
}

void pattern_fill(void *memory, size_t length_bytes, uint64_t offset_bytes);

/* Pages of the memory in which some word is not what the image has there. */
size_t pattern_wrong_pages(const void *memory, size_t length_bytes, enum image_content content);

/* A memfd with the pattern, mapped and resident: pages for a reference to copy from, in the same
   kind of memory that the manager copies from. */
const char *pattern_source(size_t length_bytes);

/* A memfd with the pattern in a private mapping, nothing of it touched yet: what the kernel alone
   makes of an image that is in memory. */
char *pattern_private_mapping(size_t length_bytes);

#endif
