#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/bulk_job.hpp"
#include "engine/events.hpp"
#include "engine/served_image.hpp"

namespace pagerd::engine {

// The wish to have all of an image in memory. It waits in no image's list: it looks again after a
// pause, and so holds the image without being held by it.
class LoadJob final : public BulkJob {
 public:
  LoadJob(std::shared_ptr<ServedImage> image, std::uint32_t request, Outbox &outbox);
  ~LoadJob() override;
  void fail(const std::string &reason) { failure_ = reason; }

 private:
  Step step_slice(FillDesk &desk, Tally &thread_tally) override;
  Step stop(const std::string &reason);

  const std::shared_ptr<ServedImage> image_;
  const std::uint32_t request_;
  Outbox &outbox_;
  std::uint64_t next_page_ = 0;  // all before it are there
  std::uint64_t failures_before_;  // when it last asked
  std::string failure_;
};

}  // namespace pagerd::engine
