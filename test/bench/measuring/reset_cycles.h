/* A worker's life from tenant to tenant: some pages are read and written, then the memory goes back
   to the image. pagerd_reset() and the references' madvise do it on the same pages; what either
   leaves for the next tenant to pay is in the next cycle. */
#ifndef BENCH_RESET_CYCLES_H
#define BENCH_RESET_CYCLES_H

#include <stddef.h>

#include "arguments.h"

struct reset_plan {
  char *memory;
  size_t length_bytes;
  size_t dirty_pages;
  size_t cycles;
  void (*reset)(void *owner);
  void *owner;
};

/* Reports dirty_pages, the time of a cycle, and wrong_pages, where a page still held what was
   written. --dirty-pages, --cycles. */
void reset_cycles_and_report(const struct arguments *arguments, struct reset_plan plan);

/* The same for memory that is reset by MADV_DONTNEED over all of it. */
void dontneed_cycles_and_report(const struct arguments *arguments, char *memory,
                                size_t length_bytes);

#endif
