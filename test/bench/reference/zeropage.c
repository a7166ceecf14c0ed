/*
 * zeropage: bare UFFDIO_ZEROPAGE in a loop, in slices of --slice-bytes.
 *
 *   zeropage --bytes N --slice-bytes N [--cpu N]
 */
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
  const size_t slice_bytes = (size_t)argument_number(&arguments, "slice-bytes", PAGE_BYTES);
  pin_to_cpu((int)argument_number(&arguments, "cpu", CPU_ANY));
  char *memory = fresh_memory(length_bytes);
  const int uffd = uffd_open(UFFD_NONBLOCKING);
  uffd_register_missing(uffd, memory, length_bytes);
  warm_free_pages(length_bytes);

  const uint64_t started_ns = now_ns();
  for (size_t offset = 0; offset < length_bytes; offset += slice_bytes) {
    const size_t rest_bytes = length_bytes - offset;
    uffd_zero(uffd, (uintptr_t)memory + offset,
              rest_bytes < slice_bytes ? rest_bytes : slice_bytes);
  }
  const uint64_t ended_ns = now_ns();

  report_open();
  report_number("pages", (double)(length_bytes / PAGE_BYTES));
  report_number("seconds", (double)(ended_ns - started_ns) / 1e9);
  report_number("wrong_pages", (double)pattern_wrong_pages(memory, length_bytes, CONTENT_ZERO));
  report_close();
  return 0;
}
