/*
 * warm_memory: has the host give back free pages that it took, right before others are measured
 * that will want so many.
 *
 *   warm_memory --bytes N [--huge 1]
 *
 * With huge it is those of the pool of 2 MiB pages, of which so many bytes have to be free.
 */
#include "measuring/warm_memory.h"

#include <sys/mman.h>

#include "measuring/arguments.h"
#include "measuring/report.h"

enum { huge_bytes = 2 << 20 };

/* The kernel clears each page that is touched, and so touches all of it. */
static void warm_pool(size_t length_bytes) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (21 << MAP_HUGE_SHIFT);
  char *memory = mmap(NULL, length_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (memory == MAP_FAILED) fail_errno("mmap of huge pages");
  for (size_t offset = 0; offset < length_bytes; offset += huge_bytes) {
    *(volatile char *)(memory + offset) = 1;
  }
  if (munmap(memory, length_bytes) != 0) fail_errno("munmap");
}

int main(int count, char **values) {
  const struct arguments arguments = {count, values};
  const size_t length_bytes = (size_t)argument_number(&arguments, "bytes", 64 << 20);
  if (argument_number(&arguments, "huge", 0) != 0) {
    warm_pool(length_bytes);
  } else {
    warm_free_pages(length_bytes);
  }
  report_open();
  report_number("bytes", (double)length_bytes);
  report_close();
  return 0;
}
