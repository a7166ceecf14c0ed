/* How a VM introduces itself to its page fault manager: one message, and nothing ever after. */
#ifndef PAGERD_VMM_HANDSHAKE_H
#define PAGERD_VMM_HANDSHAKE_H

#include "test/vmm/program/options.h"

/* Connects once, sends the regions and the userfaultfd, and reads nothing. Returns the text. */
const char *handshake_send(const struct options *options);

/* As no Firecracker does, sends so many zeros after the message, or as many as somebody takes.
   Returns how many. */
uint64_t handshake_chatter(uint64_t bytes);

#endif
