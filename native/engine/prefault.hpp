#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/address_space.hpp"
#include "engine/bulk_job.hpp"
#include "engine/fills.hpp"
#include "engine/served_image.hpp"

namespace pagerd::engine {

// One client's wish to have a range installed now.
class PrefaultJob final : public BulkJob, public std::enable_shared_from_this<PrefaultJob> {
 public:
  PrefaultJob(std::shared_ptr<AddressSpace> space, std::uint32_t region, std::uint32_t request,
              Window range, Outbox &outbox);
  ~PrefaultJob() override;

  std::uint32_t region() const { return region_; }
  void fail(const std::string &reason) { failure_ = reason; }

 private:
  Step step_slice(FillDesk &desk, Tally &thread_tally) override;
  Step next_slice(FillDesk &desk, Tally &thread_tally);
  Step install(Region &region, image::Run run, Tally &thread_tally);
  Step fetch(Region &region, image::Run run, FillDesk &desk);
  Step stop(const std::string &reason);

  const std::shared_ptr<AddressSpace> space_;
  const std::uint32_t region_;
  const std::uint32_t request_;
  Window rest_;
  Outbox &outbox_;
  std::uint64_t pages_installed_ = 0;
  std::string failure_;
};

}  // namespace pagerd::engine
