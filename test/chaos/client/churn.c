/* Makes regions and ends them in every way there is: mapped, attached, retired, with a session. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test/chaos/client/client.h"

enum { part_pages_max = 96, looks = 6, first_steps = 6, again_us = 5000 };

struct part {
  const struct image *image;
  uint64_t first_page, pages;
  struct pagerd_map_options options;
};

static int is_wanted(void) { return 1; }

static struct part choose_part(struct worker *worker) {
  struct part part;
  memset(&part, 0, sizeof part);
  part.image = choose_image(worker, &part.options.mode);
  part.pages = 16 + random_below(worker, part_pages_max - 16);
  part.first_page = random_below(worker, part.image->pages - part.pages);
  part.options.offset_bytes = part.first_page * page_bytes;
  part.options.length_bytes = part.pages * page_bytes;
  return part;
}

static void look(struct worker *worker, const char *what, unsigned char *memory,
                 const struct part *part) {
  for (int count = 0; count < looks; count++) {
    const uint64_t page = random_below(worker, part->pages);
    check_page(worker, what, memory + page * page_bytes, part->image, part->first_page + page);
  }
}

/* A step has many parts, and each is progress. */
static void end_part(struct worker *worker, int was_served) {
  end_step(worker, was_served);
  begin_step(worker);
}

static void use(struct worker *worker, pagerd_region *region, const struct part *part) {
  unsigned char *memory = pagerd_address(region);
  end_part(worker, 1);
  look(worker, "a page of a new region", memory, part);
  end_part(worker, 0);
  drop_and_check(worker, memory, part->image, part->first_page);
  end_part(worker, needs_manager(region));
  if (random_below(worker, 3) == 0 && pagerd_prefault(region, 0, 0) < 0)
    call_failed(worker, "pagerd_prefault");
  memset(memory + page_bytes, 0x5a, page_bytes);
  if (pagerd_reset(region) < 0) call_failed(worker, "pagerd_reset");
  else look(worker, "a page after a reset", memory, part);
}

static void map_and_unmap(struct worker *worker, pagerd_client *of) {
  const struct part part = choose_part(worker);
  pagerd_region *region = pagerd_map(of, part.image->name, &part.options);
  if (!region) {
    call_failed(worker, "pagerd_map");
    return;
  }
  use(worker, region, &part);
  if (pagerd_unmap(region) < 0) call_failed(worker, "pagerd_unmap");
}

static void map_and_retire(struct worker *worker) {
  const struct part part = choose_part(worker);
  pagerd_region *region = pagerd_map(client, part.image->name, &part.options);
  if (!region) {
    call_failed(worker, "pagerd_map");
    return;
  }
  use(worker, region, &part);
  void *address = pagerd_address(region);
  const size_t length_bytes = pagerd_length_bytes(region);
  if (pagerd_retire(region) < 0) call_failed(worker, "pagerd_retire");
  else if (pagerd_release(address, length_bytes) < 0) call_failed(worker, "pagerd_release");
}

/* The memory stays the caller's, with the image's bytes, when the region has ended. */
static void attach_and_keep(struct worker *worker) {
  const struct part part = choose_part(worker);
  const size_t length_bytes = part.pages * page_bytes;
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
  unsigned char *memory = mmap(NULL, length_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (memory == MAP_FAILED) {
    errno_failed(worker, "mmap");
    return;
  }
  memset(memory, 0xee, length_bytes);
  pagerd_region *region =
      pagerd_attach(client, memory, length_bytes, part.image->name, &part.options);
  if (!region) {
    call_failed(worker, "pagerd_attach");
  } else {
    use(worker, region, &part);
    if (pagerd_unmap(region) < 0) call_failed(worker, "pagerd_unmap of attached memory");
    else look(worker, "a page kept from a region", memory, &part);
  }
  munmap(memory, length_bytes);
}

static int is_without_manager(const char *code) {
  return strcmp(code, "no_manager") == 0 || strcmp(code, "draining") == 0;
}

/* Nobody promises a newcomer a manager: while there is none he comes again. */
static pagerd_client *connect_patiently(void) {
  for (;;) {
    pagerd_client *other = pagerd_connect(orders.socket);
    if (other || stopping || !is_without_manager(pagerd_error_code())) return other;
    usleep(again_us);
  }
}

static void connect_and_leave(struct worker *worker) {
  pagerd_client *other = connect_patiently();
  if (!other) {
    if (!stopping) call_failed(worker, "pagerd_connect");
    return;
  }
  map_and_unmap(worker, other);
  pagerd_disconnect(other);
}

static void step(struct worker *worker) {
  begin_step(worker);
  switch (random_below(worker, 8)) {
    case 0: connect_and_leave(worker); break;
    case 1:
    case 2: attach_and_keep(worker); break;
    case 3:
    case 4: map_and_retire(worker); break;
    default: map_and_unmap(worker, client);
  }
  end_step(worker, 1);
}

/* What the library opens on first use is open from here on. */
static int begin(struct worker *worker) {
  worker->slot->needs_manager = 1;
  for (int first = 0; first < first_steps; first++) step(worker);
  return 0;
}

static void end(struct worker *worker) { (void)worker; }

const struct kind churn = {"churn", is_wanted, begin, step, end};
