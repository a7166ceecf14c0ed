/*
 * Locks all of its memory, as real-time programs do, and maps and attaches an image then:
 * locked_memory SOCKET IMAGE FILE MODE. The kernel fills locked memory the moment it is mapped.
 * MODE is that of the mapped region; attached memory is locked already, and takes copies only.
 */
#define _GNU_SOURCE
#include <pagerd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { file_bytes_max = 1 << 20 };

static unsigned char bytes[file_bytes_max];

static int is_file(pagerd_region *region, size_t length) {
  return memcmp(pagerd_address(region), bytes, length) == 0;
}

int main(int argc, char **argv) {
  FILE *file = argc == 5 ? fopen(argv[3], "rb") : NULL;
  if (file == NULL) return 2;
  size_t length = fread(bytes, 1, file_bytes_max, file);
  if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) return 3;

  pagerd_client *client = pagerd_connect(argv[1]);
  void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const struct pagerd_map_options options = {.mode = (enum pagerd_mode)atoi(argv[4])};
  pagerd_region *mapped = client ? pagerd_map(client, argv[2], &options) : NULL;
  pagerd_region *attached = mapped ? pagerd_attach(client, memory, length, argv[2], NULL) : NULL;
  if (attached == NULL) return fputs(pagerd_error(), stdout), 4;
  int is_mapped = is_file(mapped, length);
  int is_attached = is_file(attached, length);
  memset(memory, 0, length);
  memset(pagerd_address(mapped), 0, length);
  int is_reset = pagerd_reset(attached) == 0 && is_file(attached, length) &&
                 pagerd_reset(mapped) == 0 && is_file(mapped, length);
  int is_copied = pagerd_region_mode(attached) == PAGERD_MODE_COPY;
  printf("mapped %d attached %d copied %d reset %d\n", is_mapped, is_attached, is_copied, is_reset);
  pagerd_disconnect(client);
  return 0;
}
