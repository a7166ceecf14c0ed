#include <sys/mman.h>

#include "commands.h"
#include "measuring/placement.h"
#include "measuring/report.h"
#include "measuring/samples.h"
#include "measuring/userfault.h"

static void time_each_page(char *memory, size_t length_bytes) {
  struct samples samples = samples_create(length_bytes / PAGE_BYTES);
  for (size_t offset = 0; offset < length_bytes; offset += PAGE_BYTES) {
    const uint64_t before_ns = now_ns();
    if (madvise(memory + offset, PAGE_BYTES, MADV_DONTNEED) != 0) fail_errno("madvise");
    samples_add(&samples, now_ns() - before_ns);
  }
  report_open();
  report_number("pages", (double)(length_bytes / PAGE_BYTES));
  samples_report(&samples, "");
  report_close();
  samples_destroy(&samples);
}

/* MADV_DONTNEED of present pages, one page a call: in a region that pagerd serves, or in memory of
   the same kind that nobody serves, in a process that never connected. Both got their pages by
   touching them: freeing a page that came from another CPU costs the kernel some 0.3 us more. */
void command_madvise(const struct arguments *arguments) {
  pin_to_cpu((int)argument_number(arguments, "cpu", CPU_ANY));
  if (argument_number(arguments, "attached", 1) == 0) {
    const size_t length_bytes = (size_t)argument_number(arguments, "bytes", 16 << 20);
    char *memory = fresh_memory(length_bytes);
    pattern_fill(memory, length_bytes, 0);
    time_each_page(memory, length_bytes);
    return;
  }
  pagerd_client *client = connect_client(arguments);
  pagerd_region *region = map_image(arguments, client);
  char *memory = pagerd_address(region);
  const size_t length_bytes = pagerd_length_bytes(region);
  if (pattern_wrong_pages(memory, length_bytes, CONTENT_PATTERN) != 0) fail("wrong bytes");
  time_each_page(memory, length_bytes);
  pagerd_disconnect(client);
}
