#include "reset_cycles.h"

#include <stdint.h>
#include <sys/mman.h>

#include "pattern.h"
#include "report.h"
#include "samples.h"
#include "warm_memory.h"

/* As tenants do: what is written was read before. Returns how many pages did not hold the image's
   word. */
static size_t change_pages(const struct reset_plan *plan, size_t stride_bytes) {
  size_t wrong_pages = 0;
  for (size_t i = 0; i < plan->dirty_pages; i++) {
    volatile uint64_t *word = (volatile uint64_t *)(plan->memory + i * stride_bytes);
    wrong_pages += *word != pattern_word(i * stride_bytes);
    *word = 0;
  }
  return wrong_pages;
}

void reset_cycles_and_report(const struct arguments *arguments, struct reset_plan plan) {
  plan.dirty_pages = (size_t)argument_number(arguments, "dirty-pages", 64);
  plan.cycles = (size_t)argument_number(arguments, "cycles", 100);
  const size_t pages = plan.length_bytes / PAGE_BYTES;
  if (plan.dirty_pages == 0 || plan.dirty_pages > pages) {
    fail("--dirty-pages wants 1 to %zu, found %zu", pages, plan.dirty_pages);
  }
  const size_t stride_bytes = pages / plan.dirty_pages * PAGE_BYTES;
  warm_free_pages(plan.dirty_pages * PAGE_BYTES);

  /* Twice untimed: from then on every cycle finds what the one before left. */
  size_t wrong_pages = 0;
  for (int cycle = 0; cycle < 2; cycle++) {
    wrong_pages += change_pages(&plan, stride_bytes);
    plan.reset(plan.owner);
  }
  struct samples samples = samples_create(plan.cycles);
  for (size_t cycle = 0; cycle < plan.cycles; cycle++) {
    const uint64_t before_ns = now_ns();
    wrong_pages += change_pages(&plan, stride_bytes);
    plan.reset(plan.owner);
    samples_add(&samples, now_ns() - before_ns);
  }
  wrong_pages += change_pages(&plan, stride_bytes);

  report_open();
  report_number("dirty_pages", (double)plan.dirty_pages);
  samples_report(&samples, "");
  report_number("wrong_pages", (double)wrong_pages);
  report_close();
  samples_destroy(&samples);
}

static void drop_all(void *owner) {
  const struct reset_plan *plan = owner;
  if (madvise(plan->memory, plan->length_bytes, MADV_DONTNEED) != 0) fail_errno("madvise");
}

void dontneed_cycles_and_report(const struct arguments *arguments, char *memory,
                                size_t length_bytes) {
  struct reset_plan plan = {.memory = memory, .length_bytes = length_bytes, .reset = drop_all};
  plan.owner = &plan;
  reset_cycles_and_report(arguments, plan);
}
