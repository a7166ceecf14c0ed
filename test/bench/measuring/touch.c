#include "touch.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "placement.h"
#include "report.h"
#include "samples.h"
#include "warm_memory.h"

/* One thread that touches its share of the pages. Owned by touch_and_report(). */
struct faulter {
  const struct touch_plan *plan;
  pthread_barrier_t *start;
  pthread_t thread;
  int cpu;
  uint32_t *pages; /* in the order of touching */
  size_t page_count;
  struct samples samples;
  long faults;
  uint64_t started_ns;
  uint64_t ended_ns;
  uint64_t sum; /* keeps the compiler from dropping the reads */
};

struct touch_plan touch_plan_from(const struct arguments *arguments, char *memory,
                                  size_t length_bytes) {
  const char *order = argument_text(arguments, "order", "random");
  const char *timing = argument_text(arguments, "timing", "each");
  return (struct touch_plan){
      .memory = memory,
      .length_bytes = length_bytes,
      .order = strcmp(order, "sequential") == 0 ? ORDER_SEQUENTIAL : ORDER_RANDOM,
      .timing = strcmp(timing, "whole") == 0 ? TIMING_WHOLE : TIMING_EACH,
      .faulters = (int)argument_number(arguments, "faulters", 1),
      .cpu = (int)argument_number(arguments, "cpu", CPU_ANY),
      .cpu_step = (int)argument_number(arguments, "cpu-step", 0),
  };
}

static void order_pages(struct faulter *faulter, size_t first_page) {
  uint32_t *pages = malloc((faulter->page_count + 1) * sizeof(uint32_t));
  if (pages == NULL) fail("no memory for %zu page numbers", faulter->page_count);
  for (size_t i = 0; i < faulter->page_count; i++) pages[i] = (uint32_t)(first_page + i);
  if (faulter->plan->order == ORDER_RANDOM) {
    uint64_t state = 0x2545f4914f6cdd1du + first_page;
    for (size_t i = faulter->page_count; i > 1; i--) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      const size_t other = (state >> 33) % i;
      const uint32_t page = pages[i - 1];
      pages[i - 1] = pages[other];
      pages[other] = page;
    }
  }
  faulter->pages = pages;
}

/* The kernel counts a fault once, when its last try ends. In registered memory each of them was a
   userfault; everything else the faulter uses has been touched before. */
static long faults_taken(void) {
  struct rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_minflt + usage.ru_majflt;
}

static void touch_timed(struct faulter *faulter) {
  const char *memory = faulter->plan->memory;
  for (size_t i = 0; i < faulter->page_count; i++) {
    const char *page = memory + (size_t)faulter->pages[i] * PAGE_BYTES;
    const uint64_t before_ns = now_ns();
    faulter->sum += *(const volatile uint64_t *)page;
    samples_add(&faulter->samples, now_ns() - before_ns);
  }
}

static void touch_untimed(struct faulter *faulter) {
  const char *memory = faulter->plan->memory;
  for (size_t i = 0; i < faulter->page_count; i++) {
    faulter->sum += *(const volatile uint64_t *)(memory + (size_t)faulter->pages[i] * PAGE_BYTES);
  }
}

static void *touch_pages(void *argument) {
  struct faulter *faulter = argument;
  pin_to_cpu(faulter->cpu);
  const long faults_before = faults_taken();
  pthread_barrier_wait(faulter->start);
  faulter->started_ns = now_ns();
  if (faulter->plan->timing == TIMING_EACH) {
    touch_timed(faulter);
  } else {
    touch_untimed(faulter);
  }
  faulter->ended_ns = now_ns();
  faulter->faults = faults_taken() - faults_before;
  return NULL;
}

static void start_faulters(const struct touch_plan *plan, struct faulter *faulters,
                           pthread_barrier_t *start) {
  const size_t pages = plan->length_bytes / PAGE_BYTES;
  const size_t share = pages / (size_t)plan->faulters;
  const int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
  for (int i = 0; i < plan->faulters; i++) {
    struct faulter *faulter = &faulters[i];
    faulter->plan = plan;
    faulter->start = start;
    faulter->cpu = plan->cpu == CPU_ANY ? CPU_ANY : (plan->cpu + i * plan->cpu_step) % cpus;
    faulter->page_count = i == plan->faulters - 1 ? pages - share * (size_t)i : share;
    order_pages(faulter, share * (size_t)i);
    faulter->samples = samples_create(plan->timing == TIMING_EACH ? faulter->page_count : 0);
    if (pthread_create(&faulter->thread, NULL, touch_pages, faulter) != 0) fail("no thread");
  }
}

static void report(const struct touch_plan *plan, struct faulter *faulters,
                   enum image_content content) {
  struct samples all = samples_create(plan->length_bytes / PAGE_BYTES);
  uint64_t started_ns = UINT64_MAX;
  uint64_t ended_ns = 0;
  long faults = 0;
  for (int i = 0; i < plan->faulters; i++) {
    samples_append(&all, &faulters[i].samples);
    faults += faulters[i].faults;
    if (faulters[i].started_ns < started_ns) started_ns = faulters[i].started_ns;
    if (faulters[i].ended_ns > ended_ns) ended_ns = faulters[i].ended_ns;
  }
  report_open();
  report_number("pages", (double)(plan->length_bytes / PAGE_BYTES));
  report_number("faults", (double)faults);
  report_number("seconds", (double)(ended_ns - started_ns) / 1e9);
  if (plan->timing == TIMING_EACH) samples_report(&all, "");
  report_number("wrong_pages",
                (double)pattern_wrong_pages(plan->memory, plan->length_bytes, content));
  report_close();
  samples_destroy(&all);
}

void touch_and_report(const struct touch_plan *plan, enum image_content content) {
  if (plan->faulters < 1) fail("--faulters wants 1 or more, found %d", plan->faulters);
  struct faulter *faulters = calloc((size_t)plan->faulters, sizeof(*faulters));
  warm_free_pages(plan->length_bytes);
  pthread_barrier_t start;
  pthread_barrier_init(&start, NULL, (unsigned)plan->faulters);
  start_faulters(plan, faulters, &start);
  for (int i = 0; i < plan->faulters; i++) pthread_join(faulters[i].thread, NULL);
  report(plan, faulters, content);
  for (int i = 0; i < plan->faulters; i++) {
    samples_destroy(&faulters[i].samples);
    free(faulters[i].pages);
  }
  pthread_barrier_destroy(&start);
  free(faulters);
}
