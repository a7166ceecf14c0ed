/*
 * floor: the least that a 4 KiB fault costs. A thread of the same process reads the userfaultfd,
 * blocking, and answers each fault with one UFFDIO_COPY of one page. Pinned to the faulter's CPU
 * (--serving-cpu = --cpu) it is the floor of the targets; on another CPU, or unpinned, it shows
 * what the wake-up costs.
 *
 *   floor --bytes N [--serving-cpu N] [touch options]
 */
#include "measuring/placement.h"
#include "measuring/serving_thread.h"
#include "measuring/touch.h"

int main(int count, char **values) {
  const struct arguments arguments = {count, values};
  const size_t length_bytes = (size_t)argument_number(&arguments, "bytes", 64 << 20);
  const int cpu = (int)argument_number(&arguments, "serving-cpu", CPU_ANY);
  char *memory = start_serving_thread(length_bytes, cpu);
  const struct touch_plan plan = touch_plan_from(&arguments, memory, length_bytes);
  touch_and_report(&plan, CONTENT_PATTERN);
  return 0;
}
