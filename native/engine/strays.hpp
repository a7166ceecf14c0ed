#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

namespace pagerd::engine {

// Faults of one address space that were read and that nothing of ours can end: in registered memory
// that no region covers, or of a kind the region was not made for. They are their client's own
// doing, and remembered only to tell them from faults that we forgot.
class Strays {
 public:
  void note(std::uint64_t address);
  // A region has come there: they were woken, and are ordinary faults from here on.
  void forget(std::uint64_t start, std::uint64_t end);

  bool any() const { return has_any_.load(std::memory_order_relaxed); }

 private:
  std::mutex mutex_;
  std::vector<std::uint64_t> addresses_;
  bool has_more_ = false;  // than fit: from then on there are always some
  std::atomic<bool> has_any_{false};
};

}  // namespace pagerd::engine
