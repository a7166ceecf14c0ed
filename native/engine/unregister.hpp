#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/address_space.hpp"
#include "engine/bulk_job.hpp"

namespace pagerd::engine {

// Makes a client depend on nobody: its regions are unregistered, whoever waits in them goes on, and
// no event of it is unread any more. Then its space can be detached at any time.
class UnregisterJob final : public BulkJob {
 public:
  UnregisterJob(std::shared_ptr<AddressSpace> space, std::uint32_t request, Outbox &outbox);
  ~UnregisterJob() override;

  AddressSpace *space() const override { return space_.get(); }
  void fail(const std::string &reason) { failure_ = reason; }

 private:
  Step step_slice(FillDesk &desk, Tally &thread_tally) override;
  // An empty reason: it is done.
  Step stop(const std::string &reason);

  const std::shared_ptr<AddressSpace> space_;
  const std::uint32_t request_;
  Outbox &outbox_;
  bool is_unregistered_ = false;
  std::string failure_ = "the manager is ending";  // unless it comes to its end
};

}  // namespace pagerd::engine
