/*
 * A client of a chaos run on libpagerd: threads that use the manager in every way, and check every
 * byte. "wrong ..." and "failed ..." on its standard output say what it found.
 */
#include <stdio.h>

#include "test/chaos/client/client.h"

pagerd_client *client;

static const struct kind *const kinds[] = {&reader, &writer,  &system_calls,
                                           &churn,  &counter, &forker};

int main(int argc, char **argv) {
  take_orders(argc, argv);
  client = pagerd_connect(orders.socket);
  if (!client) {
    printf("failed connect: %s: %s\n", pagerd_error_code(), pagerd_error());
    return 1;
  }
  if (orders.is_audit) return audit();
  live(kinds, sizeof kinds / sizeof *kinds);
  pagerd_disconnect(client);
  puts("bye");
  return 0;
}
