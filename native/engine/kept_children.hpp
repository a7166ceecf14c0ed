#pragma once

#include <mutex>
#include <vector>

#include "sys/descriptor.hpp"

namespace pagerd::engine {

// Descriptors of children that are not served. Whoever forks puts them in, on any fault thread.
class KeptChildren {
 public:
  // False when children_kept_max are there of which the process still lives.
  bool keep(sys::Descriptor uffd);

 private:
  std::mutex mutex_;
  std::vector<sys::Descriptor> kept_;
};

}  // namespace pagerd::engine
