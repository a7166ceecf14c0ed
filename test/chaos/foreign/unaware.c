/*
 * A thread that gave its userfaultfd to a manager, and never looks at its socket again: it does not
 * know that managers die. Whoever comes after has to find it.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>

#include "test/chaos/foreign/foreign.h"

static _Thread_local struct foreign_region region;
/* Whether a page's first half was written, and holds the pattern of that page turned round. */
static _Thread_local char *is_written;

static int is_wanted(void) { return !orders.has_layout; }

static int begin(struct worker *worker) {
  is_written = calloc(orders.lazy.pages, 1);
  if (!is_written || foreign_map(worker, &region, 0) != 0) return -1;
  worker->slot->needs_manager = 1;
  return 0;
}

static unsigned char *at(uint64_t page) { return region.memory + page * page_bytes; }

static void write_half(uint64_t page) {
  pattern_write(at(page), half_page_bytes, ~region.image->seed, page * page_bytes);
  is_written[page] = 1;
}

static void check(struct worker *worker, uint64_t page) {
  const struct image *image = region.image;
  if (!is_written[page]) {
    check_page(worker, "a page nobody wrote", at(page), image, page);
    return;
  }
  const uint64_t offset = page * page_bytes;
  worker->slot->bytes_checked += page_bytes;
  if (pattern_mismatch(at(page), half_page_bytes, ~image->seed, offset) != -1 ||
      content_mismatch(at(page) + half_page_bytes, half_page_bytes, image->seed, page,
                       half_page_bytes) != -1)
    wrong(worker, "a page this thread wrote", page, at(page));
}

static void step(struct worker *worker) {
  const uint64_t page = random_below(worker, region.pages);
  begin_step(worker);
  check(worker, random_below(worker, region.pages));
  drop_and_check(worker, at(page), region.image, page);
  is_written[page] = 0;
  if (random_below(worker, 4) == 0) write_half(page);
  end_step(worker, 1);
}

static void end(struct worker *worker) {
  for (uint64_t page = 0; page < region.pages; page++)
    if (is_written[page]) check(worker, page);
  foreign_close(&region);
}

const struct kind unaware = {"unaware", is_wanted, begin, step, end};
