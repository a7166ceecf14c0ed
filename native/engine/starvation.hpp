#pragma once

#include <atomic>
#include <cstdint>

namespace pagerd::engine {

// An address space that has no memory left for pages: its control group is at its limit, for one.
// Every try costs the kernel a search for memory to free, on the thread that tries. So after one
// that failed nobody tries for a while, longer from time to time, and all its faults wait; other
// spaces are served meanwhile. Any thread.
class Starvation {
 public:
  // Whether faults of the space are to wait, because the last try has failed just now.
  bool is_resting() const {
    return until_ns_.load(std::memory_order_relaxed) != 0 && is_before_end();
  }
  // Returns whether this is the first failure since an install went well.
  bool note_failure();
  // Cheap where nothing was wrong: this is said after every install.
  void note_success() {
    if (until_ns_.load(std::memory_order_relaxed) != 0) recover();
  }
  std::uint64_t until_ns() const { return until_ns_.load(std::memory_order_relaxed); }

 private:
  bool is_before_end() const;
  void recover();

  std::atomic<std::uint64_t> until_ns_{0};  // 0: no failure since the last success
  std::atomic<std::uint32_t> failures_{0};
};

}  // namespace pagerd::engine
