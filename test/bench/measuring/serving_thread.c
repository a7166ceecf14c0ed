#include "serving_thread.h"

#include <pthread.h>

#include "arguments.h"
#include "pattern.h"
#include "placement.h"
#include "userfault.h"

/* What the thread works on. Lives until the process ends. */
struct served {
  int uffd;
  int cpu;
  const char *source;
  uint64_t memory;
};

static void *serve_faults(void *argument) {
  const struct served *served = argument;
  pin_to_cpu(served->cpu);
  uint64_t address;
  while (uffd_read_fault(served->uffd, &address)) {
    const uint64_t page = address & ~(uint64_t)(PAGE_BYTES - 1);
    uffd_copy(served->uffd, page, served->source + (page - served->memory), PAGE_BYTES);
  }
  return NULL;
}

char *start_serving_thread(size_t length_bytes, int cpu) {
  static struct served served;
  char *memory = fresh_memory(length_bytes);
  served = (struct served){
      .uffd = uffd_open(UFFD_BLOCKING),
      .cpu = cpu,
      .source = pattern_source(length_bytes),
      .memory = (uintptr_t)memory,
  };
  uffd_register_missing(served.uffd, memory, length_bytes);
  pthread_t thread;
  if (pthread_create(&thread, NULL, serve_faults, &served) != 0) fail("no thread");
  return memory;
}
