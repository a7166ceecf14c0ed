/* A client's life, from "ready" over "go", "stop" and "quiet" to "end". */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test/chaos/client/client.h"

enum { threads_max = 8 };

static struct work works[threads_max];
static pthread_t threads[threads_max];

/* A page that cannot be had, or memory that is not there: the run counts us as lost. */
static void on_crash(int signal_number, siginfo_t *cause, void *unused) {
  (void)unused;
  char text[96];
  int length = snprintf(text, sizeof text, "failed crash: %s at %p\n",
                        sigabbrev_np(signal_number), cause->si_addr);
  if (write(STDOUT_FILENO, text, (size_t)length) < 0) _exit(71);
  _exit(70);
}

static void catch_crashes(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_crash;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
}

static int start_threads(const struct kind *const *kinds, int kinds_count) {
  int count = 0;
  for (int kind = 0; kind < kinds_count; kind++) {
    const int number = orders.first_slot + kind;
    struct slot *slot = &books->slots[number];
    slot->pid = 0;
    slot->needs_manager = 0;
    slot->intent = 0;
    if (!kinds[kind]->is_wanted()) continue;
    struct work *one = &works[count];
    one->kind = kinds[kind];
    one->worker.slot = slot;
    one->worker.number = number;
    one->worker.random = orders.seed * 0x9e3779b97f4a7c15u + (uint64_t)kind + 1;
    if (pthread_create(&threads[count], NULL, work, one) != 0) exit(3);
    count++;
  }
  return count;
}

/* What a test has us forget to close. */
static void leak(void) {
  if (!strcmp(orders.lie, "descriptor") && dup(STDOUT_FILENO) < 0) exit(3);
  if (!strcmp(orders.lie, "memfd") && memfd_create("forgotten", MFD_CLOEXEC) < 0) exit(3);
}

/* The orchestrator's next word; without one it is gone, and so are we. */
static void await(const char *word) {
  char line[32];
  if (fgets(line, sizeof line, stdin) && !strncmp(line, word, strlen(word))) return;
  _exit(4);
}

void live(const struct kind *const *kinds, int kinds_count) {
  catch_crashes();
  const int count = start_threads(kinds, kinds_count);
  wait_for_arrivals(count);
  puts("ready");
  await("go");
  enter_phase(phase_go);
  await("stop");
  enter_phase(phase_stop);
  wait_for_arrivals(2 * count);
  leak();
  puts("quiet");
  await("end");
  enter_phase(phase_end);
  for (int thread = 0; thread < count; thread++) pthread_join(threads[thread], NULL);
}

