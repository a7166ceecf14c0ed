/* The native protocol as somebody else would speak it: no libpagerd, and no more than is needed. */
#ifndef PAGERD_CHAOS_FOREIGN_H
#define PAGERD_CHAOS_FOREIGN_H

#include <stddef.h>
#include <stdint.h>

#include "test/chaos/client/client.h"

/* frame.c: a msgpack map of few fields. */
struct frame {
  unsigned char bytes[512];
  size_t length;
};
void frame_begin(struct frame *frame, int fields);
void frame_text(struct frame *frame, const char *name, const char *value);
void frame_number(struct frame *frame, const char *name, uint64_t value);
void frame_false(struct frame *frame, const char *name);

/* One packet, with a descriptor along when it is not -1; and the answer to it. */
int frame_exchange(int connection, const struct frame *frame, int descriptor, struct frame *answer);
int frame_has(const struct frame *frame, const char *text);

/* foreign_region.c: memory of a session of its own. */
struct foreign_region {
  unsigned char *memory;
  uint64_t pages;
  const struct image *image;
  int userfault, connection;
};
/* 0; -1 after a report; 1 when the manager takes no such userfaultfd. */
int foreign_map(struct worker *worker, struct foreign_region *region, uint64_t features);
void foreign_close(struct foreign_region *region);

extern const struct kind unaware, layout;

#endif
