/*
 * A thread whose userfaultfd raises layout events: it moves its memory, cuts pieces out of it,
 * drops pages, which are zeros then, and forks children that must see what it sees.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/chaos/foreign/foreign.h"

enum { exit_right = 0, exit_crashed = 42, exit_wrong = 43 };
enum state { state_image, state_zero, state_gone };

static const uint64_t features = UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_EVENT_REMAP |
                                 UFFD_FEATURE_EVENT_REMOVE | UFFD_FEATURE_EVENT_UNMAP;

static _Thread_local struct foreign_region region;
static _Thread_local unsigned char *states;

static int is_wanted(void) { return orders.has_layout; }

static int begin(struct worker *worker) {
  states = calloc(orders.lazy.pages, 1);
  const int outcome = states ? foreign_map(worker, &region, features) : -1;
  if (outcome == 1) failed(worker, "map", "unsupported_features", "layout events are refused");
  worker->slot->needs_manager = outcome == 0;
  return outcome == 0 ? 0 : -1;
}

static unsigned char *at(uint64_t page) { return region.memory + page * page_bytes; }

static int is_right(uint64_t page) {
  if (states[page] == state_zero) return content_nonzero(at(page), page_bytes) == -1;
  return content_page_mismatch(at(page), region.image->seed, page) == -1;
}

static void check(struct worker *worker, const char *what, uint64_t page) {
  if (states[page] == state_gone) return;
  worker->slot->bytes_checked += page_bytes;
  if (!is_right(page)) wrong(worker, what, page, at(page));
}

static void drop(struct worker *worker, uint64_t page) {
  if (states[page] == state_gone) return;
  if (madvise(at(page), page_bytes, MADV_DONTNEED) < 0) errno_failed(worker, "madvise");
  states[page] = state_zero;
  check(worker, "a dropped page", page);
}

static void cut(struct worker *worker, uint64_t page) {
  if (munmap(at(page), page_bytes) < 0) errno_failed(worker, "munmap");
  states[page] = state_gone;
}

/* Pieces move one by one: mremap(2) takes one mapping at a time. */
static void move(struct worker *worker) {
  const size_t length_bytes = region.pages * page_bytes;
  unsigned char *place = mmap(NULL, length_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const int flags = MREMAP_MAYMOVE | MREMAP_FIXED;
  for (uint64_t first = 0, end; first < region.pages; first = end) {
    for (end = first + 1; end < region.pages; end++)
      if ((states[end] == state_gone) != (states[first] == state_gone)) break;
    if (states[first] == state_gone) continue;
    const size_t bytes = (end - first) * page_bytes;
    if (mremap(at(first), bytes, bytes, flags, place + first * page_bytes) == MAP_FAILED)
      errno_failed(worker, "mremap");
  }
  region.memory = place;
}

static void crashed(int signal_number) {
  (void)signal_number;
  _exit(exit_crashed);
}

static void in_child(uint64_t page) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = crashed;
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  _exit(states[page] == state_gone || is_right(page) ? exit_right : exit_wrong);
}

static void fork_and_wait(struct worker *worker, uint64_t page) {
  const pid_t child = fork();
  if (child == 0) in_child(page);
  if (child < 0) {
    errno_failed(worker, "fork");
    return;
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (code != exit_right && code != exit_crashed)
    wrong_text(worker, "a forked child ended with status %#x, wanted a crash or the right bytes",
               (unsigned)status);
}

static void step(struct worker *worker) {
  const uint64_t page = random_below(worker, region.pages);
  begin_step(worker);
  check(worker, "a page", random_below(worker, region.pages));
  drop(worker, page);
  switch (random_below(worker, 256)) {
    case 0: move(worker); break;
    case 1: cut(worker, page); break;
    case 2:
    case 3: fork_and_wait(worker, random_below(worker, region.pages)); break;
  }
  end_step(worker, 1);
}

static void end(struct worker *worker) {
  for (uint64_t page = 0; page < region.pages; page++) check(worker, "a page, in the end", page);
  foreign_close(&region);
}

const struct kind layout = {"layout", is_wanted, begin, step, end};
