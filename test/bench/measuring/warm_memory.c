#include "warm_memory.h"

#include <sys/mman.h>

#include "arguments.h"
#include "pattern.h"
#include "userfault.h"

void warm_free_pages(size_t length_bytes) {
  /* A quarter more, for page tables and for what other processes take meanwhile. */
  const size_t warm_bytes = length_bytes + length_bytes / 4;
  char *memory = fresh_memory(warm_bytes);
  for (size_t offset = 0; offset < warm_bytes; offset += PAGE_BYTES) {
    *(volatile char *)(memory + offset) = 1;
  }
  if (munmap(memory, warm_bytes) != 0) fail_errno("munmap");
}
