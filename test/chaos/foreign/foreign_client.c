/*
 * A client of a chaos run that speaks the protocol by itself, and forgets its socket once its
 * memory is served.
 */
#include "test/chaos/foreign/foreign.h"

/* The checks that it shares with other clients name it. */
pagerd_client *client;

static const struct kind *const kinds[] = {&unaware, &layout};

int main(int argc, char **argv) {
  take_orders(argc, argv);
  live(kinds, sizeof kinds / sizeof *kinds);
  return 0;
}
