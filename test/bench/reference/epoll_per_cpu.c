/*
 * epoll_per_cpu: the arrangement that pagerd's engine is built on, in its barest form. Another
 * process serves the userfaultfd from one thread pinned to each CPU, the descriptor in every
 * thread's epoll set, level-triggered and without EPOLLEXCLUSIVE: the thread on the faulting CPU
 * wins, the others read EAGAIN. A yardstick for the engine, and no target of its own.
 *
 *   epoll_per_cpu --bytes N [--threads N] [--window-bytes N] [touch options]
 */
#include <unistd.h>

#include "measuring/serving_process.h"
#include "measuring/touch.h"

int main(int count, char **values) {
  const struct arguments arguments = {count, values};
  const struct serving_plan serving = {
      .length_bytes = (size_t)argument_number(&arguments, "bytes", 64 << 20),
      .window_bytes = (size_t)argument_number(&arguments, "window-bytes", PAGE_BYTES),
      .threads = (int)argument_number(&arguments, "threads", sysconf(_SC_NPROCESSORS_ONLN)),
      .first_cpu = 0,
  };
  char *memory = start_serving_process(&serving);
  const struct touch_plan plan = touch_plan_from(&arguments, memory, serving.length_bytes);
  touch_and_report(&plan, CONTENT_PATTERN);
  return 0;
}
