/* A worker's life between two tenants: some pages are written, then the memory goes back to the
   image and the same pages are touched again. pagerd_reset() and the reference's madvise do it on
   the same pages. */
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

/* Reports dirty_pages and the time from reset to the last page touched again, and wrong_pages,
   where a page still held what was written. --dirty-pages, --cycles. */
void reset_cycles_and_report(const struct arguments *arguments, struct reset_plan plan);

#endif
