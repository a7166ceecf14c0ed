#include <pthread.h>
#include <sys/resource.h>

#include "commands.h"
#include "measuring/placement.h"
#include "measuring/report.h"
#include "measuring/samples.h"
#include "measuring/warm_memory.h"

enum { PARTS_MAX = 16 };

/* One of the parts prefaulted at once, each by a thread of its own. */
struct part {
  pagerd_region *region;
  pthread_barrier_t *start;
  pthread_t thread;
  size_t offset_bytes;
  size_t length_bytes;
  uint64_t started_ns;
  uint64_t ended_ns;
};

static void *prefault_part(void *argument) {
  struct part *part = argument;
  pthread_barrier_wait(part->start);
  part->started_ns = now_ns();
  if (pagerd_prefault(part->region, part->offset_bytes, part->length_bytes) != 0) {
    fail_pagerd("pagerd_prefault");
  }
  part->ended_ns = now_ns();
  return NULL;
}

/* From the first part's start to the last part's end. */
static double prefault_seconds(pagerd_region *region, size_t count) {
  struct part parts[PARTS_MAX];
  pthread_barrier_t start;
  pthread_barrier_init(&start, NULL, (unsigned)count);
  const size_t share_bytes = pagerd_length_bytes(region) / count & ~(size_t)(PAGE_BYTES - 1);
  for (size_t i = 0; i < count; i++) {
    const size_t offset_bytes = i * share_bytes;
    const size_t rest_bytes = pagerd_length_bytes(region) - offset_bytes;
    parts[i] = (struct part){.region = region,
                             .start = &start,
                             .offset_bytes = offset_bytes,
                             .length_bytes = i == count - 1 ? rest_bytes : share_bytes};
    if (pthread_create(&parts[i].thread, NULL, prefault_part, &parts[i]) != 0) fail("no thread");
  }
  uint64_t started_ns = UINT64_MAX;
  uint64_t ended_ns = 0;
  for (size_t i = 0; i < count; i++) {
    pthread_join(parts[i].thread, NULL);
    if (parts[i].started_ns < started_ns) started_ns = parts[i].started_ns;
    if (parts[i].ended_ns > ended_ns) ended_ns = parts[i].ended_ns;
  }
  pthread_barrier_destroy(&start);
  return (double)(ended_ns - started_ns) / 1e9;
}

/* faults_after says how many pages still faulted when all were read afterwards: none, if prefault
   does its work. */
void command_prefault(const struct arguments *arguments) {
  const size_t count = (size_t)argument_number(arguments, "threads", 1);
  if (count < 1 || count > PARTS_MAX) fail("--threads wants 1 to %d, found %zu", PARTS_MAX, count);
  pin_to_cpu((int)argument_number(arguments, "cpu", CPU_ANY));
  pagerd_client *client = connect_client(arguments);
  pagerd_region *region = map_image(arguments, client);
  const size_t length_bytes = pagerd_length_bytes(region);
  warm_free_pages(length_bytes);

  const double seconds = prefault_seconds(region, count);

  struct rusage before;
  struct rusage after;
  getrusage(RUSAGE_THREAD, &before);
  const size_t wrong_pages =
      pattern_wrong_pages(pagerd_address(region), length_bytes, content_from(arguments));
  getrusage(RUSAGE_THREAD, &after);
  report_open();
  report_number("pages", (double)(length_bytes / PAGE_BYTES));
  report_number("seconds", seconds);
  report_number("faults_after", (double)(after.ru_minflt - before.ru_minflt));
  report_number("wrong_pages", (double)wrong_pages);
  report_close();
  pagerd_disconnect(client);
}
