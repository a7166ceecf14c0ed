#include "client/sys_thread.hpp"

#include <signal.h>
#include <unistd.h>

namespace pagerd::client {

namespace {

// What the agent calls is shallow, and its buffers are not on the stack.
constexpr std::size_t stack_bytes = 256 * 1024;

}  // namespace

int process_id() {
  return ::getpid();
}

Status Thread::start(const char *name, Body body, void *argument) {
  body_ = body;
  argument_ = argument;
  pthread_attr_t attributes;
  if (const int error = ::pthread_attr_init(&attributes); error != 0) {
    return system_failure("preparing a thread", error);
  }
  (void)::pthread_attr_setstacksize(&attributes, stack_bytes);
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const int error = ::pthread_create(&thread_, &attributes, &Thread::run, this);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_attr_destroy(&attributes);
  if (error != 0) return system_failure("starting a thread", error);
  is_running_ = true;
  (void)::pthread_setname_np(thread_, name);
  return done();
}

void Thread::join() {
  if (!is_running_) return;
  ::pthread_join(thread_, nullptr);
  is_running_ = false;
}

void *Thread::run(void *thread) {
  auto *self = static_cast<Thread *>(thread);
  self->body_(self->argument_);
  return nullptr;
}

}  // namespace pagerd::client
