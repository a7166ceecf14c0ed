#pragma once

#include <pthread.h>

#include "client/failure.hpp"

namespace pagerd::client {

// The process's number, in its own pid namespace.
int process_id();

// One thread of ours in a process of others. It takes no signals: those are for the program's own
// threads, and a signal handler of the program may touch a missing page. It must not be moved or
// freed while it runs; join() first.
class Thread {
 public:
  using Body = void (*)(void *argument);

  Status start(const char *name, Body body, void *argument);
  // Waits for its end; nothing to do when it never ran.
  void join();

 private:
  static void *run(void *thread);

  Body body_ = nullptr;
  void *argument_ = nullptr;
  pthread_t thread_ = {};
  bool is_running_ = false;
};

}  // namespace pagerd::client
