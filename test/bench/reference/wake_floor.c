/*
 * wake_floor: the round trip between two threads through two eventfds, each blocking in read. A
 * fault is such a round trip with an ioctl in its middle, so this says what the machine's wake-ups
 * allow.
 *
 *   wake_floor --rounds N [--cpu N] [--other-cpu N]
 */
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "measuring/arguments.h"
#include "measuring/placement.h"
#include "measuring/report.h"
#include "measuring/samples.h"

/* The thread that answers. Lives until the process ends. */
struct echo {
  int asked;
  int answered;
  int cpu;
};

static void signal_event(int event) {
  const uint64_t one = 1;
  if (write(event, &one, sizeof(one)) != sizeof(one)) fail_errno("write of an eventfd");
}

static void await_event(int event) {
  uint64_t value;
  if (read(event, &value, sizeof(value)) != sizeof(value)) fail_errno("read of an eventfd");
}

static void *answer(void *argument) {
  const struct echo *echo = argument;
  pin_to_cpu(echo->cpu);
  for (;;) {
    await_event(echo->asked);
    signal_event(echo->answered);
  }
  return NULL;
}

int main(int count, char **values) {
  const struct arguments arguments = {count, values};
  const size_t rounds = (size_t)argument_number(&arguments, "rounds", 20000);
  struct echo echo = {
      .asked = eventfd(0, EFD_CLOEXEC),
      .answered = eventfd(0, EFD_CLOEXEC),
      .cpu = (int)argument_number(&arguments, "other-cpu", CPU_ANY),
  };
  if (echo.asked < 0 || echo.answered < 0) fail_errno("eventfd");
  pthread_t thread;
  if (pthread_create(&thread, NULL, answer, &echo) != 0) fail("no thread");
  pin_to_cpu((int)argument_number(&arguments, "cpu", CPU_ANY));

  struct samples samples = samples_create(rounds);
  for (size_t i = 0; i < rounds; i++) {
    const uint64_t before_ns = now_ns();
    signal_event(echo.asked);
    await_event(echo.answered);
    samples_add(&samples, now_ns() - before_ns);
  }

  report_open();
  report_number("rounds", (double)rounds);
  samples_report(&samples, "");
  report_close();
  return 0;
}
