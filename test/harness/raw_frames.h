/* The native protocol for clients that speak it by themselves: one request, one answer. What goes
   wrong is told on stdout, as the answer to an order of theirs: "error WORDS". */
#ifndef PAGERD_HARNESS_RAW_FRAMES_H
#define PAGERD_HARNESS_RAW_FRAMES_H

#ifndef _GNU_SOURCE
#error "memmem() is wanted: define _GNU_SOURCE before the first header"
#endif
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { frame_bytes_max = 1024 };

/* A msgpack map in the making. */
struct frame {
  unsigned char bytes[frame_bytes_max];
  size_t length;
};

static inline void put(struct frame *frame, const void *bytes, size_t length) {
  if (frame->length + length > sizeof frame->bytes) abort();
  memcpy(frame->bytes + frame->length, bytes, length);
  frame->length += length;
}

static inline void put_text(struct frame *frame, const char *text) {
  const unsigned char head[] = {0xd9, (unsigned char)strlen(text)};
  put(frame, head, sizeof head);
  put(frame, text, strlen(text));
}

static inline void put_field(struct frame *frame, const char *field, const char *text) {
  put_text(frame, field);
  put_text(frame, text);
}

static inline void put_number(struct frame *frame, const char *field, uint64_t number) {
  unsigned char bytes[9] = {0xcf};
  for (int i = 0; i < 8; i++) bytes[1 + i] = (unsigned char)(number >> (56 - 8 * i));
  put_text(frame, field);
  put(frame, bytes, sizeof bytes);
}

static inline void put_false(struct frame *frame, const char *field) {
  const unsigned char no = 0xc2;
  put_text(frame, field);
  put(frame, &no, 1);
}

/* `fields`: how many there will be, the type included. */
static inline struct frame begin(const char *type, unsigned char fields) {
  struct frame frame = {.length = 0};
  const unsigned char head = 0x80 | fields;
  put(&frame, &head, 1);
  put_field(&frame, "type", type);
  return frame;
}

static inline int fail(const char *call) {
  printf("error %s: %s\n", call, strerror(errno));
  return -1;
}

/* Sends it, with the descriptor unless that is -1. */
static inline int post(int connection, const struct frame *frame, int descriptor) {
  struct iovec part = {(void *)frame->bytes, frame->length};
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
  if (descriptor >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
    *rights = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
  }
  return sendmsg(connection, &header, MSG_NOSIGNAL) < 0 ? fail("sendmsg") : 0;
}

/* The next frame, its length; -1 at the connection's end. */
static inline ssize_t take(int connection, char answer[frame_bytes_max]) {
  const ssize_t length = recv(connection, answer, frame_bytes_max, 0);
  if (length <= 0) return puts("error the manager has closed the connection"), -1;
  return length;
}

/* Sends it, and waits for what the manager answers. 0 when that holds `wanted`; else -1, and the
   answer's printable bytes are told, or the connection's end. */
static inline int exchange(int connection, const struct frame *frame, int descriptor,
                           const char *wanted) {
  char answer[frame_bytes_max];
  if (post(connection, frame, descriptor) < 0) return -1;
  const ssize_t length = take(connection, answer);
  if (length < 0) return -1;
  if (memmem(answer, (size_t)length, wanted, strlen(wanted))) return 0;
  for (ssize_t i = 0; i < length; i++)
    if (answer[i] < ' ' || answer[i] > '~') answer[i] = ' ';
  printf("error %.*s\n", (int)length, answer);
  return -1;
}

/* A connection to the manager there that has said hello under this name; -1 when it has told what
   went wrong. */
static inline int greet(const char *path, const char *client) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  const int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (connect(connection, (struct sockaddr *)&address, sizeof address) < 0) return fail("connect");
  struct frame hello = begin("hello", 4);
  put_number(&hello, "version", 1);
  put_field(&hello, "client", client);
  put_false(&hello, "want_device");
  return exchange(connection, &hello, -1, "welcome") < 0 ? -1 : connection;
}

#endif
