#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test/vmm/managers/session.h"

enum { threads_max = 256 };

static const char *const names[counters_count] = {
    [counter_sessions] = "sessions", [counter_faults] = "faults",   [counter_copies] = "copies",
    [counter_zeros] = "zeros",       [counter_removes] = "removes", [counter_retries] = "retries",
    [counter_refused] = "refused",
};
static _Atomic uint64_t counters[counters_count];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Under the lock: faults by thread, where VMs say which thread it was. */
static struct { uint32_t thread; uint64_t faults; } threads[threads_max];
static int threads_count;

void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

void count_one(enum counter counter) {
  counters[counter]++;
}

void count_fault_of(uint32_t thread) {
  count_one(counter_faults);
  if (thread == 0) return;
  pthread_mutex_lock(&lock);
  int i = 0;
  while (i < threads_count && threads[i].thread != thread) i++;
  if (i == threads_count && i < threads_max) threads[threads_count++].thread = thread;
  if (i < threads_max) threads[i].faults++;
  pthread_mutex_unlock(&lock);
}

static void tell_counts(void) {
  putchar('{');
  for (int i = 0; i < counters_count; i++) printf("\"%s\":%" PRIu64 ",", names[i], counters[i]);
  fputs("\"threads\":{", stdout);
  pthread_mutex_lock(&lock);
  for (int i = 0; i < threads_count; i++) {
    const char *comma = i > 0 ? "," : "";
    printf("%s\"%u\":%" PRIu64, comma, threads[i].thread, threads[i].faults);
  }
  pthread_mutex_unlock(&lock);
  puts("}}");
  fflush(stdout);
}

static void accept_one(int listener, void *(*serve)(void *)) {
  const int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  pthread_t thread;
  if (connection < 0) return;
  if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)connection) == 0) {
    pthread_detach(thread);
  } else {
    close(connection);
  }
}

void live(int listener, void *(*serve)(void *connection)) {
  puts("{\"state\":\"ready\"}");
  fflush(stdout);
  struct pollfd waits[] = {{.fd = listener, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
  for (;;) {
    if (poll(waits, 2, -1) < 0) continue;
    if (waits[0].revents & POLLIN) accept_one(listener, serve);
    if (waits[1].revents == 0) continue;
    char line[64];
    const ssize_t length = read(0, line, sizeof line);
    if (length <= 0) _exit(0);
    tell_counts();
  }
}
