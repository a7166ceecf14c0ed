/*
 * A slot of a runtime that serves one tenant after another: reset_slot SOCKET IMAGE MODE PAGES.
 * Grows the heap, writes so many pages and the heap, resets, and says "begin" and "end" around each
 * of the resets by calls that a trace shows. A rehearsal comes first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pagerd.h"

enum { page_bytes = 4096, heap_bytes = 16 * page_bytes, reserve_bytes = 1024 * page_bytes };

static void require(int holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "%s: %s\n", what, pagerd_error());
  exit(1);
}

/* A system call that nothing else here makes. */
static void mark(const char *place) { require(access(place, F_OK) != 0, place); }

static int is_zero(const unsigned char *bytes, size_t length) {
  for (size_t at = 0; at < length; at++)
    if (bytes[at] != 0) return 0;
  return 1;
}

static void serve_tenant(pagerd_region *region, const unsigned char *model, size_t pages) {
  const size_t image_bytes = pagerd_length_bytes(region);
  unsigned char *memory = pagerd_address(region);
  require(pagerd_grow(region, image_bytes + heap_bytes) == 0, "pagerd_grow");
  require(pagerd_length_bytes(region) == image_bytes + heap_bytes, "the grown length");
  require(is_zero(memory + image_bytes, heap_bytes), "a heap of zeros");
  memset(memory, 0xaa, pages * page_bytes);
  memset(memory + image_bytes, 0xbb, heap_bytes);

  mark("/begin");
  const int status = pagerd_reset(region);
  mark("/end");

  require(status == 0, "pagerd_reset");
  require(pagerd_length_bytes(region) == image_bytes, "the length after the reset");
  require(memcmp(memory, model, image_bytes) == 0, "the image's bytes");
}

int main(int count, char **words) {
  require(count == 5, "usage: reset_slot SOCKET IMAGE MODE PAGES");
  struct pagerd_map_options options;
  memset(&options, 0, sizeof options);
  pagerd_client *client = pagerd_connect(words[1]);
  require(client != NULL, "pagerd_connect");
  require(pagerd_load(client, words[2]) == 0, "pagerd_load");
  pagerd_region *model = pagerd_map(client, words[2], &options);
  options.mode = (enum pagerd_mode)atoi(words[3]);
  options.reserve_bytes = reserve_bytes;
  pagerd_region *region = pagerd_map(client, words[2], &options);
  require(model != NULL && region != NULL, "pagerd_map");
  for (int tenant = 0; tenant < 2; tenant++)
    serve_tenant(region, pagerd_address(model), strtoul(words[4], NULL, 0));
  pagerd_disconnect(client);
  return 0;
}
