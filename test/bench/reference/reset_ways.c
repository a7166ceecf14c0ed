/*
 * reset_ways: what it costs to put dirty pages back, and to have the same ones dirtied again:
 * in place (PAGEMAP_SCAN, then a pread for each run), or by dropping the whole range. From it come
 * the limits of native/client/limits.hpp.
 *
 *   reset_ways --mode copy|share|cow --way in-place|drop --bytes N --dirty-pages N
 *              [--run-pages N] [--cycles N] [--cpu N]
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "measuring/arguments.h"
#include "measuring/pattern.h"
#include "measuring/placement.h"
#include "measuring/report.h"
#include "measuring/samples.h"
#include "measuring/userfault.h"
#include "measuring/warm_memory.h"

enum { window_bytes = 65536, runs_max = 128 };

struct page_run {
  uint64_t start, end, categories;
};

struct scan {
  uint64_t size, flags, start, end, walk_end, runs, runs_count, pages_max;
  uint64_t inverted, all_of, any_of, reported;
};

enum { is_file = 1 << 2, is_present = 1 << 3, is_swapped = 1 << 4, is_zero = 1 << 5 };

struct worker {
  char *memory;
  const char *source;
  size_t length_bytes;
  int image, pagemap, uffd, cpu;
  bool is_copy;
};

static void continue_window(const struct worker *worker, uint64_t start) {
  struct uffdio_continue request = {.range = {.start = start, .len = window_bytes}};
  for (;;) {
    if (ioctl(worker->uffd, UFFDIO_CONTINUE, &request) == 0) return;
    const int64_t past = request.mapped > 0 ? request.mapped : PAGE_BYTES;
    if (errno != EEXIST && errno != EAGAIN) fail_errno("UFFDIO_CONTINUE");
    request.range.start += (uint64_t)past;
    request.range.len -= (uint64_t)past;
    if (request.range.len == 0) return;
  }
}

static void *serve(void *argument) {
  const struct worker *worker = argument;
  pin_to_cpu(worker->cpu);
  for (;;) {
    struct uffd_msg message;
    if (read(worker->uffd, &message, sizeof(message)) != sizeof(message)) return NULL;
    const uint64_t address = message.arg.pagefault.address;
    const uint64_t memory = (uintptr_t)worker->memory;
    const uint64_t window = memory + ((address - memory) & ~(uint64_t)(window_bytes - 1));
    const uint64_t page = address & ~(uint64_t)(PAGE_BYTES - 1);
    const uint64_t from = worker->is_copy ? window : page;
    const bool is_write = (message.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WRITE) != 0;
    if (worker->is_copy || is_write) {
      uffd_copy(worker->uffd, from, worker->source + (from - memory),
                worker->is_copy ? window_bytes : PAGE_BYTES);
    } else {
      continue_window(worker, window);
    }
  }
}

static void reset_in_place(struct worker *worker) {
  struct page_run runs[runs_max];
  uint64_t at = (uintptr_t)worker->memory;
  const uint64_t end = at + worker->length_bytes;
  while (at < end) {
    struct scan scan = {
        .size = sizeof(scan), .start = at, .end = end, .runs = (uintptr_t)runs,
        .runs_count = runs_max, .inverted = is_file, .all_of = worker->is_copy ? 0 : is_file,
        .any_of = is_present | is_swapped, .reported = is_zero,
    };
    const int count = ioctl(worker->pagemap, _IOWR('f', 16, struct scan), &scan);
    if (count < 0) fail_errno("PAGEMAP_SCAN");
    for (int i = 0; i < count; i++) {
      const size_t bytes = runs[i].end - runs[i].start;
      const off_t offset = (off_t)(runs[i].start - (uintptr_t)worker->memory);
      if (pread(worker->image, (void *)runs[i].start, bytes, offset) != (ssize_t)bytes) {
        fail_errno("pread");
      }
    }
    at = scan.walk_end;
  }
}

static struct worker start_worker(const struct arguments *arguments) {
  static struct worker worker;
  const char *mode = argument_text(arguments, "mode", "share");
  worker.is_copy = strcmp(mode, "copy") == 0;
  worker.length_bytes = (size_t)argument_number(arguments, "bytes", 64 << 20);
  worker.cpu = (int)argument_number(arguments, "cpu", CPU_ANY);
  worker.image = memfd_create("reset_ways", MFD_CLOEXEC);
  if (worker.image < 0 || ftruncate(worker.image, (off_t)worker.length_bytes) != 0) {
    fail_errno("memfd_create");
  }
  const int both = PROT_READ | PROT_WRITE;
  char *source = mmap(NULL, worker.length_bytes, both, MAP_SHARED, worker.image, 0);
  if (source == MAP_FAILED) fail_errno("mmap");
  pattern_fill(source, worker.length_bytes, 0);
  worker.source = source;
  worker.pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  const int flags = worker.is_copy ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_PRIVATE;
  worker.memory =
      mmap(NULL, worker.length_bytes, both, flags, worker.is_copy ? -1 : worker.image, 0);
  if (worker.memory == MAP_FAILED) fail_errno("mmap");
  if (strcmp(mode, "cow") == 0) return worker;
  worker.uffd = uffd_open(UFFD_BLOCKING);
  struct uffdio_register request = {
      .range = {.start = (uintptr_t)worker.memory, .len = worker.length_bytes},
      .mode = UFFDIO_REGISTER_MODE_MISSING | (worker.is_copy ? 0 : UFFDIO_REGISTER_MODE_MINOR),
  };
  if (ioctl(worker.uffd, UFFDIO_REGISTER, &request) != 0) fail_errno("UFFDIO_REGISTER");
  pthread_t thread;
  if (pthread_create(&thread, NULL, serve, &worker) != 0) fail("no thread");
  return worker;
}

int main(int count, char **values) {
  const struct arguments arguments = {count, values};
  struct worker worker = start_worker(&arguments);
  pin_to_cpu(worker.cpu);
  const size_t dirty = (size_t)argument_number(&arguments, "dirty-pages", 64);
  const size_t run = (size_t)argument_number(&arguments, "run-pages", 1);
  const size_t cycles = (size_t)argument_number(&arguments, "cycles", 20);
  const bool is_in_place = strcmp(argument_text(&arguments, "way", "in-place"), "drop") != 0;
  const size_t stride = worker.length_bytes / PAGE_BYTES / (dirty / run) * PAGE_BYTES;
  warm_free_pages(dirty * PAGE_BYTES);

  struct samples resets = samples_create(cycles), runs = samples_create(cycles);
  for (size_t cycle = 0; cycle <= cycles; cycle++) {
    const uint64_t begun_ns = now_ns();
    for (size_t i = 0; i < dirty; i++) {
      const size_t at = i / run * stride + i % run * PAGE_BYTES;
      *(volatile uint64_t *)(worker.memory + at) += 1;
    }
    const uint64_t dirtied_ns = now_ns();
    if (is_in_place) reset_in_place(&worker);
    else if (madvise(worker.memory, worker.length_bytes, MADV_DONTNEED) != 0) fail_errno("madvise");
    const uint64_t ended_ns = now_ns();
    if (cycle == 0) continue;
    samples_add(&runs, dirtied_ns - begun_ns);
    samples_add(&resets, ended_ns - dirtied_ns);
  }

  report_open();
  samples_report(&resets, "reset_");
  samples_report(&runs, "run_");
  report_number("wrong_pages",
                (double)pattern_wrong_pages(worker.memory, worker.length_bytes, CONTENT_PATTERN));
  report_close();
  return 0;
}
