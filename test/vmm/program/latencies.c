#include "test/vmm/program/latencies.h"

#include <time.h>

enum { fine = 16, bars_max = 64 * 16 };

uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Times below 16 ns have a bar each; above, each doubling is cut into sixteen. */
static unsigned bar_of(uint64_t ns) {
  if (ns < fine) return (unsigned)ns;
  const unsigned doublings = 63 - (unsigned)__builtin_clzll(ns);
  return (doublings - 3) * fine + (unsigned)(ns >> (doublings - 4)) - fine;
}

static uint64_t end_of(unsigned bar) {
  if (bar < fine) return bar;
  const unsigned doublings = bar / fine + 3;
  return ((uint64_t)(bar % fine + fine + 1) << (doublings - 4)) - 1;
}

void latencies_add(struct latencies *latencies, uint64_t ns) {
  latencies->counts[bar_of(ns)]++;
  latencies->count++;
  if (ns > latencies->max_ns) latencies->max_ns = ns;
}

void latencies_merge(struct latencies *into, const struct latencies *from) {
  for (unsigned bar = 0; bar < bars_max; bar++) into->counts[bar] += from->counts[bar];
  into->count += from->count;
  if (from->max_ns > into->max_ns) into->max_ns = from->max_ns;
}

uint64_t latencies_at(const struct latencies *latencies, uint64_t thousandth) {
  const uint64_t wanted = (latencies->count * thousandth + 999) / 1000;
  uint64_t seen = 0;
  for (unsigned bar = 0; bar < bars_max; bar++) {
    seen += latencies->counts[bar];
    if (seen >= wanted) return end_of(bar) < latencies->max_ns ? end_of(bar) : latencies->max_ns;
  }
  return latencies->max_ns;
}
