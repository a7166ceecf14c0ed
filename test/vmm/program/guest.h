/* The guest: code that moves words, and the memory of its own in which it finds its orders. That
   memory is not registered with any userfaultfd, so every fault the manager sees is one that the
   guest's data took. */
#ifndef PAGERD_VMM_GUEST_H
#define PAGERD_VMM_GUEST_H

#include <stdint.h>

enum { moves_max = 8192 };

/* One vCPU's own memory slot. */
struct slot {
  unsigned char code[4096];
  /* Addresses as the guest sees them: eight bytes go from one to the other. */
  struct { uint32_t from, to; } moves[moves_max];
  uint64_t words[moves_max]; /* what reads brought, and what writes take */
};

/* Guest memory begins at 0 and ends below this; the slots follow, far from the APIC's page. */
enum { guest_memory_bytes_max = 0xb0000000u, slots_base = 0xc0000000u };

static inline uint32_t slot_base(int vcpu) {
  return slots_base + (uint32_t)vcpu * (uint32_t)(1 << 20);
}

_Static_assert(sizeof(struct slot) <= 1 << 20, "a slot is within its mebibyte");
_Static_assert(sizeof(struct slot) % 4096 == 0, "a slot is whole pages");

/* Position-independent, for 32 bits without paging. In: ESP at the moves, ECX how many. It halts
   when ECX is 0; what is left in ECX when it stops elsewhere says at which move that was. */
extern const unsigned char guest_code[], guest_code_end[];

#endif
