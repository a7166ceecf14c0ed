/* Durations in nanoseconds. All of them are kept and sorted, so that percentiles are exact. */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Owned by the thread that measures. Its memory is touched before the measurement starts. */
struct samples {
  uint32_t *values;
  size_t count;
  size_t capacity;
};

static inline uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Beyond the capacity samples are not kept; nothing here allocates while measuring. */
static inline void samples_add(struct samples *samples, uint64_t duration_ns) {
  if (samples->count == samples->capacity) return;
  samples->values[samples->count++] = duration_ns > UINT32_MAX ? UINT32_MAX : (uint32_t)duration_ns;
}

struct samples samples_create(size_t capacity);
void samples_append(struct samples *samples, const struct samples *more);
void samples_destroy(struct samples *samples);

/* Sorts, then reports p50_us, p90_us, p99_us, max_us, each with the prefix before its name. */
void samples_report(struct samples *samples, const char *prefix);

#endif
