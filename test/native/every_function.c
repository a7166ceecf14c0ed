/*
 * A plain C program that calls every function of pagerd.h. It is compiled with -std=c11 -pedantic
 * -Werror and linked; run without a manager it takes the calls that need none, and prints why the
 * first one that does has failed.
 */
#include <stdio.h>

#include "pagerd.h"

static int use_region(pagerd_region *region) {
  unsigned char *bytes = pagerd_address(region);
  if (pagerd_prefault(region, 0, 0) != 0 || pagerd_reset(region) != 0) return -1;
  printf("%d bytes: %lu, mode %d, %s\n", bytes[0], (unsigned long)pagerd_length_bytes(region),
         (int)pagerd_region_mode(region), pagerd_region_why(region));
  return 0;
}

static int use_heap(pagerd_client *client, const char *image) {
  struct pagerd_map_options options = {PAGERD_MODE_COPY, 0, 0, 0, PAGERD_ACCESS_PRIVATE, 65536,
                                       PAGERD_ON_DISCARD_ZERO};
  pagerd_region *region = pagerd_map(client, image, &options);
  if (region == NULL || pagerd_grow(region, pagerd_length_bytes(region) + 4096) != 0) return -1;
  return pagerd_unmap(region);
}

static int use_client(pagerd_client *client, void *memory, size_t memory_bytes, int file) {
  struct pagerd_map_options options = {PAGERD_MODE_COPY, 0, 0, 0, PAGERD_ACCESS_PRIVATE, 0,
                                       PAGERD_ON_DISCARD_IMAGE};
  char name[300];
  pagerd_region *mapped;
  pagerd_region *attached;
  if (pagerd_publish(client, "image", file, name, sizeof(name)) != 0) return -1;
  if (pagerd_load(client, name) != 0) return -1;
  mapped = pagerd_map(client, name, &options);
  attached = pagerd_attach(client, memory, memory_bytes, name, NULL);
  if (mapped == NULL || attached == NULL || use_region(mapped) != 0) return -1;
  if (use_heap(client, name) != 0) return -1;
  if (pagerd_unmap(attached) != 0) return -1;
  void *address = pagerd_address(mapped);
  size_t length_bytes = pagerd_length_bytes(mapped);
  if (pagerd_retire(mapped) != 0 || pagerd_release(address, length_bytes) != 0) return -1;
  return pagerd_poisoned(client, name, sizeof(name)) == 0 ? 0 : -1;
}

int main(void) {
  pagerd_client *client = pagerd_connect("/nonexistent/pagerd.sock");
  printf("%s\n%s\n%s\n", pagerd_version(), pagerd_error_code(), pagerd_error());
  if (client == NULL) return 0;
  int status = use_client(client, NULL, 0, -1);
  pagerd_disconnect(client);
  return status == 0 ? 0 : 1;
}
