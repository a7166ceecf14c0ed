#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace pagerd::engine {

class ServedImage;

enum class Urgency : std::uint8_t {
  bulk,    // nobody is blocked on it
  demand,  // a thread is
};

// One range of an image being fetched, from the question until everybody who waits for it has been
// served. There is at most one for a page at a time, so N clients that touch one cold page cause
// one read.
struct FillJob {
  std::shared_ptr<ServedImage> image;
  std::uint64_t first = 0;  // pages [first, end)
  std::uint64_t end = 0;
  std::uint64_t asked_ns = 0;
  std::atomic<Urgency> urgency{Urgency::bulk};
  // What it was when it was asked for. Whoever fetches bulk may not have heard that it was raised,
  // and so have tried less hard than for demand.
  Urgency asked_as = Urgency::bulk;
  // The control plane's own number for it, 0 until it was told. Its thread only.
  std::uint32_t number = 0;
  // A job raised to demand stands in both queues; whoever takes it first does it.
  std::atomic<bool> is_taken{false};
  // That failed, those of longer fills that these pages were part of included.
  unsigned attempts = 0;
  std::uint64_t not_before_ns = 0;
  std::string failure;  // why its pages cannot be had; empty when they could
};

// Where fills are handed in. The filler pool is one.
class FillDesk {
 public:
  // False when fills_max are under way.
  virtual bool submit(std::shared_ptr<FillJob> job) = 0;
  // Somebody blocks on a fill that was bulk.
  virtual void raise(const std::shared_ptr<FillJob> &job) = 0;

 protected:
  ~FillDesk() = default;
};

}  // namespace pagerd::engine
