/*
 * dontneed_refault: how a worker is reset by hand: MADV_DONTNEED over all of its memory, then each
 * page it needs faults again, at the floor's price.
 *
 *   dontneed_refault --bytes N --dirty-pages N --cycles N [--cpu N] [--serving-cpu N]
 */
#include "measuring/arguments.h"
#include "measuring/placement.h"
#include "measuring/reset_cycles.h"
#include "measuring/serving_thread.h"

int main(int count, char **values) {
  const struct arguments arguments = {count, values};
  const size_t length_bytes = (size_t)argument_number(&arguments, "bytes", 64 << 20);
  const int serving_cpu = (int)argument_number(&arguments, "serving-cpu", CPU_ANY);
  char *memory = start_serving_thread(length_bytes, serving_cpu);
  pin_to_cpu((int)argument_number(&arguments, "cpu", CPU_ANY));
  dontneed_cycles_and_report(&arguments, memory, length_bytes);
  return 0;
}
