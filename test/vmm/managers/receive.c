#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "test/vmm/managers/session.h"

struct image open_image(const char *path) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) fail(path);
  void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
  if (bytes == MAP_FAILED) fail(path);
  close(file);
  return (struct image){bytes, (uint64_t)status.st_size};
}

int listen_at(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  unlink(path);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
      listen(listener, 64) != 0) {
    fail(path);
  }
  return listener;
}

/* One read; a descriptor that came with it replaces none that came before. */
static ssize_t receive_part(int connection, char *at, size_t room, int *descriptor) {
  struct iovec part = {at, room};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(4 * sizeof(int))];
  } control;
  struct msghdr message = {
      .msg_iov = &part,
      .msg_iovlen = 1,
      .msg_control = control.bytes,
      .msg_controllen = sizeof control.bytes,
  };
  const ssize_t length = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
  struct cmsghdr *header = length >= 0 ? CMSG_FIRSTHDR(&message) : NULL;
  if (!header || header->cmsg_type != SCM_RIGHTS) return length;
  const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  int descriptors[4];
  memcpy(descriptors, CMSG_DATA(header), count * sizeof(int));
  for (size_t i = 0; i < count; i++) {
    if (*descriptor >= 0) close(descriptors[i]);
    else *descriptor = descriptors[i];
  }
  return length;
}

static bool accept_regions(struct session *session, const char *text) {
  session->count = read_regions_text(text, session->regions, session_regions_max);
  for (int i = 0; i < session->count; i++) {
    struct served_region *region = &session->regions[i];
    if (region->page_bytes != 4096 && region->page_bytes != huge_page_bytes) return false;
    if (region->start % region->page_bytes || region->size_bytes % region->page_bytes) return false;
    region->removed = calloc(region->size_bytes / region->page_bytes, 1);
    if (!region->removed) return false;
  }
  return session->count > 0 && session->userfault >= 0;
}

static int process_of(int connection) {
  struct ucred peer = {0};
  socklen_t length = sizeof peer;
  if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return -1;
  return (int)syscall(SYS_pidfd_open, peer.pid, 0);
}

bool receive_session(int connection, int reads_max, struct session *session) {
  *session = (struct session){.connection = connection, .userfault = -1};
  session->process = process_of(connection);
  char *text = calloc(1, message_bytes_max + 1);
  if (!text) return false;
  size_t length = 0;
  for (int i = 0; i < reads_max && length < message_bytes_max; i++) {
    const ssize_t part = receive_part(connection, text + length, message_bytes_max - length,
                                      &session->userfault);
    if (part <= 0) break;
    length += (size_t)part;
    if (is_whole_text(text, length)) break;
  }
  /* A VM that is dead already has no process to wait for. */
  const bool is_good =
      session->process >= 0 && is_whole_text(text, length) && accept_regions(session, text);
  free(text);
  if (!is_good) close_session(session);
  return is_good;
}

void close_session(struct session *session) {
  if (session->userfault >= 0) close(session->userfault);
  close(session->connection);
  if (session->process >= 0) close(session->process);
  for (int i = 0; i < session->count; i++) free(session->regions[i].removed);
}

struct served_region *region_of(struct session *session, uint64_t address) {
  for (int i = 0; i < session->count; i++) {
    struct served_region *region = &session->regions[i];
    if (address - region->start < region->size_bytes) return region;
  }
  return NULL;
}
