/*
 * dontneed_private: how a worker over a resident image is reset without anybody's help: its pages
 * are private copies by the kernel's copy-on-write, and MADV_DONTNEED over all of them drops them.
 *
 *   dontneed_private --bytes N --dirty-pages N --cycles N [--cpu N]
 */
#include "measuring/arguments.h"
#include "measuring/pattern.h"
#include "measuring/placement.h"
#include "measuring/reset_cycles.h"

int main(int count, char **values) {
  const struct arguments arguments = {count, values};
  const size_t length_bytes = (size_t)argument_number(&arguments, "bytes", 64 << 20);
  char *memory = pattern_private_mapping(length_bytes);
  pin_to_cpu((int)argument_number(&arguments, "cpu", CPU_ANY));
  dontneed_cycles_and_report(&arguments, memory, length_bytes);
  return 0;
}
