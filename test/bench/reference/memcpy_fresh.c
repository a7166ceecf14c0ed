/*
 * memcpy_fresh: what a restore costs without userfaultfd: memcpy from a resident memfd into fresh 4
 * KiB pages, which the kernel clears first, one page fault each.
 *
 *   memcpy_fresh --bytes N [--cpu N]
 */
#include <string.h>

#include "measuring/arguments.h"
#include "measuring/pattern.h"
#include "measuring/placement.h"
#include "measuring/report.h"
#include "measuring/samples.h"
#include "measuring/userfault.h"
#include "measuring/warm_memory.h"

int main(int count, char **values) {
  const struct arguments arguments = {count, values};
  const size_t length_bytes = (size_t)argument_number(&arguments, "bytes", 64 << 20);
  pin_to_cpu((int)argument_number(&arguments, "cpu", CPU_ANY));
  const char *source = pattern_source(length_bytes);
  char *memory = fresh_memory(length_bytes);
  warm_free_pages(length_bytes);

  const uint64_t started_ns = now_ns();
  memcpy(memory, source, length_bytes);
  const uint64_t ended_ns = now_ns();

  report_open();
  report_number("pages", (double)(length_bytes / PAGE_BYTES));
  report_number("seconds", (double)(ended_ns - started_ns) / 1e9);
  report_number("wrong_pages", (double)pattern_wrong_pages(memory, length_bytes, CONTENT_PATTERN));
  report_close();
  return 0;
}
