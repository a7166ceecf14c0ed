#define _GNU_SOURCE
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { page_bytes = 4096, dirty_every_pages = 25 }; /* of a quarter: 1 % of all */

const char *const mode_names[MODES_COUNT] = {"auto", "copy", "share", "cow"};

struct worker {
  pagerd_region *region;
  unsigned char *memory;
  const unsigned char *wanted; /* the file, mapped */
  size_t length;
  struct findings found;
};

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static int fail(struct worker *worker, const char *what, const char *why) {
  snprintf(worker->found.failure, sizeof(worker->found.failure), "%s: %s", what, why);
  return -1;
}

static int open_file(struct worker *worker, const char *path) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return fail(worker, path, strerror(errno));
  const off_t bytes = lseek(file, 0, SEEK_END);
  if (bytes != (off_t)worker->length) {
    close(file);
    return fail(worker, path, "its length is not the image's");
  }
  void *memory = mmap(NULL, worker->length, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (memory == MAP_FAILED) return fail(worker, path, strerror(errno));
  worker->wanted = memory;
  return 0;
}

static int map_image(struct worker *worker, const struct work *work) {
  const double begun_ms = now_ms();
  pagerd_client *client = pagerd_connect(NULL); /* $PAGERD_SOCKET or the default place */
  if (client == NULL) return fail(worker, "connecting", pagerd_error());
  const struct pagerd_map_options options = {.mode = work->mode};
  worker->region = pagerd_map(client, work->image, &options);
  if (worker->region == NULL) return fail(worker, "mapping", pagerd_error());
  worker->memory = pagerd_address(worker->region);
  worker->length = pagerd_length_bytes(worker->region);
  worker->found.mode = pagerd_region_mode(worker->region);
  worker->found.map_ms = now_ms() - begun_ms;
  return 0;
}

/* Reads the first quarter of the image, every byte of it. */
static int read_quarter(struct worker *worker) {
  const size_t quarter = worker->length / 4;
  worker->found.touched_bytes = quarter;
  for (size_t at = 0; at < quarter; at++) {
    if (worker->memory[at] == worker->wanted[at]) continue;
    char text[96];
    snprintf(text, sizeof(text), "byte %zu is %u, the file has %u", at, worker->memory[at],
             worker->wanted[at]);
    return fail(worker, "wrong bytes", text);
  }
  return 0;
}

/* Writes whole pages, spread over the quarter, with bytes that only this process writes. */
static int write_pages(struct worker *worker) {
  const unsigned char own = (unsigned char)getpid();
  const size_t quarter = worker->length / 4, step = (size_t)dirty_every_pages * page_bytes;
  for (size_t at = 0; at + page_bytes <= quarter; at += step) {
    memset(worker->memory + at, own, page_bytes);
    worker->found.dirtied_bytes += page_bytes;
  }
  for (size_t at = 0; at + page_bytes <= quarter; at += step) {
    for (size_t byte = 0; byte < page_bytes; byte++)
      if (worker->memory[at + byte] != own) return fail(worker, "writing", "a write was lost");
  }
  return 0;
}

/* The mapping's share of memory: a page that n processes map counts as 1/n of one for each. */
static int read_pss(struct worker *worker) {
  FILE *smaps = fopen("/proc/self/smaps", "re");
  if (smaps == NULL) return fail(worker, "/proc/self/smaps", strerror(errno));
  const uintptr_t from = (uintptr_t)worker->memory, to = from + worker->length;
  char line[512];
  int is_ours = 0;
  uint64_t pss_kib = 0;
  while (fgets(line, sizeof(line), smaps) != NULL) {
    uintptr_t start, end;
    uint64_t kib;
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &start, &end) == 2)
      is_ours = start < to && from < end;
    else if (is_ours && sscanf(line, "Pss: %" SCNu64 " kB", &kib) == 1)
      pss_kib += kib;
  }
  fclose(smaps);
  worker->found.pss_bytes = pss_kib * 1024;
  return 0;
}

static int run(struct worker *worker, const struct work *work) {
  if (map_image(worker, work) != 0 || open_file(worker, work->file) != 0) return -1;
  const double begun_ms = now_ms();
  if (read_quarter(worker) != 0 || write_pages(worker) != 0) return -1;
  worker->found.run_ms = now_ms() - begun_ms;
  return 0;
}

static int reset_and_run(struct worker *worker) {
  const double begun_ms = now_ms();
  if (pagerd_reset(worker->region) != 0) return fail(worker, "resetting", pagerd_error());
  const double reset_ms = now_ms();
  if (read_quarter(worker) != 0) return -1;
  worker->found.reset_ms = reset_ms - begun_ms;
  worker->found.again_ms = now_ms() - reset_ms;
  return 0;
}

/* False when the parent is gone or this worker has failed: there is no next step. */
static int tell_and_wait(const struct worker *worker, int is_last) {
  const ssize_t bytes = write(STDOUT_FILENO, &worker->found, sizeof(worker->found));
  if (bytes != (ssize_t)sizeof(worker->found) || worker->found.failure[0] != '\0') return 0;
  char go;
  return is_last || read(STDIN_FILENO, &go, 1) == 1;
}

int work_as_told(const struct work *work) {
  struct worker worker = {0};
  run(&worker, work); /* what fails is among the findings */
  if (!tell_and_wait(&worker, 0)) return 1;
  read_pss(&worker);
  if (!tell_and_wait(&worker, 0)) return 1;
  reset_and_run(&worker);
  return tell_and_wait(&worker, 1) ? 0 : 1;
}
