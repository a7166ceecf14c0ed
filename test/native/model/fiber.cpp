#include "fiber.hpp"

#include <sys/mman.h>
#include <ucontext.h>

#include "failure.hpp"

namespace pagerd::model {

namespace {

constexpr std::size_t stack_bytes = 256 * 1024;

// Given to a fiber that starts: makecontext() passes no pointers.
Fiber *starting = nullptr;

}  // namespace

Fiber::Fiber()
    : stack_(::mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
  if (stack_ == MAP_FAILED) fail("there is no memory for a stack");
}

Fiber::~Fiber() { ::munmap(stack_, stack_bytes); }

// setcontext() makes a system call each time, _longjmp() none: so the former is for the first time.
void Fiber::enter() {
  if (_setjmp(outside_) != 0) return;
  if (has_started_) _longjmp(inside_, 1);
  has_started_ = true;
  starting = this;
  ucontext_t context;
  ::getcontext(&context);
  context.uc_stack.ss_sp = stack_;
  context.uc_stack.ss_size = stack_bytes;
  context.uc_link = nullptr;
  ::makecontext(&context, &Fiber::start, 0);
  ::setcontext(&context);
  fail("a fiber could not be started");
}

void Fiber::leave() {
  if (_setjmp(inside_) == 0) _longjmp(outside_, 1);
}

void Fiber::start() {
  Fiber &self = *starting;
  for (;;) {
    self.body();
    self.body = nullptr;
    self.is_over = true;
    self.leave();
  }
}

}  // namespace pagerd::model
