/* Orders on standard input, one a line; each is answered by one line of JSON. */
#ifndef PAGERD_VMM_ORDERS_H
#define PAGERD_VMM_ORDERS_H

#include "test/vmm/program/options.h"

enum { words_max = 6 };

/* One order taken apart. */
struct order {
  const char *name;
  uint64_t numbers[words_max];
  int count;
};

/* Obeys until `quit` or the end of the input. */
void obey(const struct options *options);

/* guest_orders.c: what vCPUs do. Whether there is such an order: it is then planned, and `why` is
   set where it must not be. */
bool plan_order(const struct order *order, const char **why);
/* Whether what runs, or ran last, writes. */
bool plan_writes(void);

/* host_orders.c: what the VMM's own thread does to memory. */
bool is_host_order(const struct order *order);
bool obey_host_order(const struct order *order, const char **why);

/* Whether the range lies in memory and has a page. */
bool is_range(uint64_t first, uint64_t count);

#endif
