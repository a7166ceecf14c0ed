#pragma once

#include <pthread.h>

#include <functional>
#include <optional>

#include "sys/result.hpp"

namespace pagerd::sys {

// A thread that is joined. Unlike std::thread it says so when there is no room for one.
class JoinedThread {
 public:
  JoinedThread() = default;
  JoinedThread(const JoinedThread &) = delete;
  JoinedThread &operator=(const JoinedThread &) = delete;
  ~JoinedThread() { join(); }

  // Joins what ran before.
  Status start(std::function<void()> body);
  // Nothing where none runs.
  void join();

 private:
  std::optional<pthread_t> thread_;
};

}  // namespace pagerd::sys
