/*
 * The file that all clients of a chaos run map shared, and that the orchestrator reads and writes
 * (books.ts knows the same figures). It is an ordinary file: what is in it outlives every process,
 * so that it can hold the others to account.
 */
#ifndef PAGERD_CHAOS_BOOKS_H
#define PAGERD_CHAOS_BOOKS_H

#include <stdatomic.h>
#include <stdint.h>

enum { slots_max = 256, board_pages = 64, kind_bytes = 16 };

/* Of one thread of one client. */
struct slot {
  /* When the last step began that could not end without the manager, and has ended. One word, so
     that a reader never sees half of it. CLOCK_MONOTONIC, in nanoseconds, as all times here. */
  _Atomic uint64_t served_started_ns;
  _Atomic uint64_t finished_ns;
  _Atomic uint64_t steps;
  _Atomic uint64_t served;
  _Atomic uint64_t longest_gap_ns;
  _Atomic uint64_t bytes_checked;
  _Atomic uint32_t wrong;
  _Atomic uint32_t failed;
  _Atomic uint32_t refused;
  /* The board's page this thread is about to add to, plus 1; 0 when it is not. */
  _Atomic uint32_t intent;
  _Atomic uint32_t pid;
  _Atomic uint32_t needs_manager;
  char kind[kind_bytes];
  char room[128 - 88];
};
_Static_assert(sizeof(struct slot) == 128, "books.ts reads slots of 128 bytes");

struct books {
  /* Odd while calls may be refused for want of descriptors; it only grows. */
  _Atomic uint32_t hardship;
  char room[4092];
  struct slot slots[slots_max];
  /* What each slot's threads, dead ones too, added to each page of the board. */
  _Atomic uint32_t added[slots_max][board_pages];
  /* Additions that a killed thread had begun: whether they took place nobody knows. */
  _Atomic uint32_t excused[board_pages];
};

#endif
