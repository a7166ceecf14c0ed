/* Reads random pages of an image, drops them, and wants them back as they were. */
#include "test/chaos/client/client.h"

static _Thread_local pagerd_region *region;
static _Thread_local const struct image *image;

static int is_wanted(void) { return 1; }

static int begin(struct worker *worker) {
  region = map_whole(worker, &image);
  return region ? 0 : -1;
}

static void step(struct worker *worker) {
  const uint64_t page = random_below(worker, image->pages);
  const uint64_t chance = random_below(worker, 256);
  begin_step(worker);
  if (chance == 0 && pagerd_reset(region) < 0) call_failed(worker, "pagerd_reset");
  if (chance >= 1 && chance <= 4) {
    uint64_t pages = 1 + random_below(worker, 64);
    if (pages > image->pages - page) pages = image->pages - page;
    if (pagerd_prefault(region, page * page_bytes, pages * page_bytes) < 0)
      call_failed(worker, "pagerd_prefault");
  }
  check_page(worker, "a page", page_of(region, page), image, page);
  drop_and_check(worker, page_of(region, page), image, page);
  end_step(worker, needs_manager(region));
}

static void end(struct worker *worker) {
  begin_step(worker);
  if (pagerd_unmap(region) < 0) call_failed(worker, "pagerd_unmap");
}

const struct kind reader = {"reader", is_wanted, begin, step, end};
