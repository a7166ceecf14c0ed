#include "serving_process.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arguments.h"
#include "descriptor_passing.h"
#include "pattern.h"
#include "placement.h"
#include "userfault.h"

/* What a client says of itself along with its descriptor. */
struct introduction {
  uint64_t memory;
};

/* One fault thread of the serving process. Lives until that process ends. */
struct serving_thread {
  const struct serving_plan *plan;
  int cpu;
  int uffd;
  uint64_t memory;
  const char *source;
};

static bool install_window(const struct serving_thread *thread, uint64_t address) {
  const uint64_t offset = address - thread->memory;
  const size_t window_bytes = thread->plan->window_bytes;
  const uint64_t start = offset & ~(uint64_t)(window_bytes - 1);
  const size_t rest_bytes = thread->plan->length_bytes - start;
  return uffd_copy(thread->uffd, thread->memory + start, thread->source + start,
                   rest_bytes < window_bytes ? rest_bytes : window_bytes);
}

static void *serve_faults(void *argument) {
  const struct serving_thread *thread = argument;
  pin_to_cpu(thread->cpu);
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN};
  if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, thread->uffd, &event) != 0) fail_errno("epoll");
  for (;;) {
    if (epoll_wait(epoll, &event, 1, -1) < 0 && errno != EINTR) fail_errno("epoll_wait");
    uint64_t address;
    while (uffd_read_fault(thread->uffd, &address)) {
      if (!install_window(thread, address)) return NULL;
    }
  }
}

__attribute__((noreturn)) static void serve(const struct serving_plan *plan, int socket) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const char *source = pattern_source(plan->length_bytes);
  struct introduction introduction;
  int uffd = -1;
  receive_descriptor(socket, &introduction, sizeof(introduction), &uffd);
  for (int i = 0; i < plan->threads; i++) {
    static struct serving_thread threads[64];
    if (i == 64) fail("at most 64 serving threads");
    threads[i] = (struct serving_thread){
        .plan = plan,
        .cpu = plan->first_cpu == CPU_ANY ? CPU_ANY : plan->first_cpu + i,
        .uffd = uffd,
        .memory = introduction.memory,
        .source = source,
    };
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve_faults, &threads[i]) != 0) fail("no thread");
  }
  if (write(socket, "", 1) != 1) fail_errno("write");
  char byte;
  while (read(socket, &byte, 1) > 0) continue;
  _exit(0);
}

char *start_serving_process(const struct serving_plan *plan) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) fail_errno("socketpair");
  const pid_t child = fork();
  if (child < 0) fail_errno("fork");
  if (child == 0) {
    close(sockets[0]);
    serve(plan, sockets[1]);
  }
  close(sockets[1]);

  const int uffd = uffd_open(UFFD_NONBLOCKING);
  char *memory = fresh_memory(plan->length_bytes);
  uffd_register_missing(uffd, memory, plan->length_bytes);
  const struct introduction introduction = {.memory = (uintptr_t)memory};
  send_descriptor(sockets[0], &introduction, sizeof(introduction), uffd);
  char ready;
  if (read(sockets[0], &ready, 1) != 1) fail("the serving process ended");
  return memory;
}
