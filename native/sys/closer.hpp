#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>

namespace pagerd::sys {

// Closes descriptors that came from clients. To close a file of a file system that the client
// serves itself, or a socket that lingers, can take as long as the client likes: so it is done by
// threads for that purpose, started when they are first needed, of which no user holds up more than
// a few. Any thread may call it. Must never be destroyed: its threads may be stuck in the kernel.
class Closer {
 public:
  Closer() = default;
  Closer(const Closer &) = delete;
  Closer &operator=(const Closer &) = delete;

  // Takes the descriptor over. `owner` is the user whose it was.
  void close(int descriptor, uid_t owner);

  // How many of that user's descriptors have not been closed yet.
  std::size_t closing_for(uid_t owner);

 private:
  struct Backlog {
    std::deque<int> waiting;
    std::size_t being_closed = 0;
  };
  using Backlogs = std::map<uid_t, Backlog>;

  void work();
  // Somebody's whose turn it is, or the end. Called with the lock.
  Backlogs::iterator next();

  std::mutex lock_;
  std::condition_variable has_work_;
  Backlogs backlogs_;
  std::size_t threads_ = 0;
  std::size_t idle_threads_ = 0;
};

}  // namespace pagerd::sys
