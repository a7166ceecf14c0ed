/* A child process that serves this process's faults through epoll, in as many threads as asked for.
   */
#ifndef BENCH_SERVING_PROCESS_H
#define BENCH_SERVING_PROCESS_H

#include <stddef.h>

struct serving_plan {
  size_t length_bytes;
  size_t window_bytes; /* installed at once around a fault; a power of two */
  int threads;
  int first_cpu; /* the first thread's, the next thread takes the next one; CPU_ANY: none pinned */
};

/* Starts it, hands it a userfaultfd, and returns registered memory that it serves with the pattern.
   It ends with this process. */
char *start_serving_process(const struct serving_plan *plan);

#endif
