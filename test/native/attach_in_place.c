/*
 * Attaches an image in the middle of memory of its own, and looks at what is mapped there before,
 * meanwhile and afterwards: attach_in_place SOCKET IMAGE MODE. Prints a line for each step.
 */
#define _GNU_SOURCE
#include <pagerd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { page = 4096, margin = 4 * page };

static unsigned char *memory;
static size_t length;

/* Whose bytes the mapping at an address shows, and who may touch it. */
static const char *mapping_at(void *address) {
  static char shown[64];
  FILE *maps = fopen("/proc/self/maps", "re");
  char line[512];
  strcpy(shown, "nothing");
  while (maps && fgets(line, sizeof line, maps)) {
    unsigned long start, end;
    char access[8];
    if (sscanf(line, "%lx-%lx %7s", &start, &end, access) != 3) continue;
    if ((unsigned long)address < start || (unsigned long)address >= end) continue;
    sprintf(shown, "%s %s", access, strstr(line, "/memfd:pagerd-image") ? "image" : "anonymous");
  }
  if (maps) fclose(maps);
  return shown;
}

static int is_all(const unsigned char *from, size_t bytes, int value) {
  for (size_t at = 0; at < bytes; at++)
    if (from[at] != value) return 0;
  return 1;
}

/* The margins on both sides are the program's all the time. */
static void tell(const char *step, int first, int rest) {
  unsigned char *image = memory + margin;
  printf("%s: %s, ", step, mapping_at(image));
  printf("%s, ", is_all(image, page, first) && is_all(image + page, length - page, rest)
                     ? "bytes as wanted" : "wrong bytes");
  printf("%s\n", is_all(memory, margin, 7) && is_all(image + length, margin, 7) ? "margins kept"
                                                                                : "margins lost");
}

static int fail(const char *what) {
  printf("%s: %s %s\n", what, pagerd_error_code(), pagerd_error());
  return 1;
}

/* The image is of 0x5c. */
int main(int argc, char **argv) {
  pagerd_client *client = argc == 4 ? pagerd_connect(argv[1]) : NULL;
  if (client == NULL) return fail("connect");
  struct pagerd_map_options options = {.mode = (enum pagerd_mode)atoi(argv[3])};
  pagerd_region *model = pagerd_map(client, argv[2], &options);
  if (model == NULL) return fail("map");
  length = pagerd_length_bytes(model);
  size_t all = length + 2 * margin;
  memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(memory, 7, all);
  tell("before", 7, 7);

  pagerd_region *region = pagerd_attach(client, memory + margin, length, argv[2], &options);
  if (region == NULL) return fail("attach");
  if (pagerd_address(region) != memory + margin) return fail("address");
  tell("attached", 0x5c, 0x5c);
  memset(memory + margin, 9, page);
  if (pagerd_unmap(region) != 0) return fail("unmap");
  tell("ended", 9, 0x5c);

  region = pagerd_attach(client, memory + margin, length, argv[2], &options);
  if (region == NULL) return fail("attach again");
  memset(memory + margin, 8, page);
  tell("again", 8, 0x5c);
  if (pagerd_retire(region) != 0) return fail("retire");
  printf("retired: %s\n", mapping_at(memory + margin));
  mmap(memory + margin, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
       0);

  region = pagerd_attach(client, memory + margin, length, argv[2], &options);
  if (region == NULL) return fail("attach at last");
  memset(memory + margin, 6, page);
  pagerd_disconnect(client);
  tell("left", 6, 0x5c);
  return 0;
}
