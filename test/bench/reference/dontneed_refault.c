/*
 * dontneed_refault: how a worker is reset by hand: MADV_DONTNEED over all of its memory, then each
 * page it needs faults again, at the floor's price.
 *
 *   dontneed_refault --bytes N --dirty-pages N --cycles N [--cpu N] [--serving-cpu N]
 */
#include <sys/mman.h>

#include "measuring/arguments.h"
#include "measuring/placement.h"
#include "measuring/reset_cycles.h"
#include "measuring/serving_thread.h"

/* The memory of the measured process. */
struct worker {
  char *memory;
  size_t length_bytes;
};

static void reset(void *owner) {
  const struct worker *worker = owner;
  if (madvise(worker->memory, worker->length_bytes, MADV_DONTNEED) != 0) fail_errno("madvise");
}

int main(int count, char **values) {
  const struct arguments arguments = {count, values};
  struct worker worker = {.length_bytes = (size_t)argument_number(&arguments, "bytes", 64 << 20)};
  const int serving_cpu = (int)argument_number(&arguments, "serving-cpu", CPU_ANY);
  worker.memory = start_serving_thread(worker.length_bytes, serving_cpu);
  pin_to_cpu((int)argument_number(&arguments, "cpu", CPU_ANY));
  reset_cycles_and_report(&arguments, (struct reset_plan){.memory = worker.memory,
                                                          .length_bytes = worker.length_bytes,
                                                          .reset = reset,
                                                          .owner = &worker});
  return 0;
}
