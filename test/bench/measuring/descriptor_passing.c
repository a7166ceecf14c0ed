#include "descriptor_passing.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "arguments.h"

union control {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(int))];
};

void send_descriptor(int socket, const void *packet, size_t length_bytes, int descriptor) {
  union control control = {0};
  struct iovec part = {.iov_base = (void *)packet, .iov_len = length_bytes};
  struct msghdr message = {.msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = control.bytes,
                           .msg_controllen = sizeof(control.bytes)};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
  if (sendmsg(socket, &message, MSG_NOSIGNAL) < 0) fail_errno("sendmsg");
}

size_t receive_descriptor(int socket, void *packet, size_t length_bytes, int *descriptor) {
  union control control = {0};
  struct iovec part = {.iov_base = packet, .iov_len = length_bytes};
  struct msghdr message = {.msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = control.bytes,
                           .msg_controllen = sizeof(control.bytes)};
  const ssize_t received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (received < 0) fail_errno("recvmsg");
  *descriptor = -1;
  const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header != NULL && header->cmsg_type == SCM_RIGHTS) {
    memcpy(descriptor, CMSG_DATA(header), sizeof(int));
  }
  return (size_t)received;
}
