#include "samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "report.h"

struct samples samples_create(size_t capacity) {
  struct samples samples = {.values = malloc((capacity + 1) * sizeof(uint32_t)),
                            .capacity = capacity};
  if (samples.values == NULL) fail("no memory for %zu samples", capacity);
  memset(samples.values, 0xff, (capacity + 1) * sizeof(uint32_t));
  return samples;
}

void samples_append(struct samples *samples, const struct samples *more) {
  for (size_t i = 0; i < more->count; i++) samples_add(samples, more->values[i]);
}

void samples_destroy(struct samples *samples) {
  free(samples->values);
  *samples = (struct samples){0};
}

static int compare(const void *left, const void *right) {
  const uint32_t a = *(const uint32_t *)left;
  const uint32_t b = *(const uint32_t *)right;
  return a < b ? -1 : a > b;
}

static void report_percentile(const struct samples *samples, const char *prefix,
                              const char *suffix, double fraction) {
  char name[64];
  snprintf(name, sizeof(name), "%s%s", prefix, suffix);
  const size_t index = (size_t)((double)(samples->count - 1) * fraction);
  report_number(name, samples->count == 0 ? 0 : samples->values[index] / 1000.0);
}

void samples_report(struct samples *samples, const char *prefix) {
  qsort(samples->values, samples->count, sizeof(uint32_t), compare);
  report_percentile(samples, prefix, "p50_us", 0.50);
  report_percentile(samples, prefix, "p90_us", 0.90);
  report_percentile(samples, prefix, "p99_us", 0.99);
  report_percentile(samples, prefix, "max_us", 1.00);
}
