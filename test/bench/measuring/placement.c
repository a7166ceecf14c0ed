#include "placement.h"

#include <sched.h>

#include "arguments.h"

void pin_to_cpu(int cpu) {
  if (cpu == CPU_ANY) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof(set), &set) != 0) fail("cannot pin to CPU %d", cpu);
}
