/* Lets the kernel itself touch missing pages: read(2) writes into them, write(2) reads them. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test/chaos/client/client.h"

static _Thread_local pagerd_region *region;
static _Thread_local const struct image *image;
static _Thread_local int file, ends[2];

/* Faults in system calls are served to root, and to those who may open the device. */
static int is_wanted(void) { return geteuid() == 0 && orders.lazy_file != NULL; }

static int begin(struct worker *worker) {
  struct pagerd_map_options options = {.mode = PAGERD_MODE_COPY};
  image = &orders.lazy;
  if (orders.mode != mode_mixed) options.mode = (enum pagerd_mode)orders.mode;
  else if (random_below(worker, 2)) options.mode = PAGERD_MODE_SHARE;
  if (options.mode == PAGERD_MODE_COW) options.mode = PAGERD_MODE_SHARE;
  region = pagerd_map(client, image->name, &options);
  file = open(orders.lazy_file, O_RDONLY | O_CLOEXEC);
  if (!region) call_failed(worker, "pagerd_map");
  else if (file < 0 || pipe2(ends, O_CLOEXEC) < 0) errno_failed(worker, "open");
  else worker->slot->needs_manager = (uint32_t)needs_manager(region);
  return worker->slot->needs_manager ? 0 : -1;
}

static void drop(struct worker *worker, uint64_t page) {
  if (madvise(page_of(region, page), page_bytes, MADV_DONTNEED) < 0)
    errno_failed(worker, "madvise");
}

static void step(struct worker *worker) {
  const uint64_t page = random_below(worker, image->pages);
  unsigned char copy[page_bytes];
  begin_step(worker);
  drop(worker, page);
  if (pread(file, page_of(region, page), page_bytes, (off_t)(page * page_bytes)) != page_bytes)
    errno_failed(worker, "read(2) into a missing page");
  check_page(worker, "a page filled by read(2)", page_of(region, page), image, page);

  drop(worker, page);
  if (write(ends[1], page_of(region, page), page_bytes) != page_bytes)
    errno_failed(worker, "write(2) from a missing page");
  else if (read(ends[0], copy, page_bytes) != page_bytes) errno_failed(worker, "read from a pipe");
  else check_page(worker, "a page taken by write(2)", copy, image, page);
  end_step(worker, 1);
}

static void end(struct worker *worker) {
  begin_step(worker);
  if (pagerd_unmap(region) < 0) call_failed(worker, "pagerd_unmap");
  close(file);
  close(ends[0]);
  close(ends[1]);
}

const struct kind system_calls = {"system_calls", is_wanted, begin, step, end};
