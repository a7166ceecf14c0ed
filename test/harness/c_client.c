/*
 * A client in C that does what its test asks, one line on standard input at a time (c_client.ts).
 * It is light enough to be started a thousand times, and maps more than an ArrayBuffer can show.
 * Each line is answered by one: "ok [value]" or "error CODE TEXT".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "native/client/pagerd.h"
#include "test/harness/pattern.h"

enum { words_max = 9, regions_max = 16384 };

static pagerd_client *client;
static pagerd_region *regions[regions_max];
static int regions_count;

static void answer_number(int64_t value) { printf("ok %" PRId64 "\n", value); }

static void answer_failure(void) {
  const char *code = pagerd_error_code();
  printf("error %s %s\n", *code ? code : "unknown", pagerd_error());
}

static void answer_status(int status) {
  if (status < 0) answer_failure();
  else puts("ok");
}

static void answer_errno(void) { printf("error %s %s\n", strerrorname_np(errno), strerror(errno)); }

static uint64_t number(const char *word) { return word ? strtoull(word, NULL, 0) : 0; }

static pagerd_region *region_of(const char *word) {
  uint64_t handle = number(word);
  if (handle < 1 || handle > (uint64_t)regions_count || !regions[handle - 1]) {
    printf("error no_region this client has no region %" PRIu64 "\n", handle);
    return NULL;
  }
  return regions[handle - 1];
}

static unsigned char *memory_of(pagerd_region *region, const char *offset) {
  return (unsigned char *)pagerd_address(region) + number(offset);
}

static void keep(pagerd_region *region) {
  if (!region) {
    answer_failure();
    return;
  }
  if (regions_count == regions_max) {
    puts("error too_many this program keeps no more regions");
    return;
  }
  regions[regions_count++] = region;
  answer_number(regions_count);
}

/* IMAGE MODE OFFSET LENGTH WINDOW ACCESS RESERVE ON_DISCARD */
static struct pagerd_map_options options_of(char **words) {
  struct pagerd_map_options options;
  memset(&options, 0, sizeof options);
  options.mode = (enum pagerd_mode)number(words[2]);
  options.offset_bytes = number(words[3]);
  options.length_bytes = number(words[4]);
  options.window_bytes = (uint32_t)number(words[5]);
  options.access = (enum pagerd_access)number(words[6]);
  options.reserve_bytes = number(words[7]);
  options.on_discard = (enum pagerd_on_discard)number(words[8]);
  return options;
}

static void map(char **words) {
  struct pagerd_map_options options = options_of(words);
  keep(pagerd_map(client, words[1], &options));
}

/* As map; the memory, of LENGTH bytes, is this program's own. */
static void attach(char **words) {
  struct pagerd_map_options options = options_of(words);
  size_t length_bytes = options.length_bytes;
  options.length_bytes = 0;
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void *memory = mmap(NULL, length_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (memory == MAP_FAILED) answer_errno();
  else keep(pagerd_attach(client, memory, length_bytes, words[1], &options));
}

/* REGION SEED OFFSET LENGTH IMAGE_OFFSET */
static void verify(char **words) {
  pagerd_region *region = region_of(words[1]);
  if (!region) return;
  uint64_t offset = number(words[3]);
  answer_number(pattern_mismatch(memory_of(region, words[3]), number(words[4]),
                                 (uint32_t)number(words[2]), number(words[5]) + offset));
}

/* REGION SEED OFFSET LENGTH */
static void write_pattern(char **words) {
  pagerd_region *region = region_of(words[1]);
  if (!region) return;
  pattern_write(memory_of(region, words[3]), number(words[4]), (uint32_t)number(words[2]),
                number(words[3]));
  puts("ok");
}

/* REGION OFFSET */
static void read_byte(char **words) {
  pagerd_region *region = region_of(words[1]);
  if (region) answer_number(*(volatile unsigned char *)memory_of(region, words[2]));
}

/* REGION OFFSET LENGTH STRIDE: reads one byte at each stride, answers their sum. */
static void touch(char **words) {
  pagerd_region *region = region_of(words[1]);
  if (!region) return;
  volatile unsigned char *memory = memory_of(region, words[2]);
  int64_t sum = 0;
  for (uint64_t at = 0; at < number(words[3]); at += number(words[4])) sum += memory[at];
  answer_number(sum);
}

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* As touch; answers how many microseconds the slowest of the reads took. */
static void slowest_touch(char **words) {
  pagerd_region *region = region_of(words[1]);
  if (!region) return;
  volatile unsigned char *memory = memory_of(region, words[2]);
  int64_t slowest_us = 0;
  for (uint64_t at = 0; at < number(words[3]); at += number(words[4])) {
    const int64_t start_us = now_us();
    (void)memory[at];
    const int64_t took_us = now_us() - start_us;
    if (took_us > slowest_us) slowest_us = took_us;
  }
  answer_number(slowest_us);
}

/* REGION OFFSET LENGTH PATH: read(2) writes into the region from inside the kernel. */
static void read_file_into(char **words) {
  pagerd_region *region = region_of(words[1]);
  if (!region) return;
  int file = open(words[4], O_RDONLY | O_CLOEXEC);
  ssize_t bytes = file < 0 ? -1 : read(file, memory_of(region, words[2]), number(words[3]));
  if (bytes < 0) answer_errno();
  else answer_number(bytes);
  if (file >= 0) close(file);
}

static void prefault(char **words) {
  pagerd_region *region = region_of(words[1]);
  if (region) answer_status(pagerd_prefault(region, number(words[2]), number(words[3])));
}

static void reset(char **words) {
  pagerd_region *region = region_of(words[1]);
  if (region) answer_status(pagerd_reset(region));
}

static void load(char **words) { answer_status(pagerd_load(client, words[1])); }

static void mode(char **words) {
  pagerd_region *region = region_of(words[1]);
  if (region) answer_number(pagerd_region_mode(region));
}

/* REGION LENGTH */
static void grow(char **words) {
  pagerd_region *region = region_of(words[1]);
  if (region) answer_status(pagerd_grow(region, number(words[2])));
}

static void length_of(char **words) {
  pagerd_region *region = region_of(words[1]);
  if (region) answer_number((int64_t)pagerd_length_bytes(region));
}

/* REGION OFFSET LENGTH ADVICE */
static void advise(char **words) {
  pagerd_region *region = region_of(words[1]);
  if (!region) return;
  int advice = (int)number(words[4]);
  if (madvise(memory_of(region, words[2]), number(words[3]), advice) == 0) puts("ok");
  else answer_errno();
}

/* The library's own, or -1. */
static int find_userfaultfd(void) {
  for (int descriptor = 0; descriptor < 1024; descriptor++) {
    char link[32], target[64] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    if (readlink(link, target, sizeof target - 1) > 0 && strstr(target, "[userfaultfd]"))
      return descriptor;
  }
  return -1;
}

/* REGION OFFSET: poisons a page that is missing, as the manager does with one it cannot have. */
static void poison(char **words) {
  pagerd_region *region = region_of(words[1]);
  if (!region) return;
  struct {
    uint64_t start, length_bytes, mode;
    int64_t updated;
  } request = {(uintptr_t)memory_of(region, words[2]), 4096, 0, 0};
  if (ioctl(find_userfaultfd(), _IOWR(0xAA, 0x08, request), &request) == 0) puts("ok");
  else answer_errno();
}

/* From now on the files of /proc/self are root's. */
static void hide_proc_files(char **words) {
  (void)words;
  answer_status(prctl(PR_SET_DUMPABLE, 0));
}

/* REGION OFFSET LENGTH BITS: pages of which the kernel's pagemap has one of these bits. */
static void count_pages(char **words) {
  pagerd_region *region = region_of(words[1]);
  if (!region) return;
  const uint64_t first = (uintptr_t)memory_of(region, words[2]) / 4096;
  int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  int64_t count = 0;
  for (uint64_t page = first; page < first + number(words[3]) / 4096; page++) {
    uint64_t record = 0;
    if (pread(pagemap, &record, sizeof record, (off_t)(page * sizeof record)) < 0) {
      answer_errno();
      close(pagemap);
      return;
    }
    count += (record & number(words[4])) != 0;
  }
  close(pagemap);
  answer_number(count);
}

static void unmap(char **words) {
  pagerd_region *region = region_of(words[1]);
  if (!region) return;
  int status = pagerd_unmap(region);
  if (status == 0) regions[number(words[1]) - 1] = NULL;
  answer_status(status);
}

static void connect_to(char **words) {
  client = pagerd_connect(words[1]);
  if (client) puts("ok");
  else answer_failure();
}

static void disconnect(char **words) {
  (void)words;
  pagerd_disconnect(client);
  client = NULL;
  memset(regions, 0, sizeof regions);
  puts("ok");
}

struct slice {
  volatile unsigned char *start;
  size_t length_bytes;
};

static void *storm_forever(void *argument) {
  const struct slice slice = *(struct slice *)argument;
  free(argument);
  for (;;) {
    (void)*slice.start;
    madvise((void *)slice.start, slice.length_bytes, MADV_DONTNEED);
  }
  return NULL;
}

/* REGION THREADS: from now on, until the process ends, each of so many threads touches a slice of
   the region of its own, drops it and begins again. */
static void storm(char **words) {
  pagerd_region *region = region_of(words[1]);
  if (!region) return;
  const uint64_t threads = number(words[2]);
  const size_t slice_bytes = pagerd_length_bytes(region) / threads;
  for (uint64_t thread = 0; thread < threads; thread++) {
    struct slice *slice = malloc(sizeof *slice);
    if (!slice) abort();
    slice->start = (unsigned char *)pagerd_address(region) + thread * slice_bytes;
    slice->length_bytes = slice_bytes;
    pthread_t id;
    if ((errno = pthread_create(&id, NULL, storm_forever, slice))) {
      answer_errno();
      return;
    }
    pthread_detach(id);
  }
  puts("ok");
}

/* Becomes another program, which reads no orders. */
static void become(char **words) {
  puts("ok");
  fflush(stdout);
  execlp(words[1], words[1], words[2], (char *)NULL);
  answer_errno();
}

static const struct {
  const char *name;
  void (*carry_out)(char **words);
} orders[] = {
    {"connect", connect_to},
    {"map", map},
    {"attach", attach},
    {"verify", verify},
    {"write", write_pattern},
    {"read", read_byte},
    {"touch", touch},
    {"slowest_touch", slowest_touch},
    {"read_file_into", read_file_into},
    {"prefault", prefault},
    {"reset", reset},
    {"load", load},
    {"mode", mode},
    {"unmap", unmap},
    {"disconnect", disconnect},
    {"grow", grow},
    {"length", length_of},
    {"advise", advise},
    {"poison", poison},
    {"hide_proc_files", hide_proc_files},
    {"count_pages", count_pages},
    {"storm", storm},
    {"become", become},
};
static const size_t orders_count = sizeof orders / sizeof *orders;

/* Splits a line in place; words past the last are empty. */
static void split(char *line, char **words) {
  int count = 0;
  for (char *word; count < words_max && (word = strsep(&line, " \n"));)
    if (*word) words[count++] = word;
}

int main(void) {
  char line[4096];
  setvbuf(stdout, NULL, _IOLBF, 0);
  while (fgets(line, sizeof line, stdin)) {
    char *words[words_max] = {0};
    split(line, words);
    size_t at = 0;
    while (at < orders_count && words[0] && strcmp(orders[at].name, words[0])) at++;
    if (words[0] && at < orders_count) orders[at].carry_out(words);
    else puts("error unknown_order this program knows no such order");
  }
  return 0;
}
