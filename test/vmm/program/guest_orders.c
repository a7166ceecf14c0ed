/* Turns an order into what each vCPU touches. A page belongs to one vCPU within an order, except in
   `storm`, where all of them want the same pages at once. */
#include <string.h>

#include "test/vmm/program/crew.h"
#include "test/vmm/program/memory.h"
#include "test/vmm/program/orders.h"
#include "test/vmm/program/pages.h"

enum { accesses_max = 1 << 26 };

static bool writes;

bool plan_writes(void) {
  return writes;
}

bool is_range(uint64_t first, uint64_t count) {
  return count > 0 && first < pages_count() && count <= pages_count() - first;
}

static struct plan *plan_of(uint64_t page) {
  return crew_plan((int)(page % (uint64_t)crew_size()));
}

/* Which word of a page is read: seed 0 is the first of all, others differ from page to page. */
static uint32_t word_of(uint64_t page, uint64_t seed) {
  if (seed == 0) return 0;
  return (uint32_t)(mixed(page ^ mixed(seed)) % (memory.page_bytes / 8) * 8);
}

static uint64_t value_of(uint64_t page, uint64_t value) {
  return mixed(page ^ mixed(value)) | 1;
}

static const char *walk(uint64_t first, uint64_t count, uint64_t stride, uint64_t seed) {
  const uint64_t pages = pages_count();
  if (stride == 0 || stride > pages || count == 0 || count > pages ||
      !is_range(first, (count - 1) * stride + 1)) {
    return "the pages are not all in memory";
  }
  for (uint64_t i = 0; i < count; i++) {
    const uint64_t page = first + i * stride;
    plan_read(plan_of(page), page, word_of(page, seed));
  }
  return NULL;
}

static const char *storm(uint64_t first, uint64_t count, uint64_t seed) {
  if (!is_range(first, count)) return "the pages are not all in memory";
  for (uint64_t page = first; page < first + count; page++) {
    for (int i = 0; i < crew_size(); i++) plan_read(crew_plan(i), page, word_of(page, seed));
  }
  return NULL;
}

static const char *write_all(uint64_t first, uint64_t count, uint64_t value) {
  if (!is_range(first, count)) return "the pages are not all in memory";
  for (uint64_t page = first; page < first + count; page++) {
    plan_write(plan_of(page), page, value_of(page, value));
  }
  return NULL;
}

/* Reads where the guest writes: what it wrote, or what lay there. */
static const char *check(uint64_t first, uint64_t count) {
  if (!is_range(first, count)) return "the pages are not all in memory";
  for (uint64_t page = first; page < first + count; page++) {
    plan_read(plan_of(page), page, pages_written_offset(page));
  }
  return NULL;
}

static const char *wander(uint64_t count, uint64_t seed, uint64_t percent_writes) {
  if (count == 0 || count > accesses_max || percent_writes > 100) {
    return "wanted are COUNT from 1 on, and a percentage";
  }
  for (uint64_t i = 0; i < count; i++) {
    const uint64_t random = mixed(seed + mixed(i + 1));
    const uint64_t page = random % pages_count();
    const uint64_t dice = mixed(random);
    if (dice % 100 < percent_writes) {
      plan_write(plan_of(page), page, value_of(page, random));
    } else if (dice >> 63) {
      plan_read(plan_of(page), page, pages_written_offset(page));
    } else {
      plan_read(plan_of(page), page, word_of(page, random));
    }
  }
  return NULL;
}

bool plan_order(const struct order *order, const char **why) {
  const uint64_t *numbers = order->numbers;
  const bool has_three = order->count == 3;
  writes = false;
  if (strcmp(order->name, "walk") == 0 && order->count == 4) {
    *why = walk(numbers[0], numbers[1], numbers[2], numbers[3]);
  } else if (strcmp(order->name, "storm") == 0 && has_three) {
    *why = storm(numbers[0], numbers[1], numbers[2]);
  } else if (strcmp(order->name, "write") == 0 && has_three) {
    writes = true;
    *why = write_all(numbers[0], numbers[1], numbers[2]);
  } else if (strcmp(order->name, "check") == 0 && order->count == 2) {
    *why = check(numbers[0], numbers[1]);
  } else if (strcmp(order->name, "random") == 0 && has_three) {
    writes = numbers[2] > 0;
    *why = wander(numbers[0], numbers[1], numbers[2]);
  } else {
    return false;
  }
  return true;
}
