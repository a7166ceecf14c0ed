#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "test/chaos/foreign/foreign.h"

enum { region_pages_max = 1024 };

static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  const int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (connect(connection, (struct sockaddr *)&address, sizeof address) == 0) return connection;
  close(connection);
  return -1;
}

static int greet(int connection) {
  struct frame hello, answer;
  frame_begin(&hello, 4);
  frame_text(&hello, "type", "hello");
  frame_number(&hello, "version", 1);
  frame_text(&hello, "client", "foreign");
  frame_false(&hello, "want_device");
  return frame_exchange(connection, &hello, -1, &answer) == 0 && frame_has(&answer, "welcome");
}

static int open_userfault(uint64_t features) {
  const int userfault = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
  struct uffdio_api api = {.api = UFFD_API, .features = features};
  if (userfault >= 0 && ioctl(userfault, UFFDIO_API, &api) == 0) return userfault;
  return -1;
}

static int register_memory(const struct foreign_region *region) {
  struct uffdio_register request = {
      .range = {(uintptr_t)region->memory, region->pages * page_bytes},
      .mode = UFFDIO_REGISTER_MODE_MISSING,
  };
  return ioctl(region->userfault, UFFDIO_REGISTER, &request);
}

/* 0; 1 when the manager does not want this userfaultfd; -1 for everything else. */
static int send_map(struct worker *worker, const struct foreign_region *region) {
  struct frame map, answer;
  frame_begin(&map, 8);
  frame_text(&map, "type", "map");
  frame_number(&map, "request", 1);
  frame_text(&map, "image", region->image->name);
  frame_text(&map, "mode", "copy");
  frame_number(&map, "address", (uintptr_t)region->memory);
  frame_number(&map, "length_bytes", region->pages * page_bytes);
  frame_number(&map, "offset_bytes", 0);
  frame_number(&map, "window_bytes", 0);
  if (frame_exchange(region->connection, &map, region->userfault, &answer) < 0) {
    errno_failed(worker, "map");
    return -1;
  }
  if (frame_has(&answer, "mapped")) return 0;
  if (frame_has(&answer, "unsupported_features")) return 1;
  answer.bytes[answer.length < sizeof answer.bytes ? answer.length : answer.length - 1] = 0;
  failed(worker, "map", "refused", (const char *)answer.bytes);
  return -1;
}

int foreign_map(struct worker *worker, struct foreign_region *region, uint64_t features) {
  region->image = &orders.lazy;
  region->pages = region_pages_max;
  if (region->pages > region->image->pages) region->pages = region->image->pages;
  region->connection = connect_to(orders.socket);
  region->userfault = open_userfault(features);
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
  region->memory =
      mmap(NULL, region->pages * page_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (region->connection < 0 || region->userfault < 0 || register_memory(region) < 0 ||
      !greet(region->connection)) {
    errno_failed(worker, "connecting, or making a userfaultfd");
    return -1;
  }
  return send_map(worker, region);
}

/* By then the manager that knew the connection may be long dead. */
void foreign_close(struct foreign_region *region) {
  close(region->connection);
  close(region->userfault);
}
