/* A histogram of times, from 1 ns to hours, exact to a sixteenth. */
#ifndef PAGERD_VMM_LATENCIES_H
#define PAGERD_VMM_LATENCIES_H

#include <stdint.h>

struct latencies {
  uint64_t counts[64 * 16];
  uint64_t count, max_ns;
};

uint64_t now_ns(void);
void latencies_add(struct latencies *latencies, uint64_t ns);
void latencies_merge(struct latencies *into, const struct latencies *from);
/* The smallest time that so many of a thousand do not exceed. */
uint64_t latencies_at(const struct latencies *latencies, uint64_t thousandth);

#endif
