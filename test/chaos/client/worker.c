#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "test/chaos/client/client.h"

_Atomic int stopping;

uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* xorshift64*: the run's seed decides every choice. */
uint64_t random_next(struct worker *worker) {
  worker->random ^= worker->random >> 12;
  worker->random ^= worker->random << 25;
  worker->random ^= worker->random >> 27;
  return worker->random * 0x2545f4914f6cdd1du;
}

uint64_t random_below(struct worker *worker, uint64_t bound) {
  return (random_next(worker) >> 16) % bound;
}

void begin_step(struct worker *worker) {
  worker->step_started_ns = now_ns();
  worker->hardship_before = books->hardship;
}

void end_step(struct worker *worker, int was_served) {
  struct slot *slot = worker->slot;
  const uint64_t now = now_ns();
  const uint64_t gap = now - worker->step_started_ns;
  if (gap > slot->longest_gap_ns) slot->longest_gap_ns = gap;
  slot->steps++;
  if (was_served) {
    slot->served++;
    slot->served_started_ns = worker->step_started_ns;
  }
  slot->finished_ns = now;
}

static int has_lie(const char *lie) { return strcmp(orders.lie, lie) == 0; }

/* Between two steps: the pace, and what a test has us do wrong. */
static void pause_between(struct worker *worker) {
  const struct timespec pause = {0, orders.pause_us * 1000L};
  nanosleep(&pause, NULL);
  if (orders.lie[0] == 0 || worker->slot->steps < 50) return;
  if (has_lie("exit")) _exit(7);
  while (has_lie("stuck") && !stopping) nanosleep(&pause, NULL);
}

/* Where all threads stand; they only go on together. */
static pthread_mutex_t phase_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t phase_changed = PTHREAD_COND_INITIALIZER;
static enum phase phase;
static int arrivals;

void enter_phase(enum phase next) {
  if (next >= phase_stop) stopping = 1;
  pthread_mutex_lock(&phase_lock);
  phase = next;
  pthread_cond_broadcast(&phase_changed);
  pthread_mutex_unlock(&phase_lock);
}

static void arrive_and_wait_for(enum phase next) {
  pthread_mutex_lock(&phase_lock);
  arrivals++;
  pthread_cond_broadcast(&phase_changed);
  while (phase < next) pthread_cond_wait(&phase_changed, &phase_lock);
  pthread_mutex_unlock(&phase_lock);
}

void wait_for_arrivals(int count) {
  pthread_mutex_lock(&phase_lock);
  while (arrivals < count) pthread_cond_wait(&phase_changed, &phase_lock);
  pthread_mutex_unlock(&phase_lock);
}

void *work(void *argument) {
  struct work *work = argument;
  struct worker *worker = &work->worker;
  struct slot *slot = worker->slot;
  strncpy(slot->kind, work->kind->name, kind_bytes - 1);
  begin_step(worker);
  const int is_ready = work->kind->begin(worker) == 0;
  arrive_and_wait_for(phase_go);

  if (is_ready) slot->pid = (uint32_t)getpid();
  while (is_ready && !stopping) {
    work->kind->step(worker);
    pause_between(worker);
  }
  slot->pid = 0;
  arrive_and_wait_for(phase_end);

  if (is_ready) work->kind->end(worker);
  return NULL;
}
