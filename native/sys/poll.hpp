#pragma once

#include <cstdint>
#include <span>

#include "sys/descriptor.hpp"
#include "sys/result.hpp"

namespace pagerd::sys {

struct Ready {
  std::uint64_t token;
  bool is_readable;
  bool is_broken;  // EPOLLERR or EPOLLHUP
};

// One epoll set, level-triggered: whoever loses the race for an event reads EAGAIN.
class Epoll {
 public:
  static Result<Epoll> create();

  // Any thread may change the set while its owner waits. What was added already stays as it is.
  Status add(const Descriptor &watched, std::uint64_t token);
  void remove(const Descriptor &watched);

  // Waits without limit for at least one; returns how many of `ready` were filled.
  std::size_t wait(std::span<Ready> ready) { return wait(ready, -1); }
  // The same without waiting.
  std::size_t look(std::span<Ready> ready) { return wait(ready, 0); }

 private:
  explicit Epoll(Descriptor set) : set_(std::move(set)) {}
  std::size_t wait(std::span<Ready> ready, int timeout_ms);
  Descriptor set_;
};

// A counter that another thread raises to make an epoll set return.
class Wakeup {
 public:
  static Result<Wakeup> create();
  const Descriptor &descriptor() const { return event_; }
  void raise();
  void clear();

 private:
  explicit Wakeup(Descriptor event) : event_(std::move(event)) {}
  Descriptor event_;
};

// Readable once its deadline (CLOCK_MONOTONIC) has passed. Any thread may set it.
class Timer {
 public:
  static Result<Timer> create();
  const Descriptor &descriptor() const { return timer_; }
  void set(std::uint64_t deadline_ns);
  void clear();

 private:
  explicit Timer(Descriptor timer) : timer_(std::move(timer)) {}
  Descriptor timer_;
};

}  // namespace pagerd::sys
