#include "engine/bulk_job.hpp"

#include <algorithm>

#include "sys/check.hpp"

namespace pagerd::engine {

BulkJob::~BulkJob() {
  if (places_ != nullptr) places_->fetch_sub(1);
}

BulkJob::Step BulkJob::step(FillDesk &desk, Tally &thread_tally) {
  const Step outcome = step_slice(desk, thread_tally);
  // Once it is parked, another filler may be at work on it.
  if (outcome == Step::again) delays_ = 0;
  if (outcome == Step::later) ++delays_;
  return outcome;
}

std::uint64_t BulkJob::pause_ns() const {
  PAGERD_CHECK(delays_ > 0);
  return 1'000'000ull << std::min(delays_ - 1, 6u);
}

}  // namespace pagerd::engine
