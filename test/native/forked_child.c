/*
 * Forks from a client and lets the child do what it must not: forked_child SOCKET IMAGE MODE.
 * Prints how each child ended, one a line.
 */
#define _GNU_SOURCE
#include <pagerd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static pagerd_client *client;
static pagerd_region *mapped;
static pagerd_region *attached;
static unsigned char *parting; /* of a region that has ended */

static int read_mapped(void) { return *(volatile unsigned char *)pagerd_address(mapped); }
static int read_attached(void) { return *(volatile unsigned char *)pagerd_address(attached); }
static int read_parting(void) { return *(volatile unsigned char *)parting; }

static int is_forked(int status) {
  return status == -1 && strcmp(pagerd_error_code(), "forked") == 0;
}

static int call_everything(void) {
  char name[8];
  int all = pagerd_map(client, "model", NULL) == NULL && is_forked(-1);
  all = all && is_forked(pagerd_publish(client, "file", 0, name, sizeof(name)));
  all = all && is_forked(pagerd_prefault(mapped, 0, 0)) && is_forked(pagerd_reset(mapped));
  all = all && is_forked(pagerd_unmap(mapped)) && is_forked(pagerd_unmap(attached));
  all = all && is_forked(pagerd_retire(mapped));
  pagerd_disconnect(client);
  return all ? 0 : 1;
}

static void in_child(const char *what, int (*act)(void)) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) _exit(act());
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) printf("%s: signal %s\n", what, sigabbrev_np(WTERMSIG(status)));
  else printf("%s: exit %d\n", what, WEXITSTATUS(status));
}

static void *anonymous(size_t length) {
  return mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int main(int argc, char **argv) {
  if (argc != 4 || (client = pagerd_connect(argv[1])) == NULL) return 2;
  const struct pagerd_map_options options = {.mode = (enum pagerd_mode)atoi(argv[3])};
  mapped = pagerd_map(client, argv[2], &options);
  if (mapped == NULL) return 2;
  size_t length = pagerd_length_bytes(mapped);
  parting = anonymous(length);
  pagerd_region *ended = pagerd_attach(client, parting, length, argv[2], &options);
  attached = pagerd_attach(client, anonymous(length), length, argv[2], &options);
  if (ended == NULL || pagerd_unmap(ended) != 0 || attached == NULL) return 2;

  in_child("mapped", read_mapped);
  in_child("attached", read_attached);
  in_child("ended", read_parting);
  in_child("calls", call_everything);
  /* The child has closed its copies of the descriptors: the parent's session must not mind. */
  printf("parent: %d %d\n", pagerd_prefault(mapped, 0, 0), pagerd_unmap(attached));
  pagerd_disconnect(client);
  return 0;
}
