/* A fault thread in the measured process itself: blocking reads, one UFFDIO_COPY of one page for
   each fault. */
#ifndef BENCH_SERVING_THREAD_H
#define BENCH_SERVING_THREAD_H

#include <stddef.h>

/* Starts it on a CPU (or CPU_ANY) and returns registered memory that it serves with the pattern. */
char *start_serving_thread(size_t length_bytes, int cpu);

#endif
