#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "engine/address_space.hpp"
#include "engine/fills.hpp"
#include "engine/served_image.hpp"

namespace pagerd::engine {

// One client's wish to have a range installed now. Goes from filler to filler, a slice at a time;
// whoever drops the last reference has ended it, and the answer is posted then, whatever the
// reason.
class PrefaultJob {
 public:
  PrefaultJob(std::shared_ptr<AddressSpace> space, std::uint32_t region, std::uint32_t request,
              Window range, Outbox &outbox);
  ~PrefaultJob();
  PrefaultJob(const PrefaultJob &) = delete;
  PrefaultJob &operator=(const PrefaultJob &) = delete;

  enum class Step {
    again,   // this slice is done, there are more
    later,   // again, but not at once
    parked,  // waits for bytes
    done,    // or failed
  };
  // Installs the next slice. Called by one filler at a time.
  Step step(const std::shared_ptr<PrefaultJob> &self, FillDesk &desk, Tally &thread_tally);
  std::uint32_t region() const { return region_; }
  // How long to wait after a step that came to `later`: longer with each such step.
  std::uint64_t pause_ns() const;
  void fail(const std::string &reason) { failure_ = reason; }
  // The place among prefaults_max that it gives back at its end. The counter outlives it.
  void occupy(std::atomic<std::size_t> &places) { places_ = &places; }

 private:
  Step step_slice(const std::shared_ptr<PrefaultJob> &self, FillDesk &desk, Tally &thread_tally);
  Step install(Region &region, image::Run run, Tally &thread_tally);
  Step fetch(const std::shared_ptr<PrefaultJob> &self, Region &region, image::Run run,
             FillDesk &desk);
  Step stop(const std::string &reason);

  const std::shared_ptr<AddressSpace> space_;
  const std::uint32_t region_;
  const std::uint32_t request_;
  Window rest_;
  Outbox &outbox_;
  std::atomic<std::size_t> *places_ = nullptr;
  std::uint64_t pages_installed_ = 0;
  unsigned delays_ = 0;  // steps in a row that came to `later`
  std::string failure_;
};

}  // namespace pagerd::engine
