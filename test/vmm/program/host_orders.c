/* What the VMM's own thread does to guest memory: the balloon, and whole pages as a device reads
   them. */
#include <string.h>

#include "test/vmm/program/answer.h"
#include "test/vmm/program/memory.h"
#include "test/vmm/program/orders.h"
#include "test/vmm/program/pages.h"
#include "test/vmm/program/vcpu.h"

/* One call for each region's part, as a balloon device gives back ranges. */
static const char *balloon(uint64_t first, uint64_t count) {
  const uint64_t end_bytes = (first + count) * memory.page_bytes;
  for (uint64_t page = first; page < first + count; page++) pages_removing(page);
  for (uint64_t at = first * memory.page_bytes; at < end_bytes;) {
    const struct region *region = memory.regions;
    while (at - region->offset_bytes >= region->size_bytes) region++;
    const uint64_t region_end = region->offset_bytes + region->size_bytes;
    const uint64_t end = end_bytes < region_end ? end_bytes : region_end;
    memory_discard(at, end - at);
    at = end;
  }
  for (uint64_t page = first; page < first + count; page++) pages_removed(page);
  answer_begin("balloon", "done");
  answer_number("pages", count);
  return NULL;
}

/* The first offset in the page that is not what it should be; the page's length when all is. */
static uint32_t mismatch(uint64_t page, const unsigned char *found) {
  for (uint32_t offset = 0; offset < memory.page_bytes; offset += 8) {
    uint64_t word;
    memcpy(&word, found + offset, sizeof word);
    if (word != pages_wanted(page, offset)) return offset;
  }
  return (uint32_t)memory.page_bytes;
}

static void tell_wrong(uint64_t page, uint32_t offset, const unsigned char *copy) {
  uint64_t found;
  memcpy(&found, copy + offset, sizeof found);
  answer_open("first_wrong", '{');
  answer_hex("address", page * memory.page_bytes + offset);
  answer_hex("found", found);
  answer_hex("wanted", pages_wanted(page, offset));
  answer_close('}');
}

static void tell_failed(uint64_t page) {
  answer_open("first_failed", '{');
  answer_hex("address", page * memory.page_bytes);
  answer_text("how", failure_names[failure_sigbus]);
  answer_close('}');
}

/* Every byte of these pages. */
static const char *inspect(uint64_t first, uint64_t count) {
  static unsigned char copy[2 << 20];
  uint64_t wrong = 0, failed = 0;
  answer_begin("inspect", "done");
  for (uint64_t page = first; page < first + count; page++) {
    const unsigned char *host = memory_at(page * memory.page_bytes);
    pages_touch(page);
    if (!copy_guarded(copy, host, memory.page_bytes)) {
      if (failed++ == 0) tell_failed(page);
      continue;
    }
    const uint32_t offset = mismatch(page, copy);
    if (offset < memory.page_bytes && wrong++ == 0) tell_wrong(page, offset, copy);
  }
  answer_number("accesses", count);
  answer_number("wrong", wrong);
  answer_number("failed", failed);
  return NULL;
}

static bool is_balloon(const struct order *order) {
  return strcmp(order->name, "balloon") == 0;
}

bool is_host_order(const struct order *order) {
  return is_balloon(order) || strcmp(order->name, "inspect") == 0;
}

bool obey_host_order(const struct order *order, const char **why) {
  if (!is_host_order(order) || order->count != 2) return false;
  const uint64_t first = order->numbers[0], count = order->numbers[1];
  if (!is_range(first, count)) {
    *why = "the pages are not all in memory";
  } else if (is_balloon(order)) {
    *why = balloon(first, count);
  } else {
    *why = pages_are_known() ? inspect(first, count) : "there is no --image to compare with";
  }
  return true;
}
