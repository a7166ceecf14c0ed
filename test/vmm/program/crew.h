/* The vCPUs' threads. Each takes its share of an order, all at once. */
#ifndef PAGERD_VMM_CREW_H
#define PAGERD_VMM_CREW_H

#include <sys/types.h>

#include "test/vmm/program/options.h"
#include "test/vmm/program/plan.h"

/* Makes the vCPUs, under KVM unless that is not wanted or cannot be had, and starts their threads.
   `why` says what kept KVM away; NULL when they have it. */
void crew_start(const struct options *options, const char **why);
int crew_size(void);
pid_t crew_thread(int vcpu);

/* Interrupts every vCPU's thread so often, as a VMM does that wants its attention. */
void crew_kick(uint64_t times);
/* How often a signal ended KVM_RUN so far; of no meaning while vCPUs run. */
uint64_t crew_interruptions(void);

/* The share of a vCPU in the order to come. */
struct plan *crew_plan(int vcpu);

/* Lets all vCPUs run their plans. */
void crew_begin(void);
bool crew_is_busy(void);
/* Waits until all have, and forgets the plans. */
void crew_finish(struct tally *tally, uint64_t *took_ns);

#endif
