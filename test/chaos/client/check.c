#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>

#include "test/chaos/client/client.h"

void call_failed(struct worker *worker, const char *call) {
  failed(worker, call, pagerd_error_code(), pagerd_error());
}

/* Mode cow is to be had of images that are in memory as a whole, all others of either. */
const struct image *choose_image(struct worker *worker, enum pagerd_mode *mode) {
  const int has_solid = orders.solid.name != NULL;
  const int modes = has_solid ? PAGERD_MODE_COW + 1 : PAGERD_MODE_COW;
  *mode = orders.mode == mode_mixed ? (enum pagerd_mode)random_below(worker, (uint64_t)modes)
                                    : (enum pagerd_mode)orders.mode;
  if (*mode == PAGERD_MODE_COW && !has_solid) *mode = PAGERD_MODE_SHARE;
  if (*mode == PAGERD_MODE_COW) return &orders.solid;
  return has_solid && random_below(worker, 4) == 0 ? &orders.solid : &orders.lazy;
}

pagerd_region *map_whole(struct worker *worker, const struct image **image) {
  struct pagerd_map_options options;
  memset(&options, 0, sizeof options);
  *image = choose_image(worker, &options.mode);
  pagerd_region *region = pagerd_map(client, (*image)->name, &options);
  if (!region) call_failed(worker, "pagerd_map");
  else worker->slot->needs_manager = (uint32_t)needs_manager(region);
  return region;
}

int needs_manager(const pagerd_region *region) {
  return pagerd_region_mode(region) != PAGERD_MODE_COW;
}

unsigned char *page_of(const pagerd_region *region, uint64_t page) {
  return (unsigned char *)pagerd_address(region) + page * page_bytes;
}

int check_page(struct worker *worker, const char *what, const unsigned char *memory,
               const struct image *image, uint64_t page) {
  worker->slot->bytes_checked += page_bytes;
  if (content_page_mismatch(memory, image->seed, page) == -1) return 1;
  wrong(worker, what, page, memory);
  return 0;
}

int drop_and_check(struct worker *worker, unsigned char *memory, const struct image *image,
                   uint64_t page) {
  if (madvise(memory, page_bytes, MADV_DONTNEED) < 0) {
    errno_failed(worker, "madvise");
    return 0;
  }
  return check_page(worker, "a dropped page", memory, image, page);
}
