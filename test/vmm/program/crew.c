#include "test/vmm/program/crew.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "test/vmm/program/answer.h"

struct member {
  struct vcpu vcpu;
  struct plan plan;
  struct tally tally;
  pid_t thread;
  pthread_t handle;
};

static struct member members[vcpus_max];
static struct vcpu vcpus[vcpus_max];
static int size;
static bool is_stepped;

/* Under the lock: how many orders were begun, and how many threads still run the last. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static uint64_t orders;
static int running;
static bool is_open; /* an order was begun and its end not taken */
static uint64_t started_ns, ended_ns;

static void arrive(void) {
  pthread_mutex_lock(&lock);
  if (--running == 0) {
    ended_ns = now_ns();
    pthread_cond_broadcast(&changed);
  }
  pthread_mutex_unlock(&lock);
}

static void wait_for_order(uint64_t *last) {
  pthread_mutex_lock(&lock);
  while (orders == *last) pthread_cond_wait(&changed, &lock);
  *last = orders;
  pthread_mutex_unlock(&lock);
}

static void *live(void *given) {
  struct member *member = given;
  member->thread = gettid();
  arrive();
  for (uint64_t last = 0;;) {
    wait_for_order(&last);
    plan_run(&member->plan, &member->vcpu, is_stepped, &member->tally);
    arrive();
  }
  return NULL;
}

static void wait_for_all(void) {
  pthread_mutex_lock(&lock);
  while (running > 0) pthread_cond_wait(&changed, &lock);
  pthread_mutex_unlock(&lock);
}

void crew_start(const struct options *options, const char **why) {
  size = options->vcpus;
  is_stepped = options->is_stepped;
  catch_sigbus();
  *why = options->is_plain ? "--plain was given" : kvm_open(options->kvm, vcpus, size);
  if (*why) plain_open(vcpus, size);
  running = size;
  for (int i = 0; i < size; i++) {
    members[i].vcpu = vcpus[i];
    if (pthread_create(&members[i].handle, NULL, live, &members[i]) != 0) {
      die("a vCPU's thread cannot start");
    }
  }
  wait_for_all();
}

/* A signal with a function that does nothing: what it interrupts is all that it is for. */
static void on_kick(int number) {
  (void)number;
}

void crew_kick(uint64_t times) {
  struct sigaction action = {.sa_handler = on_kick};
  if (sigaction(SIGUSR1, &action, NULL) != 0) die_errno("sigaction");
  for (uint64_t time = 0; time < times; time++) {
    for (int i = 0; i < size; i++) pthread_kill(members[i].handle, SIGUSR1);
    sched_yield();
  }
}

uint64_t crew_interruptions(void) {
  uint64_t interruptions = 0;
  for (int i = 0; i < size; i++) interruptions += members[i].vcpu.interruptions;
  return interruptions;
}

int crew_size(void) {
  return size;
}

pid_t crew_thread(int vcpu) {
  return members[vcpu].thread;
}

struct plan *crew_plan(int vcpu) {
  return &members[vcpu].plan;
}

void crew_begin(void) {
  for (int i = 0; i < size; i++) memset(&members[i].tally, 0, sizeof members[i].tally);
  pthread_mutex_lock(&lock);
  orders++;
  running = size;
  is_open = true;
  started_ns = now_ns();
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

bool crew_is_busy(void) {
  return is_open;
}

void crew_finish(struct tally *tally, uint64_t *took_ns) {
  wait_for_all();
  memset(tally, 0, sizeof *tally);
  for (int i = 0; i < size; i++) {
    tally_merge(tally, &members[i].tally);
    plan_free(&members[i].plan);
  }
  *took_ns = ended_ns - started_ns;
  is_open = false;
}
