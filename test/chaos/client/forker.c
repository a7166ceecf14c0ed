/* Forks: a child that touches the parent's paged memory is to crash, or to see the right bytes. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/chaos/client/client.h"

enum { exit_right = 0, exit_crashed = 42, exit_wrong = 43, fork_once_in = 32 };

static _Thread_local pagerd_region *region;
static _Thread_local const struct image *image;

static int is_wanted(void) { return 1; }

static int begin(struct worker *worker) {
  region = map_whole(worker, &image);
  return region ? 0 : -1;
}

static void crashed(int signal_number) {
  (void)signal_number;
  _exit(exit_crashed);
}

/* Only what may be called between fork and exec in a process of many threads. */
static void in_child(const unsigned char *memory, uint64_t page) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = crashed;
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  _exit(content_page_mismatch(memory, image->seed, page) == -1 ? exit_right : exit_wrong);
}

static int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return status;
}

static void fork_and_wait(struct worker *worker, uint64_t page) {
  const pid_t child = fork();
  if (child == 0) in_child(page_of(region, page), page);
  if (child < 0) {
    errno_failed(worker, "fork");
    return;
  }
  const int status = wait_for(child);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (code != exit_right && code != exit_crashed)
    wrong_text(worker, "a forked child ended with status %#x, wanted a crash or the right bytes",
               (unsigned)status);
}

static void step(struct worker *worker) {
  const uint64_t page = random_below(worker, image->pages);
  begin_step(worker);
  /* Half of the pages are there when the child is made, half are not. */
  if (random_below(worker, 2))
    check_page(worker, "before a fork", page_of(region, page), image, page);
  if (random_below(worker, fork_once_in) == 0) fork_and_wait(worker, page);
  drop_and_check(worker, page_of(region, page), image, page);
  end_step(worker, needs_manager(region));
}

static void end(struct worker *worker) {
  begin_step(worker);
  if (pagerd_unmap(region) < 0) call_failed(worker, "pagerd_unmap");
}

const struct kind forker = {"forker", is_wanted, begin, step, end};
