#include "test/vmm/program/handshake.h"

#include <inttypes.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "test/vmm/program/answer.h"
#include "test/vmm/program/memory.h"

enum { text_bytes_max = 4096, taken_polls_max = 5000, chatter_wait_ms = 500 };

static char text[text_bytes_max];
static int kept = -1; /* the connection, where this VMM keeps it */

/* "page_size_kib" holds bytes: the name is Firecracker's old mistake, and kept by all. */
static size_t write_region(char *at, size_t room, enum handshake handshake,
                           const struct region *region) {
  char pages[128] = "";
  if (handshake == handshake_1_7) {
    snprintf(pages, sizeof pages, ",\"page_size_kib\":%" PRIu64, memory.page_bytes);
  } else if (handshake == handshake_nydus_object) {
    snprintf(pages, sizeof pages, ",\"page_size\":%" PRIu64 ",\"prot\":%d,\"flags\":%d",
             memory.page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  } else if (handshake != handshake_1_1) {
    snprintf(pages, sizeof pages, ",\"page_size\":%" PRIu64 ",\"page_size_kib\":%" PRIu64,
             memory.page_bytes, memory.page_bytes);
  }
  return (size_t)snprintf(at, room,
                          "{\"base_host_virt_addr\":%" PRIuPTR ",\"size\":%" PRIu64
                          ",\"offset\":%" PRIu64 "%s}",
                          (uintptr_t)region->host, region->size_bytes, region->offset_bytes, pages);
}

static void write_text(enum handshake handshake) {
  const int is_object = handshake == handshake_nydus_object;
  size_t length = (size_t)sprintf(text, is_object ? "{\"type\":0,\"regions\":[" : "[");
  for (int i = 0; i < memory.count; i++) {
    if (i > 0) text[length++] = ',';
    length += write_region(text + length, sizeof text - length, handshake, &memory.regions[i]);
  }
  sprintf(text + length, is_object ? "],\"policy\":1,\"enable_prefault\":false}" : "]");
}

static int connect_once(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) die("the socket's path is too long: %s", path);
  strcpy(address.sun_path, path);
  const int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection < 0) die_errno("socket");
  if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0) die_errno("connect");
  return connection;
}

/* The message's first part carries the descriptor. */
static void send_first(int connection, size_t length) {
  struct iovec part = {text, length};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control = {.bytes = {0}};
  struct msghdr message = {
      .msg_iov = &part,
      .msg_iovlen = 1,
      .msg_control = control.bytes,
      .msg_controllen = sizeof control.bytes,
  };
  struct cmsghdr *descriptor = CMSG_FIRSTHDR(&message);
  descriptor->cmsg_level = SOL_SOCKET;
  descriptor->cmsg_type = SCM_RIGHTS;
  descriptor->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(descriptor), &memory.userfault, sizeof(int));
  if (sendmsg(connection, &message, MSG_NOSIGNAL) != (ssize_t)length) die_errno("sendmsg");
}

/* Waits until what was sent has been read, so that the next part is a read of its own. Gives up
   after five seconds: a manager that does not read is not the VMM's to judge. */
static void wait_until_taken(int connection) {
  for (int i = 0; i < taken_polls_max; i++) {
    int unread = 0;
    if (ioctl(connection, SIOCOUTQ, &unread) != 0 || unread == 0) return;
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
}

const char *handshake_send(const struct options *options) {
  write_text(options->handshake);
  const size_t length = strlen(text);
  const size_t part = length / (size_t)options->writes;
  const int connection = connect_once(options->socket);
  send_first(connection, options->writes == 1 ? length : part);
  for (int i = 1; i < options->writes; i++) {
    const size_t start = part * (size_t)i;
    const size_t rest = i == options->writes - 1 ? length - start : part;
    wait_until_taken(connection);
    if (send(connection, text + start, rest, MSG_NOSIGNAL) != (ssize_t)rest) die_errno("send");
  }
  /* From 1.12 on the socket lives as long as the VM: nobody closes it, nor reads from it. */
  if (options->handshake == handshake_1_1 || options->handshake == handshake_1_7) {
    close(connection);
  } else {
    kept = connection;
  }
  return text;
}

uint64_t handshake_chatter(uint64_t bytes) {
  static const char words[1 << 16];
  struct pollfd room = {.fd = kept, .events = POLLOUT};
  uint64_t sent = 0;
  while (sent < bytes && poll(&room, 1, chatter_wait_ms) == 1) {
    const ssize_t taken = send(kept, words, sizeof words, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken < 0) break;
    sent += (uint64_t)taken;
  }
  return sent;
}
