/*
 * Asks for an image when it may open no further file, and again when it may: no_free_descriptor
 * SOCKET IMAGE. Prints what came of each.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pagerd.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static void allow(rlim_t files, rlim_t most) {
  const struct rlimit limit = {files, most};
  setrlimit(RLIMIT_NOFILE, &limit);
}

/* Descriptors are numbered from the lowest free one on: none is free below the next. */
static rlim_t next_descriptor(void) {
  int next = open("/dev/null", O_RDONLY);
  close(next);
  return (rlim_t)next;
}

int main(int argc, char **argv) {
  pagerd_client *client = argc == 3 ? pagerd_connect(argv[1]) : NULL;
  if (client == NULL) return 1;
  /* The first region takes the client's own descriptors, and its end leaves them. */
  pagerd_region *first = pagerd_map(client, argv[2], NULL);
  if (first == NULL || pagerd_unmap(first) != 0) return 2;
  struct rlimit usual;
  getrlimit(RLIMIT_NOFILE, &usual);

  allow(next_descriptor(), usual.rlim_max);
  pagerd_region *refused = pagerd_map(client, argv[2], NULL);
  printf("%s\n%s\n", refused ? "mapped" : pagerd_error_code(), pagerd_error());
  allow(usual.rlim_cur, usual.rlim_max);
  pagerd_region *mapped = pagerd_map(client, argv[2], NULL);
  printf("%s\n", mapped ? "mapped" : pagerd_error());
  pagerd_disconnect(client);
  return 0;
}
