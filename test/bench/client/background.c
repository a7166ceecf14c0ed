/* Clients that are there while another one is measured: both say when they are ready, and end with
   their stdin. */
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#include "commands.h"
#include "measuring/report.h"
#include "measuring/samples.h"
#include "measuring/warm_memory.h"

static bool stdin_has_ended(int timeout_ms) {
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
  return poll(&input, 1, timeout_ms) != 0;
}

/* --sessions connections of this process, each with --regions idle regions. The process just ends
   at last: cleaning up after it is the manager's work. */
void command_hold(const struct arguments *arguments) {
  const int sessions = (int)argument_number(arguments, "sessions", 1);
  const int regions = (int)argument_number(arguments, "regions", 1);
  for (int i = 0; i < sessions; i++) {
    pagerd_client *client = connect_client(arguments);
    for (int j = 0; j < regions; j++) map_image(arguments, client);
  }
  report_open();
  report_number("sessions", sessions);
  report_number("regions", (double)sessions * regions);
  report_close();
  while (!stdin_has_ended(-1)) continue;
  _exit(0);
}

/* Restores the region again and again: the bulk work that demand faults must not wait behind. */
void command_bulk(const struct arguments *arguments) {
  pagerd_client *client = connect_client(arguments);
  pagerd_region *region = map_image(arguments, client);
  warm_free_pages(pagerd_length_bytes(region));
  report_open();
  report_number("ready", 1);
  report_close();
  size_t passes = 0;
  uint64_t prefault_ns = 0;
  const uint64_t started_ns = now_ns();
  while (!stdin_has_ended(0)) {
    const uint64_t before_ns = now_ns();
    if (pagerd_prefault(region, 0, 0) != 0) fail_pagerd("pagerd_prefault");
    prefault_ns += now_ns() - before_ns;
    if (pagerd_reset(region) != 0) fail_pagerd("pagerd_reset");
    passes++;
  }
  report_open();
  report_number("passes", (double)passes);
  report_number("busy_share", (double)prefault_ns / (double)(now_ns() - started_ns));
  report_close();
  pagerd_disconnect(client);
}
