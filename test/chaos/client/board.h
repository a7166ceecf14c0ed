/* A page of the board: a counter that all clients add to under a lock in the page itself. */
#ifndef PAGERD_CHAOS_BOARD_H
#define PAGERD_CHAOS_BOARD_H

#include "test/chaos/client/client.h"

struct board_page {
  _Atomic uint32_t owner; /* a process id; 0: free */
  uint32_t room;
  _Atomic uint64_t count;
  unsigned char pattern[page_bytes - 24]; /* nobody writes it */
  _Atomic uint64_t complement; /* of the count: far from it, so that half a page shows */
};
_Static_assert(sizeof(struct board_page) == page_bytes, "one counter a page");

/* Not zero, so that a page that was lost does not look like one that was never counted on. */
static inline uint64_t board_start(uint64_t page) { return 0x01000000u + page; }

#endif
