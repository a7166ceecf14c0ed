#pragma once

#include <atomic>
#include <mutex>
#include <vector>

#include "sys/descriptor.hpp"

namespace pagerd::engine {

// Descriptors of children that are not served. Whoever forks puts them in, on any fault thread.
class KeptChildren {
 public:
  ~KeptChildren();

  // False when children_kept_max are there of which the process still lives.
  bool keep(sys::Descriptor uffd);
  // Drops those of which the process is gone. Looks at each as long as its process likes.
  void drop_gone();
  std::size_t count() const { return count_.load(); }
  // From here on what is kept stays open beyond our end: a keeper has it (sys/keeper.hpp).
  void leave() { is_left_.store(true); }
  bool is_left() const { return is_left_.load(); }

 private:
  std::atomic<bool> is_left_{false};
  std::atomic<std::size_t> count_{0};
  std::mutex mutex_;
  std::vector<sys::Descriptor> kept_;
};

}  // namespace pagerd::engine
