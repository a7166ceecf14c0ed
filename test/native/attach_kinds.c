/*
 * Attaches an image, with mode auto, to memory of several kinds: attach_kinds SOCKET IMAGE. Prints
 * for each which mode was taken and why, or the failure.
 */
#define _GNU_SOURCE
#include <pagerd.h>
#include <stdio.h>
#include <sys/mman.h>

static const char *const mode_names[] = {"auto", "copy", "share", "cow"};

static void attach(pagerd_client *client, const char *image, const char *kind, void *memory,
                   size_t length) {
  pagerd_region *region = pagerd_attach(client, memory, length, image, NULL);
  if (region == NULL) {
    printf("%s: %s\n", kind, pagerd_error_code());
    return;
  }
  printf("%s: %s: %s\n", kind, mode_names[pagerd_region_mode(region)], pagerd_region_why(region));
}

static void *map(size_t length, int access, int flags) {
  return mmap(NULL, length, access, MAP_ANONYMOUS | flags, -1, 0);
}

int main(int argc, char **argv) {
  pagerd_client *client = argc == 3 ? pagerd_connect(argv[1]) : NULL;
  pagerd_region *model = client ? pagerd_map(client, argv[2], NULL) : NULL;
  if (model == NULL) return puts(pagerd_error()), 1;
  const size_t length = pagerd_length_bytes(model);
  const int all = PROT_READ | PROT_WRITE;
  char *locked = map(length, all, MAP_PRIVATE);
  char *closed = map(length, all, MAP_PRIVATE);
  char *holey = map(length, all, MAP_PRIVATE);
  if (mlock(locked + length / 2, 4096) != 0) return 2;
  mprotect(closed + length / 2, 4096, PROT_READ);
  munmap(holey + length / 2, 4096);

  attach(client, argv[2], "plain", map(length, all, MAP_PRIVATE), length);
  attach(client, argv[2], "locked", locked, length);
  attach(client, argv[2], "closed", closed, length);
  attach(client, argv[2], "shared", map(length, all, MAP_SHARED), length);
  attach(client, argv[2], "holey", holey, length);
  pagerd_disconnect(client);
  return 0;
}
