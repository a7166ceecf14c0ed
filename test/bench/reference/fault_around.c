/*
 * fault_around: the kernel alone: a resident memfd in a private mapping, whose faults map the pages
 * around them too.
 *
 *   fault_around --bytes N [touch options]
 */
#include "measuring/placement.h"
#include "measuring/touch.h"

int main(int count, char **values) {
  const struct arguments arguments = {count, values};
  const size_t length_bytes = (size_t)argument_number(&arguments, "bytes", 64 << 20);
  char *memory = pattern_private_mapping(length_bytes);
  const struct touch_plan plan = touch_plan_from(&arguments, memory, length_bytes);
  touch_and_report(&plan, CONTENT_PATTERN);
  return 0;
}
