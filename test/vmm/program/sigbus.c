/* A poisoned page is SIGBUS, to a thread that touches it itself and to one inside KVM_RUN. */
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "test/vmm/program/answer.h"
#include "test/vmm/program/vcpu.h"

static _Thread_local sigjmp_buf before_touch;
static _Thread_local volatile sig_atomic_t is_touching, was_hit;

static void on_sigbus(int number) {
  (void)number;
  if (is_touching) siglongjmp(before_touch, 1);
  /* In KVM_RUN: the kernel makes it return with EINTR. */
  was_hit = 1;
}

void catch_sigbus(void) {
  struct sigaction action = {.sa_handler = on_sigbus};
  if (sigaction(SIGBUS, &action, NULL) != 0) die_errno("sigaction");
}

bool take_sigbus(void) {
  const bool hit = was_hit != 0;
  was_hit = 0;
  return hit;
}

bool copy_guarded(void *to, const void *from, uint64_t length_bytes) {
  if (sigsetjmp(before_touch, 1) != 0) {
    is_touching = 0;
    return false;
  }
  is_touching = 1;
  memcpy(to, from, length_bytes);
  is_touching = 0;
  return true;
}
