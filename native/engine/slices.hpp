#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "engine/address_space.hpp"

namespace pagerd::engine {

// What one fault thread has begun and not ended: faults with large windows, of which it installs a
// slice at a time, and looks for other clients' faults in between. So a storm of large windows
// costs others a slice, and not a window. Each is listed among its space's pending faults. That
// thread's, and of who takes its place.
class Slices {
 public:
  struct Cut {
    std::shared_ptr<AddressSpace> space;
    Fault fault;
  };

  // A fault of that space was read.
  void note_read(SpaceId space, std::uint64_t now_ns);
  // Whether this thread has met another space's faults lately: else nobody gains by slices.
  bool has_others(SpaceId space, std::uint64_t now_ns) const;

  bool is_full() const;
  bool is_empty() const { return count_.load(std::memory_order_relaxed) == 0; }
  void add(Cut cut);
  // The one that has waited longest.
  std::optional<Cut> take();

 private:
  std::mutex mutex_;
  std::deque<Cut> cuts_;
  std::atomic<std::size_t> count_{0};
  std::atomic<SpaceId> last_space_{0};
  std::atomic<std::uint64_t> last_ns_{0};
  std::atomic<std::uint64_t> other_ns_{0};  // when one that is not last_space_ was met
};

}  // namespace pagerd::engine
