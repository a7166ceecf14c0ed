/*
 * Takes one VM's message as it came, read for read, and says what it was made of.
 *
 *   handshake_recorder PATH
 *
 * One line of JSON for each read: its bytes, how many descriptors came with it, and of the first
 * what the kernel knows: whether it blocks, and the userfaultfd's features. An empty read is the
 * end of the connection. A line on standard input asks whether more came; the end of it ends all.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { part_bytes_max = 1 << 16, descriptors_max = 8 };

static int accept_one(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int bound = bind(listener, (struct sockaddr *)&address, sizeof address);
  if (bound != 0 || listen(listener, 1) != 0) {
    perror(path);
    exit(1);
  }
  puts("{\"state\":\"ready\"}");
  fflush(stdout);
  return accept(listener, NULL, NULL);
}

/* "API:  aa:features:all of them", in hexadecimal. */
static uint64_t features_of(int descriptor) {
  char path[64], line[128];
  uint64_t features = 0;
  snprintf(path, sizeof path, "/proc/self/fdinfo/%d", descriptor);
  FILE *lines = fopen(path, "r");
  while (lines && fgets(line, sizeof line, lines)) sscanf(line, "API: aa:%" SCNx64, &features);
  if (lines) fclose(lines);
  /* The kernel's own mark that UFFDIO_API has been called. */
  return features & ~(UINT64_C(1) << 31);
}

static void tell_descriptor(int descriptor) {
  char path[64], target[64] = "";
  snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
  const ssize_t length = readlink(path, target, sizeof target - 1);
  if (length < 0) perror(path);
  const int flags = fcntl(descriptor, F_GETFL);
  printf(",\"is\":\"%s\",\"nonblocking\":%s,\"features\":%" PRIu64, target,
         flags & O_NONBLOCK ? "true" : "false", features_of(descriptor));
}

/* In hexadecimal, so that every byte is seen. */
static void tell_bytes(const unsigned char *bytes, size_t length) {
  fputs("{\"bytes\":\"", stdout);
  for (size_t i = 0; i < length; i++) printf("%02x", bytes[i]);
  putchar('"');
}

static size_t tell_read(int connection) {
  static unsigned char bytes[part_bytes_max];
  struct iovec part = {bytes, sizeof bytes};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(descriptors_max * sizeof(int))];
  } control;
  struct msghdr message = {
      .msg_iov = &part,
      .msg_iovlen = 1,
      .msg_control = control.bytes,
      .msg_controllen = sizeof control.bytes,
  };
  const ssize_t length = recvmsg(connection, &message, 0);
  if (length < 0) exit(1);
  tell_bytes(bytes, (size_t)length);
  const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  int descriptors[descriptors_max], count = 0;
  if (header && header->cmsg_type == SCM_RIGHTS) {
    count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(descriptors, CMSG_DATA(header), (size_t)count * sizeof(int));
  }
  printf(",\"descriptors\":%d", count);
  if (count > 0) tell_descriptor(descriptors[0]);
  puts("}");
  fflush(stdout);
  return (size_t)length;
}

int main(int count, char **values) {
  if (count != 2) return 2;
  const int connection = accept_one(values[1]);
  struct pollfd waits[] = {{.fd = connection, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
  for (;;) {
    if (poll(waits, 2, -1) < 0) continue;
    if (waits[0].revents && tell_read(connection) == 0) waits[0].fd = -1;
    if (waits[1].revents == 0 || waits[0].revents) continue;
    char line[64];
    if (read(0, line, sizeof line) <= 0) return 0;
    puts("{\"state\":\"no more\"}");
    fflush(stdout);
  }
}
