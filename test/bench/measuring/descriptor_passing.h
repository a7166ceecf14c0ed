/* One descriptor in one SOCK_SEQPACKET packet. */
#ifndef BENCH_DESCRIPTOR_PASSING_H
#define BENCH_DESCRIPTOR_PASSING_H

#include <stddef.h>

/* Sends a packet of length_bytes with one descriptor. */
void send_descriptor(int socket, const void *packet, size_t length_bytes, int descriptor);

/* Receives a packet and its descriptor (-1: none came). Returns the packet's length, 0 at the end.
   */
size_t receive_descriptor(int socket, void *packet, size_t length_bytes, int *descriptor);

#endif
