/*
 * raw_copy: bare UFFDIO_COPY in a loop, no fault anywhere, in slices of --slice-bytes: the rate at
 * which the kernel fills memory from a resident memfd.
 *
 *   raw_copy --bytes N --slice-bytes N [--cpu N]
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
  const char *source = pattern_source(length_bytes);
  char *memory = fresh_memory(length_bytes);
  const int uffd = uffd_open(UFFD_NONBLOCKING);
  uffd_register_missing(uffd, memory, length_bytes);
  warm_free_pages(length_bytes);

  const uint64_t started_ns = now_ns();
  for (size_t offset = 0; offset < length_bytes; offset += slice_bytes) {
    const size_t rest_bytes = length_bytes - offset;
    uffd_copy(uffd, (uintptr_t)memory + offset, source + offset,
              rest_bytes < slice_bytes ? rest_bytes : slice_bytes);
  }
  const uint64_t ended_ns = now_ns();

  report_open();
  report_number("pages", (double)(length_bytes / PAGE_BYTES));
  report_number("seconds", (double)(ended_ns - started_ns) / 1e9);
  report_number("wrong_pages", (double)pattern_wrong_pages(memory, length_bytes, CONTENT_PATTERN));
  report_close();
  return 0;
}
