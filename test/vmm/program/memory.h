/* The guest's memory: regions as a snapshot lists them, and the userfaultfd over them. Nothing of
   the VMM touches it before the guest does, unless an order says so. */
#ifndef PAGERD_VMM_MEMORY_H
#define PAGERD_VMM_MEMORY_H

#include "test/vmm/program/options.h"

struct region {
  unsigned char *host;
  uint64_t size_bytes;
  uint64_t offset_bytes; /* in the memory file; also where the guest sees it */
};

struct memory {
  struct region regions[regions_max];
  int count;
  uint64_t size_bytes;
  uint64_t page_bytes;
  int userfault; /* -1: memory is a mapping of the file */
};

extern struct memory memory;

/* Maps it, not adjacent in the host, and so that no two regions become one mapping. */
void memory_map(const struct options *options);

/* The userfaultfd as Firecracker makes it, every region registered for missing pages. */
void memory_register(const struct options *options);

/* Gives a part of one region back to the host: it reads as zeros from then on. */
void memory_discard(uint64_t offset_bytes, uint64_t length_bytes);

/* Where a byte of the memory file is in the host. */
unsigned char *memory_at(uint64_t offset_bytes);

#endif
