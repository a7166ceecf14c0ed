/* What one vCPU is to touch in one order, and what came of it. */
#ifndef PAGERD_VMM_PLAN_H
#define PAGERD_VMM_PLAN_H

#include <stddef.h>

#include "test/vmm/program/latencies.h"
#include "test/vmm/program/vcpu.h"

struct access {
  uint64_t page;
  uint64_t value; /* of a write, never 0; 0 is a read */
  uint32_t offset;
};

struct plan {
  struct access *accesses;
  size_t count, room;
};

struct tally {
  uint64_t accesses, writes, wrong, failed;
  struct { uint64_t address, found, wanted; } first_wrong;
  struct { uint64_t address; enum failure how; } first_failed;
  struct latencies latencies; /* of accesses, where each exits */
};

void plan_read(struct plan *plan, uint64_t page, uint32_t offset);
/* At the page's own place for writes. */
void plan_write(struct plan *plan, uint64_t page, uint64_t value);
void plan_free(struct plan *plan);

/* On the vCPU's thread. What is read is compared with what it should be then. */
void plan_run(const struct plan *plan, struct vcpu *vcpu, bool is_stepped, struct tally *tally);

/* The first of two wrong words is that of the first tally. */
void tally_merge(struct tally *into, const struct tally *from);

#endif
