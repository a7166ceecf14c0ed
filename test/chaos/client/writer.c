/*
 * Writes the first half of pages and keeps a ledger of it: a written page holds what was written,
 * and behind it the image's bytes; one that was not, the image's bytes alone.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "test/chaos/client/client.h"

static _Thread_local pagerd_region *region;
static _Thread_local const struct image *image;
/* How often a page was written since it was the image's; 0: never. */
static _Thread_local uint32_t *versions;
static _Thread_local uint32_t last_version;

static int is_wanted(void) { return 1; }

static int begin(struct worker *worker) {
  region = map_whole(worker, &image);
  if (!region) return -1;
  versions = calloc(image->pages, sizeof *versions);
  return versions ? 0 : -1;
}

static uint32_t seed_of(uint32_t version) { return 0x5eed0000u ^ version * 0x9e3779b1u; }

static void write_page(struct worker *worker, uint64_t page) {
  (void)worker;
  versions[page] = ++last_version;
  pattern_write(page_of(region, page), half_page_bytes, seed_of(last_version), page * page_bytes);
}

static void check_written(struct worker *worker, uint64_t page) {
  const unsigned char *memory = page_of(region, page);
  worker->slot->bytes_checked += page_bytes;
  const uint32_t seed = seed_of(versions[page]);
  if (pattern_mismatch(memory, half_page_bytes, seed, page * page_bytes) != -1)
    wrong(worker, "a page this thread wrote", page, memory);
  const unsigned char *rest = memory + half_page_bytes;
  if (content_mismatch(rest, half_page_bytes, image->seed, page, half_page_bytes) != -1)
    wrong(worker, "behind what this thread wrote", page, memory);
}

static void check_any(struct worker *worker, uint64_t page) {
  if (versions[page] != 0) check_written(worker, page);
  else check_page(worker, "a page this thread did not write", page_of(region, page), image, page);
}

/* All written pages, and back to the image. */
static void check_all_and_reset(struct worker *worker) {
  for (uint64_t page = 0; page < image->pages; page++)
    if (versions[page] != 0) check_written(worker, page);
  if (pagerd_reset(region) == 0) memset(versions, 0, image->pages * sizeof *versions);
  else call_failed(worker, "pagerd_reset");
}

static void step(struct worker *worker) {
  const uint64_t page = random_below(worker, image->pages);
  const uint64_t again = random_below(worker, image->pages);
  begin_step(worker);
  if (random_below(worker, 2048) == 0) check_all_and_reset(worker);
  check_any(worker, again);
  /* Dropped first, so that the write itself is what misses the page. */
  if (madvise(page_of(region, page), page_bytes, MADV_DONTNEED) < 0)
    errno_failed(worker, "madvise");
  write_page(worker, page);
  check_written(worker, page);
  end_step(worker, needs_manager(region));
}

static void end(struct worker *worker) {
  begin_step(worker);
  for (uint64_t page = 0; page < image->pages; page++)
    if (versions[page] != 0) check_written(worker, page);
  if (pagerd_unmap(region) < 0) call_failed(worker, "pagerd_unmap");
  free(versions);
}

const struct kind writer = {"writer", is_wanted, begin, step, end};
