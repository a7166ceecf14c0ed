/* A client that means no good. It speaks the protocol by itself, since no library would do what it
   does: one order a line on stdin, one answer a line on stdout, "ok [NUMBER]" or "error WORDS". */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/harness/raw_frames.h"

enum { page_bytes = 4096, words_max = 6 };

static int connection = -1;
static int userfault = -1;
static int is_userfault_sent;
static unsigned char *memory;
static uint64_t memory_bytes;
static uint64_t slice_bytes;
static uint32_t last_request;
static cpu_set_t threads_cpus;

/* SOCKET: connects and says hello. */
static void connect_to(char **words) {
  connection = greet(words[1], "hostile");
  if (connection >= 0) puts("ok");
}

/* FEATURES BYTES: memory of its own, and a userfaultfd with these features that has its faults. */
static void arm(char **words) {
  const uint64_t features = strtoull(words[1], NULL, 0);
  memory_bytes = strtoull(words[2], NULL, 0);
  /* Without privileges only faults of its own code are to be had, which will do. */
  const int user_mode_only = geteuid() == 0 ? 0 : 1;
  userfault = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | user_mode_only);
  struct uffdio_api api = {.api = UFFD_API, .features = features};
  if (ioctl(userfault, UFFDIO_API, &api) < 0) return (void)fail("UFFDIO_API");
  memory = mmap(NULL, memory_bytes, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return (void)fail("mmap");
  struct uffdio_register range = {{(uintptr_t)memory, memory_bytes}, 0, 0};
  range.mode = UFFDIO_REGISTER_MODE_MISSING;
  if (ioctl(userfault, UFFDIO_REGISTER, &range) < 0) return (void)fail("UFFDIO_REGISTER");
  puts("ok");
}

/* PID NUMBER ADDRESS BYTES: from now on the userfaultfd that another process has under that number,
   and its memory there, as if they were this one's. */
static void borrow(char **words) {
  const int process = (int)syscall(SYS_pidfd_open, atoi(words[1]), 0);
  userfault = (int)syscall(SYS_pidfd_getfd, process, atoi(words[2]), 0);
  if (userfault < 0) return (void)fail("pidfd_getfd");
  memory = (unsigned char *)(uintptr_t)strtoull(words[3], NULL, 0);
  memory_bytes = strtoull(words[4], NULL, 0);
  puts("ok");
}

static int map_at(const char *image, uint64_t offset_bytes, uint64_t length_bytes,
                  uint64_t window_bytes) {
  struct frame map = begin("map", 8);
  put_number(&map, "request", ++last_request);
  put_field(&map, "image", image);
  put_field(&map, "mode", "copy");
  put_number(&map, "address", (uintptr_t)memory + offset_bytes);
  put_number(&map, "length_bytes", length_bytes);
  put_number(&map, "offset_bytes", 0);
  put_number(&map, "window_bytes", window_bytes);
  const int descriptor = is_userfault_sent ? -1 : userfault;
  is_userfault_sent = 1;
  return exchange(connection, &map, descriptor, "mapped");
}

/* IMAGE REGION_BYTES COUNT [WINDOW_BYTES]: so many regions of that length, one behind the other. */
static void map(char **words) {
  const uint64_t region_bytes = strtoull(words[2], NULL, 0);
  const uint64_t count = strtoull(words[3], NULL, 0);
  const uint64_t window_bytes = words[4] ? strtoull(words[4], NULL, 0) : 0;
  for (uint64_t region = 0; region < count; region++)
    if (map_at(words[1], region * region_bytes, region_bytes, window_bytes) < 0) return;
  puts("ok");
}

/* The same with a connection that has not had the userfaultfd yet. */
static void map_again(char **words) {
  is_userfault_sent = 0;
  map(words);
}

/* IMAGE COUNT: asks about the image so many times, and reads no answer. */
static void ask(char **words) {
  for (uint64_t i = strtoull(words[2], NULL, 0); i > 0; i--) {
    struct frame question = begin("image", 3);
    put_number(&question, "request", ++last_request);
    put_field(&question, "image", words[1]);
    if (post(connection, &question, -1) < 0) return;
  }
  puts("ok");
}

/* TYPE COUNT: reads, past whatever else comes, until so many frames of that type have come. */
static void read_frames(char **words) {
  for (uint64_t missing = strtoull(words[2], NULL, 0); missing > 0;) {
    char frame[frame_bytes_max];
    const ssize_t length = take(connection, frame);
    if (length < 0) return;
    if (memmem(frame, (size_t)length, words[1], strlen(words[1]))) missing--;
  }
  puts("ok");
}

/* Where its memory is, and the number of its userfaultfd. */
static void address(char **words) {
  (void)words;
  printf("ok %llu\n", (unsigned long long)(uintptr_t)memory);
}

static void userfault_number(char **words) {
  (void)words;
  printf("ok %d\n", userfault);
}

/* OFFSET: the byte there. */
static void read_byte(char **words) {
  printf("ok %d\n", ((volatile unsigned char *)memory)[strtoull(words[1], NULL, 0)]);
}

/* Polling a userfaultfd without O_NONBLOCK is an error that never ends. */
static void clear_nonblock(char **words) {
  (void)words;
  if (fcntl(userfault, F_SETFL, 0) < 0) return (void)fail("fcntl");
  puts("ok");
}

/* CPU: threads started from here on run there. The others keep the process from being one that the
   manager takes for pinned. */
static void pin(char **words) {
  CPU_ZERO(&threads_cpus);
  CPU_SET(strtoull(words[1], NULL, 0), &threads_cpus);
  puts("ok");
}

static void start(void *(*run)(void *), void *argument) {
  pthread_t id;
  if ((errno = pthread_create(&id, NULL, run, argument))) return (void)fail("pthread_create");
  if (CPU_COUNT(&threads_cpus)) pthread_setaffinity_np(id, sizeof threads_cpus, &threads_cpus);
  pthread_detach(id);
}

static void *touch(void *argument) {
  (void)*(volatile unsigned char *)argument;
  return NULL;
}

/* OFFSET: a thread touches the byte there, and it is nobody's matter whether it ever comes back. */
static void touch_aside(char **words) {
  start(touch, memory + strtoull(words[1], NULL, 0));
  puts("ok");
}

static sem_t may_touch;

static void *touch_when_told(void *argument) {
  while (sem_wait(&may_touch) < 0) continue;
  return touch(argument);
}

/* THREADS: each is to touch a page of its own, once it is told. */
static void prepare_touches(char **words) {
  const uint64_t threads = strtoull(words[1], NULL, 0);
  for (uint64_t i = 0; i < threads; i++) start(touch_when_told, memory + i * page_bytes);
  puts("ok");
}

/* THREADS: so many of them are told. Takes no lock of the process's mappings. */
static void tell_touches(char **words) {
  for (uint64_t i = strtoull(words[1], NULL, 0); i > 0; i--) sem_post(&may_touch);
  puts("ok");
}

static void *steal_forever(void *argument) {
  (void)argument;
  struct uffd_msg message;
  for (;;)
    if (read(userfault, &message, sizeof message) < 0 && errno != EAGAIN) return NULL;
}

/* THREADS: from now on so many threads race the manager for the userfaultfd's events. */
static void steal(char **words) {
  for (uint64_t i = strtoull(words[1], NULL, 0); i > 0; i--) start(steal_forever, NULL);
  puts("ok");
}

static void *remove_forever(void *argument) {
  (void)argument;
  for (;;)
    if (madvise(memory, memory_bytes, MADV_DONTNEED) < 0) abort();
}

/* THREADS: from now on so many threads drop all of the memory, again and again. */
static void flood_removes(char **words) {
  for (uint64_t i = strtoull(words[1], NULL, 0); i > 0; i--) start(remove_forever, NULL);
  puts("ok");
}

static void *fault_forever(void *argument) {
  volatile unsigned char *slice = argument;
  for (;;) {
    (void)*slice;
    if (madvise((void *)slice, slice_bytes, MADV_DONTNEED) < 0) abort();
  }
}

/* THREADS BYTES: from now on each of so many threads touches a slice of its own, drops all of it,
   and begins again. */
static void flood_faults(char **words) {
  const uint64_t threads = strtoull(words[1], NULL, 0);
  slice_bytes = strtoull(words[2], NULL, 0);
  for (uint64_t i = 0; i < threads; i++) start(fault_forever, memory + i * slice_bytes);
  puts("ok");
}

static void *fail_forever(void *argument) {
  for (;;) {
    access(argument, F_OK);
    if (madvise(argument, slice_bytes, MADV_DONTNEED) < 0) abort();
  }
}

/* THREADS: like flood_faults, a page each, but of pages that cannot be had: system calls do the
   touching, since they fail where a thread's own access would end it. */
static void flood_failures(char **words) {
  const uint64_t threads = strtoull(words[1], NULL, 0);
  slice_bytes = page_bytes;
  for (uint64_t i = 0; i < threads; i++) start(fail_forever, memory + i * slice_bytes);
  puts("ok");
}

/* BYTES: from now on forks again and again, with so much memory that its mmap lock is taken most of
   the time. */
static void *fork_forever(void *argument) {
  (void)argument;
  for (;;) {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    if (child > 0) waitpid(child, NULL, 0);
  }
}

static void hold_mmap_lock(char **words) {
  const uint64_t bytes = strtoull(words[1], NULL, 0);
  char *ballast = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (ballast == MAP_FAILED) return (void)fail("mmap");
  /* Small pages, so that there are many entries to copy. */
  madvise(ballast, bytes, MADV_NOHUGEPAGE);
  for (uint64_t at = 0; at < bytes; at += page_bytes) ballast[at] = 1;
  start(fork_forever, NULL);
  puts("ok");
}

static void *read_file(void *argument) {
  char byte;
  if (read(open(argument, O_RDONLY), &byte, 1) < 0) return NULL;
  return NULL;
}

static void *map_file(void *argument) {
  mmap(NULL, page_bytes, PROT_READ, MAP_PRIVATE, open(argument, O_RDWR), 0);
  return NULL;
}

/* PATH: a thread reads the stalling file system's file, and waits with the file's page locked. */
static void read_aside(char **words) {
  start(read_file, strdup(words[1]));
  puts("ok");
}

/* PATH: another maps it past the cache, from which the kernel wants to drop that page: it waits
   too, with the lock of all mappings taken, until the file system ends. */
static void map_aside(char **words) {
  start(map_file, strdup(words[1]));
  puts("ok");
}

static void hang_up(char **words) {
  (void)words;
  puts(close(connection) == 0 ? "ok" : "error close");
}

/* A child keeps every descriptor open, and this process ends. */
static void leave_to_child(char **words) {
  (void)words;
  const pid_t child = fork();
  if (child < 0) return (void)fail("fork");
  if (child == 0) {
    close(STDIN_FILENO);
    for (;;) pause();
  }
  printf("ok %d\n", child);
  fflush(stdout);
  _exit(0);
}

static const struct {
  const char *name;
  void (*carry_out)(char **words);
} orders[] = {
    {"connect", connect_to},
    {"arm", arm},
    {"borrow", borrow},
    {"map", map},
    {"map_again", map_again},
    {"ask", ask},
    {"read_frames", read_frames},
    {"address", address},
    {"userfault_number", userfault_number},
    {"read", read_byte},
    {"clear_nonblock", clear_nonblock},
    {"pin", pin},
    {"touch_aside", touch_aside},
    {"prepare_touches", prepare_touches},
    {"tell_touches", tell_touches},
    {"steal", steal},
    {"flood_removes", flood_removes},
    {"flood_faults", flood_faults},
    {"flood_failures", flood_failures},
    {"hold_mmap_lock", hold_mmap_lock},
    {"read_aside", read_aside},
    {"map_aside", map_aside},
    {"hang_up", hang_up},
    {"leave_to_child", leave_to_child},
};

static void obey(void) {
  char line[1024];
  setvbuf(stdout, NULL, _IOLBF, 0);
  while (fgets(line, sizeof line, stdin)) {
    char *words[words_max] = {0};
    char *rest = line;
    for (int i = 0; i < words_max && (words[i] = strsep(&rest, " \n")) && *words[i]; i++) continue;
    const size_t count = sizeof orders / sizeof *orders;
    size_t at = 0;
    while (at < count && strcmp(orders[at].name, words[0])) at++;
    if (at < count) orders[at].carry_out(words);
    else puts("error this program knows no such order");
  }
}

int main(void) {
  obey();
  return 0;
}
