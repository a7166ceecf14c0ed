/*
 * Adds to the counters of the board, and notes each addition in the books; the audit compares the
 * two. A killed thread leaves its lock taken: who waits for it sees that its owner is dead, and
 * takes the lock over.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test/chaos/client/board.h"

static _Thread_local pagerd_region *region;

enum { looks_before_pause = 16, looks_before_doubt = 64, pause_us = 200 };

static int is_wanted(void) { return orders.board.name != NULL; }

static int begin(struct worker *worker) {
  struct pagerd_map_options options = {.mode = PAGERD_MODE_SHARE, .access = PAGERD_ACCESS_SHARED};
  region = pagerd_map(client, orders.board.name, &options);
  if (!region) call_failed(worker, "pagerd_map of the board");
  worker->slot->needs_manager = 1;
  return region ? 0 : -1;
}

/* Whether the lock was a dead one's. */
static int lock(struct board_page *page) {
  const uint32_t mine = (uint32_t)getpid();
  for (uint64_t look = 1;; look++) {
    uint32_t owner = 0;
    if (atomic_compare_exchange_strong(&page->owner, &owner, mine)) return 0;
    /* Its owner may wait for a manager: the CPU is for that one then. */
    if (look < looks_before_pause) sched_yield();
    else usleep(pause_us);
    if (look % looks_before_doubt != 0 || (kill((pid_t)owner, 0) == 0 || errno != ESRCH)) continue;
    if (atomic_compare_exchange_strong(&page->owner, &owner, mine)) return 1;
  }
}

static void check(struct worker *worker, const struct board_page *page, uint64_t number,
                  int was_dead) {
  const uint64_t offset = number * page_bytes + 16;
  worker->slot->bytes_checked += page_bytes;
  if (page->count < board_start(number))
    wrong_text(worker, "counter %llu is %llx, less than it began with", (unsigned long long)number,
               (unsigned long long)page->count);
  if (page->complement != ~page->count && !was_dead)
    wrong_text(worker, "counter %llu is %llx, but the page's end says %llx",
               (unsigned long long)number, (unsigned long long)page->count,
               (unsigned long long)~page->complement);
  if (pattern_mismatch(page->pattern, sizeof page->pattern, orders.board.seed, offset) != -1)
    wrong(worker, "the board's own bytes", number, (const unsigned char *)page);
}

/* Killed between any two of these, at most the addition in `intent` is in doubt. */
static void add(struct worker *worker, struct board_page *page, uint64_t number) {
  worker->slot->intent = (uint32_t)number + 1;
  page->count++;
  page->complement = ~page->count;
  if (strcmp(orders.lie, "uncounted") != 0) books->added[worker->number][number]++;
  worker->slot->intent = 0;
}

static void step(struct worker *worker) {
  const uint64_t number = random_below(worker, board_pages);
  struct board_page *page = (struct board_page *)page_of(region, number);
  begin_step(worker);
  /* Only this mapping lets go of it: the page is the image's, and comes back with what it holds. */
  if (madvise(page, page_bytes, MADV_DONTNEED) < 0) errno_failed(worker, "madvise");
  const int was_dead = lock(page);
  check(worker, page, number, was_dead);
  add(worker, page, number);
  page->owner = 0;
  end_step(worker, 1);
}

static void end(struct worker *worker) {
  begin_step(worker);
  if (pagerd_unmap(region) < 0) call_failed(worker, "pagerd_unmap of the board");
}

const struct kind counter = {"counter", is_wanted, begin, step, end};
