#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "engine/fills.hpp"
#include "engine/tally.hpp"

namespace pagerd::engine {

class AddressSpace;

// Work on many pages that nobody is blocked on. Goes from filler to filler, a slice at a time;
// whoever drops the last reference has ended it, and it posts its answer then, whatever the reason.
class BulkJob {
 public:
  BulkJob() = default;
  virtual ~BulkJob();
  BulkJob(const BulkJob &) = delete;
  BulkJob &operator=(const BulkJob &) = delete;

  enum class Step {
    again,   // this slice is done, there are more
    later,   // again, but not at once
    aside,   // the same, once those have had their turn whom it is in the way of
    parked,  // waits for bytes
    done,    // or failed
  };
  // Does the next slice. Called by one filler at a time.
  Step step(FillDesk &desk, Tally &thread_tally);
  // At whose mercy a step is; null: at no client's.
  virtual AddressSpace *space() const { return nullptr; }
  // How long to wait after a step that came to `later`: longer with each such step.
  virtual std::uint64_t pause_ns() const;
  // The place among prefaults_max that it gives back at its end. The counter outlives it.
  void occupy(std::atomic<std::size_t> &places) { places_ = &places; }

 private:
  virtual Step step_slice(FillDesk &desk, Tally &thread_tally) = 0;

  std::atomic<std::size_t> *places_ = nullptr;
  unsigned delays_ = 0;  // steps in a row that came to `later`
};

}  // namespace pagerd::engine
