#include "commands.h"
#include "measuring/placement.h"
#include "measuring/reset_cycles.h"

static void reset(void *owner) {
  if (pagerd_reset(owner) != 0) fail_pagerd("pagerd_reset");
}

void command_reset(const struct arguments *arguments) {
  pin_to_cpu((int)argument_number(arguments, "cpu", CPU_ANY));
  pagerd_client *client = connect_client(arguments);
  pagerd_region *region = map_image(arguments, client);
  reset_cycles_and_report(arguments,
                          (struct reset_plan){.memory = pagerd_address(region),
                                              .length_bytes = pagerd_length_bytes(region),
                                              .reset = reset,
                                              .owner = region});
  pagerd_disconnect(client);
}
