/* The few userfaultfd calls that the references make, with no cleverness: they are what pagerd is
   compared with. */
#ifndef BENCH_USERFAULT_H
#define BENCH_USERFAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum uffd_reads { UFFD_BLOCKING, UFFD_NONBLOCKING };

/* A userfaultfd of this process, its features negotiated. */
int uffd_open(enum uffd_reads reads);

/* Fresh anonymous memory in 4 KiB pages. */
char *fresh_memory(size_t length_bytes);
void uffd_register_missing(int uffd, const void *memory, size_t length_bytes);

/* True when the page was installed or had been; EEXIST wakes its waiters. False: its process is
   gone. */
bool uffd_copy(int uffd, uint64_t to, const void *from, size_t length_bytes);
void uffd_zero(int uffd, uint64_t to, size_t length_bytes);

/* Reads one event: false when there is none (EAGAIN). Events other than faults end the program. */
bool uffd_read_fault(int uffd, uint64_t *address);

#endif
