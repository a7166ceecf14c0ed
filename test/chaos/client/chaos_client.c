/*
 * A client of a chaos run: threads that use the manager in every way and check every byte.
 * Its arguments are NAME=VALUE (fleet.ts writes them). It says "ready", and begins when it reads
 * "go"; at "stop" its threads end and it says "quiet"; at "end" it disconnects and exits.
 * "wrong ..." and "failed ..." say what it found.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test/chaos/client/client.h"

struct orders orders = {.lie = "", .mode = mode_mixed, .pause_us = 300};
struct books *books;
pagerd_client *client;

static const char *books_path;
static int first_slot, is_audit;
static uint64_t seed = 1;

static const struct kind *const kinds[] = {&reader,  &writer,  &system_calls,
                                           &churn, &counter, &forker};
enum { kinds_count = sizeof kinds / sizeof *kinds };
static struct work works[kinds_count];
static pthread_t threads[kinds_count];

/* NAME:SEED:PAGES */
static struct image image_of(char *text) {
  struct image image;
  image.name = strsep(&text, ":");
  const char *image_seed = strsep(&text, ":");
  image.seed = (uint32_t)strtoul(image_seed ? image_seed : "", NULL, 0);
  image.pages = strtoull(text ? text : "", NULL, 0);
  return image;
}

static void take(const char *name, char *value) {
  if (!strcmp(name, "socket")) orders.socket = value;
  else if (!strcmp(name, "books")) books_path = value;
  else if (!strcmp(name, "slot")) first_slot = atoi(value);
  else if (!strcmp(name, "seed")) seed = strtoull(value, NULL, 0);
  else if (!strcmp(name, "mode")) orders.mode = atoi(value);
  else if (!strcmp(name, "lazy")) orders.lazy = image_of(value);
  else if (!strcmp(name, "lazy_file")) orders.lazy_file = value;
  else if (!strcmp(name, "solid")) orders.solid = image_of(value);
  else if (!strcmp(name, "board")) orders.board = image_of(value);
  else if (!strcmp(name, "pause_us")) orders.pause_us = atoi(value);
  else if (!strcmp(name, "lie")) orders.lie = value;
  else if (!strcmp(name, "audit")) is_audit = atoi(value);
  else {
    fprintf(stderr, "unknown argument %s\n", name);
    exit(2);
  }
}

static void open_books(void) {
  int file = open(books_path ? books_path : "", O_RDWR | O_CLOEXEC);
  books = mmap(NULL, sizeof *books, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (file < 0 || books == MAP_FAILED) {
    perror("books");
    exit(2);
  }
  close(file);
}

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

static int start_threads(void) {
  int count = 0;
  for (int kind = 0; kind < kinds_count; kind++) {
    struct slot *slot = &books->slots[first_slot + kind];
    slot->pid = 0;
    slot->needs_manager = 0;
    slot->intent = 0;
    if (!kinds[kind]->is_wanted()) continue;
    struct work *one = &works[count];
    one->kind = kinds[kind];
    one->worker.slot = slot;
    one->worker.number = first_slot + kind;
    one->worker.random = seed * 0x9e3779b97f4a7c15u + (uint64_t)kind + 1;
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

static void live(void) {
  const int count = start_threads();
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

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (int at = 1; at < argc; at++) {
    char *value = argv[at];
    const char *name = strsep(&value, "=");
    take(name, value ? value : "");
  }
  open_books();
  catch_crashes();
  client = pagerd_connect(orders.socket);
  if (!client) {
    printf("failed connect: %s: %s\n", pagerd_error_code(), pagerd_error());
    return 1;
  }
  if (is_audit) return audit();
  live();
  pagerd_disconnect(client);
  puts("bye");
  return 0;
}
