#define _GNU_SOURCE
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "test/chaos/foreign/foreign.h"

static void put(struct frame *frame, const void *bytes, size_t length) {
  memcpy(frame->bytes + frame->length, bytes, length);
  frame->length += length;
}

static void put_byte(struct frame *frame, int byte) {
  frame->bytes[frame->length++] = (unsigned char)byte;
}

static void put_text(struct frame *frame, const char *text) {
  put_byte(frame, 0xd9);
  put_byte(frame, (int)strlen(text));
  put(frame, text, strlen(text));
}

void frame_begin(struct frame *frame, int fields) {
  frame->length = 0;
  put_byte(frame, 0x80 | fields);
}

void frame_text(struct frame *frame, const char *name, const char *value) {
  put_text(frame, name);
  put_text(frame, value);
}

void frame_number(struct frame *frame, const char *name, uint64_t value) {
  put_text(frame, name);
  put_byte(frame, 0xcf);
  for (int shift = 56; shift >= 0; shift -= 8) put_byte(frame, (int)(value >> shift & 0xff));
}

void frame_false(struct frame *frame, const char *name) {
  put_text(frame, name);
  put_byte(frame, 0xc2);
}

int frame_exchange(int connection, const struct frame *frame, int descriptor,
                   struct frame *answer) {
  struct iovec content = {(void *)frame->bytes, frame->length};
  union {
    char room[CMSG_SPACE(sizeof(int))];
    struct cmsghdr header;
  } control;
  struct msghdr message = {.msg_iov = &content, .msg_iovlen = 1};
  if (descriptor >= 0) {
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
  }
  if (sendmsg(connection, &message, MSG_NOSIGNAL) < 0) return -1;
  const ssize_t length = recv(connection, answer->bytes, sizeof answer->bytes, 0);
  answer->length = length > 0 ? (size_t)length : 0;
  return length > 0 ? 0 : -1;
}

int frame_has(const struct frame *frame, const char *text) {
  return memmem(frame->bytes, frame->length, text, strlen(text)) != NULL;
}
