/*
 * dontneed_private: how a worker over a resident image is reset without anybody's help: its pages
 * are private copies by the kernel's copy-on-write, and MADV_DONTNEED over all of them drops them.
 *
 *   dontneed_private --bytes N --dirty-pages N --cycles N [--cpu N]
 */
#include <sys/mman.h>

#include "measuring/arguments.h"
#include "measuring/pattern.h"
#include "measuring/placement.h"
#include "measuring/reset_cycles.h"

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
  worker.memory = pattern_private_mapping(worker.length_bytes);
  pin_to_cpu((int)argument_number(&arguments, "cpu", CPU_ANY));
  reset_cycles_and_report(&arguments, (struct reset_plan){.memory = worker.memory,
                                                          .length_bytes = worker.length_bytes,
                                                          .reset = reset,
                                                          .owner = &worker});
  return 0;
}
