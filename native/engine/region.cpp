#include "engine/region.hpp"

#include <algorithm>

#include "engine/limits.hpp"
#include "engine/served_image.hpp"
#include "sys/page.hpp"

namespace pagerd::engine {

using sys::page_bytes;

namespace {

std::uint64_t streak_window_of(Backing backing) {
  const bool is_copied = backing == Backing::anonymous;
  return is_copied ? limits::streak_window_bytes : limits::continue_streak_window_bytes;
}

}  // namespace

Region::Region(const RegionPlan &plan, std::shared_ptr<ServedImage> image)
    : id_(plan.id),
      start_(plan.start),
      end_(plan.start + plan.length_bytes),
      image_offset_bytes_(plan.image_offset_bytes),
      backing_(plan.backing),
      window_bytes_(plan.window_bytes != 0 ? plan.window_bytes : plan.window_bytes_default),
      window_bytes_max_(plan.window_bytes != 0
                            ? plan.window_bytes
                            : std::max(plan.window_bytes_default, streak_window_of(plan.backing))),
      image_(std::move(image)),
      streak_window_(window_bytes_) {
  PAGERD_CHECK(sys::is_page_aligned(start_ | end_ | image_offset_bytes_) && start_ < end_);
  PAGERD_CHECK((window_bytes_ & (window_bytes_ - 1)) == 0 && window_bytes_ >= page_bytes);
  image_->regions.fetch_add(1);
}

Region::~Region() { image_->regions.fetch_sub(1); }

std::uint64_t Region::page_of(std::uint64_t address) const {
  PAGERD_CHECK(contains(address));
  return (address - start_ + image_offset_bytes_) / page_bytes;
}

std::uint64_t Region::address_of(std::uint64_t page) const {
  return page * page_bytes - image_offset_bytes_ + start_;
}

Window Region::choose_window(std::uint64_t address) {
  const bool is_streak = address == next_expected_.load(std::memory_order_relaxed);
  std::uint64_t window = window_bytes_;
  if (is_streak) {
    window = std::min(streak_window_.load(std::memory_order_relaxed) * 2, window_bytes_max_);
  }
  streak_window_.store(window, std::memory_order_relaxed);

  // Aligned in the image, not in memory: then clients that map it anywhere want the same ranges of
  // the source.
  const std::uint64_t offset = address - start_ + image_offset_bytes_;
  const std::uint64_t block = offset & ~(window - 1);
  const std::uint64_t from = is_streak ? offset : std::max(block, image_offset_bytes_);
  const std::uint64_t length = end_ - start_;
  const std::uint64_t to = std::min(block + window, image_offset_bytes_ + length);
  return {from - image_offset_bytes_ + start_, to - image_offset_bytes_ + start_};
}

bool Region::discard(std::uint64_t start, std::uint64_t end) {
  if (backing_ != Backing::anonymous) return true;
  const std::uint64_t from = std::max(start, start_);
  const std::uint64_t to = std::min(end, end_);
  if (from >= to) return true;
  if (!discarded_) discarded_ = DiscardedPages::create((end_ - start_) / page_bytes);
  if (!discarded_) return false;
  discarded_->add((from - start_) / page_bytes, (to - start_) / page_bytes);
  return true;
}

std::optional<Window> Region::discarded_run(std::uint64_t address, Window &window) const {
  if (!discarded_) return std::nullopt;
  const std::uint64_t page = (address - start_) / page_bytes;
  const Window run{
      discarded_->run_begin(page, (window.start - start_) / page_bytes) * page_bytes + start_,
      discarded_->run_end(page, (window.end - start_) / page_bytes) * page_bytes + start_};
  if (discarded_->has(page)) return run;
  window = run;
  return std::nullopt;
}

bool Region::close(std::uint32_t request) {
  close_request_ = request;
  return pins_.fetch_or(closing, std::memory_order_acq_rel) == 0;
}

std::span<const std::shared_ptr<Region>> RegionTable::within(std::uint64_t start,
                                                             std::uint64_t end) const {
  const auto first = std::upper_bound(
      regions_.begin(), regions_.end(), start,
      [](std::uint64_t address, const auto &region) { return address < region->end(); });
  const auto behind = std::lower_bound(
      first, regions_.end(), end,
      [](const auto &region, std::uint64_t address) { return region->start() < address; });
  return {first, behind};
}

Region *RegionTable::overlapping(std::uint64_t start, std::uint64_t end) const {
  const auto found = within(start, end);
  return found.empty() ? nullptr : found.front().get();
}

std::shared_ptr<Region> RegionTable::at(std::uint64_t address) const {
  const auto behind = std::upper_bound(
      regions_.begin(), regions_.end(), address,
      [](std::uint64_t at, const auto &region) { return at < region->end(); });
  if (behind == regions_.end() || !(*behind)->contains(address)) return nullptr;
  return *behind;
}

std::shared_ptr<Region> RegionTable::with_id(std::uint32_t id) const {
  const auto found = std::find_if(regions_.begin(), regions_.end(),
                                  [id](const auto &region) { return region->id() == id; });
  return found == regions_.end() ? nullptr : *found;
}

void RegionTable::insert(std::shared_ptr<Region> region) {
  PAGERD_CHECK(overlapping(region->start(), region->end()) == nullptr);
  const auto behind = std::upper_bound(
      regions_.begin(), regions_.end(), region->start(),
      [](std::uint64_t start, const auto &other) { return start < other->start(); });
  regions_.insert(behind, std::move(region));
}

std::shared_ptr<Region> RegionTable::take(std::uint32_t id) {
  const auto found = std::find_if(regions_.begin(), regions_.end(),
                                  [id](const auto &region) { return region->id() == id; });
  if (found == regions_.end()) return nullptr;
  std::shared_ptr<Region> taken = std::move(*found);
  regions_.erase(found);
  return taken;
}

std::vector<std::shared_ptr<Region>> RegionTable::take_all() { return std::exchange(regions_, {}); }

}  // namespace pagerd::engine
