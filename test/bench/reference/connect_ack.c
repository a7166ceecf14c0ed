/*
 * connect_ack: the least that "connect to mapped" can cost. Each cycle makes a userfaultfd, maps
 * and registers memory, connects to another process, sends the descriptor in one packet and waits
 * for a one-byte answer; the other process accepts, receives, answers. No handshake, no parsing, no
 * checks.
 *
 *   connect_ack --cycles N --bytes N
 */
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "measuring/arguments.h"
#include "measuring/descriptor_passing.h"
#include "measuring/report.h"
#include "measuring/samples.h"
#include "measuring/userfault.h"

__attribute__((noreturn)) static void serve(int listener) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;) {
    const int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0) fail_errno("accept4");
    uint64_t address;
    int uffd = -1;
    receive_descriptor(client, &address, sizeof(address), &uffd);
    if (write(client, "", 1) != 1) fail_errno("write");
    char byte;
    while (read(client, &byte, 1) > 0) continue;
    if (uffd >= 0) close(uffd);
    close(client);
  }
}

static socklen_t abstract_address(struct sockaddr_un *address) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  const int length = snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1,
                              "pagerd-bench-%d", (int)getpid());
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

static uint64_t cycle_ns(const struct sockaddr_un *address, socklen_t address_bytes,
                         size_t length_bytes) {
  const uint64_t before_ns = now_ns();
  const int server = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (server < 0) fail_errno("socket");
  if (connect(server, (const struct sockaddr *)address, address_bytes) != 0) fail_errno("connect");
  const int uffd = uffd_open(UFFD_NONBLOCKING);
  char *memory = fresh_memory(length_bytes);
  uffd_register_missing(uffd, memory, length_bytes);
  const uint64_t start = (uintptr_t)memory;
  send_descriptor(server, &start, sizeof(start), uffd);
  char answer;
  if (read(server, &answer, 1) != 1) fail("the other process ended");
  const uint64_t after_ns = now_ns();

  munmap(memory, length_bytes);
  close(uffd);
  close(server);
  return after_ns - before_ns;
}

int main(int count, char **values) {
  const struct arguments arguments = {count, values};
  const size_t cycles = (size_t)argument_number(&arguments, "cycles", 200);
  const size_t length_bytes = (size_t)argument_number(&arguments, "bytes", 64 << 20);
  struct sockaddr_un address;
  const socklen_t address_bytes = abstract_address(&address);
  const int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (listener < 0) fail_errno("socket");
  if (bind(listener, (struct sockaddr *)&address, address_bytes) != 0) fail_errno("bind");
  if (listen(listener, 16) != 0) fail_errno("listen");
  const pid_t child = fork();
  if (child < 0) fail_errno("fork");
  if (child == 0) serve(listener);

  struct samples samples = samples_create(cycles);
  for (size_t i = 0; i < cycles; i++) {
    samples_add(&samples, cycle_ns(&address, address_bytes, length_bytes));
  }

  report_open();
  report_number("cycles", (double)cycles);
  samples_report(&samples, "");
  report_close();
  return 0;
}
