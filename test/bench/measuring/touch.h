/* The measured work: threads that touch pages for the first time. References and pagerd's client
   share it, so that both do the same thing with the same instructions in the same order. */
#ifndef BENCH_TOUCH_H
#define BENCH_TOUCH_H

#include <stddef.h>

#include "arguments.h"
#include "pattern.h"

enum touch_order { ORDER_RANDOM, ORDER_SEQUENTIAL };

/* Whether each touch is timed: two clock readings, some 50 ns, that a row about bandwidth does
   without. */
enum touch_timing { TIMING_EACH, TIMING_WHOLE };

struct touch_plan {
  char *memory;
  size_t length_bytes;
  enum touch_order order;
  enum touch_timing timing;
  int faulters; /* threads, each with its own share of the pages */
  int cpu;      /* of the first faulter; CPU_ANY: none is pinned */
  int cpu_step; /* added for each further faulter, modulo the CPUs of the machine */
};

/* --order, --timing, --faulters, --cpu, --cpu-step. */
struct touch_plan touch_plan_from(const struct arguments *arguments, char *memory,
                                  size_t length_bytes);

/* Touches every page once, and reports: pages, faults (userfaults that were waited for), seconds,
   latencies if each is timed, and wrong_pages, found in a second, untimed pass over all bytes. */
void touch_and_report(const struct touch_plan *plan, enum image_content content);

#endif
