#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/address_space.hpp"
#include "engine/bulk_job.hpp"
#include "engine/fills.hpp"
#include "engine/huge_page.hpp"
#include "engine/pace.hpp"
#include "engine/served_image.hpp"
#include "sys/page.hpp"

namespace pagerd::engine {

// Why pages are installed that nobody is blocked on.
enum class PrefaultFor : std::uint8_t {
  client,       // it asked for the range, and hears of every page of it that could not be had
  working_set,  // what such a run needed before: whatever stands in the way is left to demand
  detaching,    // every page, at a pace, for a client that is to depend on nobody
};

// A region's ranges, installed in the order in which they are given.
class PrefaultJob final : public BulkJob, public std::enable_shared_from_this<PrefaultJob> {
 public:
  PrefaultJob(std::shared_ptr<AddressSpace> space, std::uint32_t region, std::uint32_t request,
              std::vector<Window> ranges, PrefaultFor is_for, Outbox &outbox,
              std::optional<Pace> pace = std::nullopt);
  ~PrefaultJob() override;

  AddressSpace *space() const override { return space_.get(); }
  std::uint64_t pause_ns() const override;
  std::uint32_t region() const { return region_; }
  void fail(const std::string &reason) { failure_ = reason; }
  // The fill that it waited for has failed: it goes on page by page, and past a page that failed by
  // itself.
  void note_failure(const FillJob &job);

 private:
  Step step_slice(FillDesk &desk, Tally &thread_tally) override;
  Step next_slice(FillDesk &desk, Tally &thread_tally);
  Step next_huge_page(Region &region, FillDesk &desk, Tally &thread_tally);
  // `supply` begins with the range, what is left of which is installed.
  Step install(Region &region, Window range, Supply supply, Tally &thread_tally);
  void spend(std::uint64_t pages);
  Step fetch_rest(Region &region, image::Run run, FillDesk &desk);
  Step fetch(Region &region, image::Run run, FillDesk &desk);
  Step fetch_many(Region &region, image::Run run, FillDesk &desk);
  void fetch_ahead(const Region &region, FillDesk &desk);
  bool may_install(const Region &region) const;
  std::uint64_t step_over_present();
  bool has_rest();
  Step stop(const std::string &reason);
  // The client asked for what cannot be installed, or a working set does without that range.
  Step miss(const std::string &reason);
  void skip_page(const std::string &reason);
  std::string what_failed() const;

  const std::shared_ptr<AddressSpace> space_;
  const std::uint32_t region_;
  const std::uint32_t request_;
  const std::vector<Window> ranges_;
  const PrefaultFor is_for_;
  const std::uint64_t begun_ns_;
  Outbox &outbox_;
  std::optional<Pace> pace_;
  // Of the region, once the first slice has met it.
  std::shared_ptr<RegionLife> life_;
  std::uint64_t choices_ = 0;
  Window rest_;  // of the range it is at
  std::size_t ranges_begun_ = 0;
  unsigned misses_in_a_row_ = 0;
  std::uint64_t present_step_bytes_ = sys::page_bytes;
  // Of the memory it is at.
  std::uint64_t page_bytes_ = sys::page_bytes;
  HugePageRoom huge_page_room_;
  std::uint64_t pages_installed_ = 0;
  std::string failure_;  // why it stopped

  // Some page of a fill that ended here, an image page, failed: up to there each is asked for
  // alone.
  std::uint64_t narrow_end_ = 0;
  unsigned attempts_ = 0;  // that failed at those pages
  std::uint64_t pages_failed_ = 0;
  std::uint64_t pages_failed_in_a_row_ = 0;
  std::string first_failure_;
};

}  // namespace pagerd::engine
