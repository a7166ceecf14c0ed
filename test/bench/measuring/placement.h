/* Where the threads of a measurement run. */
#ifndef BENCH_PLACEMENT_H
#define BENCH_PLACEMENT_H

/* In place of a CPU number: the scheduler chooses. */
#define CPU_ANY (-1)

/* Pins the calling thread, and threads it starts later. CPU_ANY leaves it as it is. */
void pin_to_cpu(int cpu);

#endif
