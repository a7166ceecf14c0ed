#include "commands.h"
#include "measuring/placement.h"
#include "measuring/report.h"
#include "measuring/samples.h"

/* From nothing to a mapped region, and the two steps apart. The first page is read outside the
   time, to see that the region is served. */
void command_connect(const struct arguments *arguments) {
  const size_t cycles = (size_t)argument_number(arguments, "cycles", 200);
  pin_to_cpu((int)argument_number(arguments, "cpu", CPU_ANY));
  struct samples total = samples_create(cycles);
  struct samples connecting = samples_create(cycles);
  struct samples mapping = samples_create(cycles);
  size_t wrong_pages = 0;
  for (size_t i = 0; i < cycles; i++) {
    const uint64_t started_ns = now_ns();
    pagerd_client *client = connect_client(arguments);
    const uint64_t connected_ns = now_ns();
    pagerd_region *region = map_image(arguments, client);
    const uint64_t mapped_ns = now_ns();
    samples_add(&connecting, connected_ns - started_ns);
    samples_add(&mapping, mapped_ns - connected_ns);
    samples_add(&total, mapped_ns - started_ns);
    wrong_pages += pattern_wrong_pages(pagerd_address(region), PAGE_BYTES, CONTENT_PATTERN);
    pagerd_disconnect(client);
  }
  report_open();
  report_number("cycles", (double)cycles);
  samples_report(&total, "");
  samples_report(&connecting, "connect_");
  samples_report(&mapping, "map_");
  report_number("wrong_pages", (double)wrong_pages);
  report_close();
}
