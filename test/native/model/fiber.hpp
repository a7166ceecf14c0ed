#pragma once

#include <setjmp.h>

#include <functional>
#include <memory>
#include <string>

namespace pagerd::model {

// What a fiber stands for decides where another may go on in its stead.
enum class Role {
  client,   // a thread of a client: it may be overtaken at each of its steps
  control,  // the control plane: each turn of its own is one step
  engine,   // a thread of the engine: overtaking it in a system call is counted
};

// A thread of the model: one stack, switched by hand, so that only one runs at a time and the model
// says which. A fiber whose body has ended is used again for the next.
class Fiber {
 public:
  Fiber();
  ~Fiber();
  Fiber(const Fiber &) = delete;
  Fiber &operator=(const Fiber &) = delete;

  // Goes on in it until it comes back by leave(). From the main stack only.
  void enter();
  // Back to the main stack. From the fiber's own only.
  void leave();

  std::string name;
  Role role = Role::client;
  std::function<void()> body;
  // Whether it could go on. Empty: it waits for nothing.
  std::function<bool()> is_ready;
  bool is_over = false;
  // A lock that it found taken by try_lock(): until it is free, trying again is in vain.
  const void *shunned = nullptr;

 private:
  static void start();

  void *stack_;
  bool has_started_ = false;
  jmp_buf inside_;
  jmp_buf outside_;
};

}  // namespace pagerd::model
