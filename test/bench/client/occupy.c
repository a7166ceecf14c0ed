#include <unistd.h>

#include "commands.h"
#include "measuring/report.h"
#include "measuring/samples.h"

/* A worker at work: it has read the first --touch-bytes of the image and written --dirty-pages of
   these pages, and says where, so that its memory can be looked at until its stdin ends. */
void command_occupy(const struct arguments *arguments) {
  pagerd_client *client = connect_client(arguments);
  pagerd_region *region = map_image(arguments, client);
  char *memory = pagerd_address(region);
  const size_t touch_bytes = (size_t)argument_number(arguments, "touch-bytes", 1 << 20);
  const size_t dirty_pages = (size_t)argument_number(arguments, "dirty-pages", 1);
  const size_t pages = touch_bytes / PAGE_BYTES;
  if (touch_bytes > pagerd_length_bytes(region) || dirty_pages == 0 || dirty_pages > pages) {
    fail("--touch-bytes and --dirty-pages want a part of the image");
  }
  const uint64_t started_ns = now_ns();
  const size_t wrong_pages = pattern_wrong_pages(memory, touch_bytes, CONTENT_PATTERN);
  const size_t stride_bytes = pages / dirty_pages * PAGE_BYTES;
  for (size_t i = 0; i < dirty_pages; i++) *(volatile char *)(memory + i * stride_bytes) = 1;
  report_open();
  report_number("address", (double)(uintptr_t)memory);
  report_number("length_bytes", (double)pagerd_length_bytes(region));
  report_number("seconds", (double)(now_ns() - started_ns) / 1e9);
  report_number("wrong_pages", (double)wrong_pages);
  report_close();
  char end;
  while (read(STDIN_FILENO, &end, 1) > 0) continue;
  _exit(0);
}
