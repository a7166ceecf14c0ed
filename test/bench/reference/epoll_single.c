/*
 * epoll_single: how nearly everybody writes it. Another process receives the userfaultfd over
 * SCM_RIGHTS and serves it from one thread with epoll, pinned nowhere (or to --serving-cpu), 4 KiB
 * at a time.
 *
 *   epoll_single --bytes N [--serving-cpu N] [touch options]
 */
#include "measuring/placement.h"
#include "measuring/serving_process.h"
#include "measuring/touch.h"

int main(int count, char **values) {
  const struct arguments arguments = {count, values};
  const struct serving_plan serving = {
      .length_bytes = (size_t)argument_number(&arguments, "bytes", 64 << 20),
      .window_bytes = PAGE_BYTES,
      .threads = 1,
      .first_cpu = (int)argument_number(&arguments, "serving-cpu", CPU_ANY),
  };
  char *memory = start_serving_process(&serving);
  const struct touch_plan plan = touch_plan_from(&arguments, memory, serving.length_bytes);
  touch_and_report(&plan, CONTENT_PATTERN);
  return 0;
}
